from django.urls import path

from rollbook.web import views

app_name = "web"

urlpatterns = [
    path("look/", views.gallery, name="gallery"),
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/<int:job_id>/file/", views.job_file, name="job_file"),
    path("views/", views.save_view, name="save_view"),
    path("views/<int:view_id>/forget/", views.forget_view, name="forget_view"),
]
