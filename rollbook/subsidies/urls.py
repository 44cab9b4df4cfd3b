from django.urls import path

from rollbook.subsidies import views

app_name = "subsidies"

urlpatterns = [
    path("", views.claim_list, name="claim_list"),
    path("queue/", views.review_queue, name="review_queue"),
    path("queue/pass/", views.review_many, name="review_many"),
    path("publish/", views.publish, name="publish"),
    path("to-pay/", views.to_pay, name="to_pay"),
    path("to-pay/batch/", views.make_batch, name="make_batch"),
    path("<int:claim_id>/", views.claim_detail, name="claim_detail"),
    path("<int:claim_id>/review/", views.review, name="review"),
    path("<int:claim_id>/refile/", views.refile, name="refile"),
    path("<int:claim_id>/account/", views.correct, name="correct"),
    path("classes/<int:class_id>/", views.class_claims, name="class_claims"),
    path("classes/<int:class_id>/file/", views.file_class, name="file_class"),
    path("objections/<int:objection_id>/", views.settle, name="settle"),
]
