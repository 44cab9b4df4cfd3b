from django.urls import path

from rollbook.directory import views

app_name = "directory"

urlpatterns = [
    path("calendar/", views.calendar, name="calendar"),
    path("calendar/add/", views.add_day, name="add_day"),
    path("", views.list_list, name="list_list"),
    path("draft/", views.draft_list, name="draft_list"),
    path("<int:list_id>/", views.list_detail, name="list_detail"),
    path("<int:list_id>/difference/", views.list_difference, name="list_difference"),
    path("<int:list_id>/items/new/", views.item_edit, name="item_new"),
    path("<int:list_id>/items/<int:item_id>/", views.item_edit, name="item_edit"),
    path("<int:list_id>/items/set/", views.set_item, name="set_item"),
    path("<int:list_id>/items/<int:item_id>/remove/", views.remove_item, name="remove_item"),
    path("template/", views.items_template, name="items_template"),
    path("<int:list_id>/import/", views.import_items, name="import_items"),
    path("<int:list_id>/submit/", views.submit_list, name="submit_list"),
    path("<int:list_id>/agree/", views.agree_list, name="agree_list"),
    path("<int:list_id>/return/", views.return_list, name="return_list"),
    path("<int:list_id>/publish/", views.publish_list, name="publish_list"),
    path("terms/", views.term_list, name="term_list"),
    path("terms/set/", views.set_term, name="set_term"),
]
