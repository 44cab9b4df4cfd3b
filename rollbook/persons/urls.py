from django.urls import URLPattern

app_name = "persons"

urlpatterns: list[URLPattern] = []
