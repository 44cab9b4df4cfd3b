from django.urls import path

from rollbook.evidence import views

app_name = "evidence"

urlpatterns = [
    path("", views.item_list, name="item_list"),
    path("pairs/", views.pair_list, name="pair_list"),
    path("holds/", views.hold_list, name="hold_list"),
    path("holds/<int:hold_id>/lift/", views.lift, name="lift"),
    path("<int:evidence_id>/", views.item_detail, name="item_detail"),
    path("<int:evidence_id>/open/", views.open_item, name="open_item"),
    path("<int:evidence_id>/hold/", views.hold, name="hold"),
    path("<int:evidence_id>/thumb/", views.thumb, name="thumb"),
    path("<int:evidence_id>/file/<str:key>/", views.file, name="file"),
]
