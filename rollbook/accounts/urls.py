from django.urls import path

from rollbook.accounts import views

app_name = "accounts"

urlpatterns = [
    path("<int:account_id>/unlock/", views.unlock, name="unlock"),
    path("<int:account_id>/password/", views.new_password, name="new_password"),
    path("<int:account_id>/active/", views.set_active, name="set_active"),
    path("<int:account_id>/second-factor/", views.reset, name="reset"),
    path("keys/", views.token_list, name="token_list"),
    path("keys/<int:token_id>/revoke/", views.revoke, name="revoke"),
]
