from django.urls import path

from rollbook.fees import views

app_name = "fees"

urlpatterns = [
    path("", views.sign_up_list, name="sign_up_list"),
    path("mine/", views.mine, name="mine"),
    path("classes/<int:class_id>/", views.of_class, name="of_class"),
    path("classes/<int:class_id>/sign-up/", views.sign_up, name="sign_up"),
    path("sign-ups/<int:sign_up_id>/", views.statement, name="statement"),
    path("sign-ups/<int:sign_up_id>/decide/", views.decide, name="decide"),
    path("sign-ups/<int:sign_up_id>/withdraw/", views.withdraw, name="withdraw"),
    path("sign-ups/<int:sign_up_id>/enter/", views.enter, name="enter"),
    path("receipts/<int:entry_id>/answer/", views.answer, name="answer"),
    path("receipts/<int:entry_id>/receipt.pdf", views.receipt, name="receipt"),
]
