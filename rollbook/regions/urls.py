from django.urls import path

from rollbook.regions import views

app_name = "regions"

urlpatterns = [
    path("calendar/", views.calendar, name="calendar"),
    path("calendar/add/", views.add_day, name="add_day"),
]
