from django.urls import path

from rollbook.learning import views

app_name = "learning"

urlpatterns = [path("classes/<int:class_id>/", views.of_class, name="of_class")]
