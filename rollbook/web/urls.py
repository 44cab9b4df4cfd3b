from django.urls import path

from rollbook.web import views

app_name = "web"

urlpatterns = [path("", views.gallery, name="gallery")]
