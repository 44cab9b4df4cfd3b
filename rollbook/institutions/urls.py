from django.urls import path

from rollbook.institutions import views

app_name = "institutions"

urlpatterns = [
    path("", views.institution_list, name="institution_list"),
    path("<int:institution_id>/", views.institution_detail, name="institution_detail"),
    path("<int:institution_id>/add/<slug:what>/", views.add, name="add"),
    path("templates/<slug:what>/", views.template, name="template"),
    path("<int:institution_id>/import/<slug:what>/", views.import_file, name="import_file"),
    path("<int:institution_id>/apply/", views.apply, name="apply"),
    path("<int:institution_id>/decide/", views.decide, name="decide"),
    path("<int:institution_id>/visit/", views.visit, name="visit"),
    path("<int:institution_id>/restrict/", views.restrict, name="restrict"),
    path("visits/<int:visit_id>/confirm/", views.confirm_visit, name="confirm_visit"),
    path("restrictions/<int:restriction_id>/lift/", views.lift, name="lift"),
    path("papers/<int:paper_id>/", views.paper_file, name="paper_file"),
]
