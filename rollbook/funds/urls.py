from django.urls import path

from rollbook.funds import views

app_name = "funds"

urlpatterns = [
    path("", views.balances, name="balances"),
    path("budget/", views.set_budget, name="set_budget"),
    path("batches/", views.batch_list, name="batch_list"),
    path("batches/<int:batch_id>/", views.batch_detail, name="batch_detail"),
    path("batches/<int:batch_id>/<slug:what>/", views.move, name="move"),
]
