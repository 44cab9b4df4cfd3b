from django.urls import path

from rollbook.faces import views

app_name = "faces"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("filings/", views.file, name="file"),
    path("pairs/", views.pair_list, name="pair_list"),
    path("pairs/<int:likeness_id>/decide/", views.decide, name="decide"),
    path("deletions/", views.deletion_list, name="deletion_list"),
    path("counter/", views.counter, name="counter"),
]
