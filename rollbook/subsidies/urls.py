from django.urls import path

from rollbook.subsidies import views

app_name = "subsidies"

urlpatterns = [
    path("", views.claim_list, name="claim_list"),
    path("<int:claim_id>/", views.claim_detail, name="claim_detail"),
    path("<int:claim_id>/review/", views.review_claim, name="review"),
    path("<int:claim_id>/refile/", views.refile, name="refile"),
    path("<int:claim_id>/account/", views.correct_account, name="correct"),
    path("queue/", views.claim_queue, name="review_queue"),
    path("queue/preview/", views.review_preview, name="review_preview"),
    path("queue/pass/", views.review_many, name="review_many"),
    path("classes/", views.class_list, name="class_list"),
    path("classes/<int:class_id>/", views.class_claims, name="class_claims"),
    path("classes/<int:class_id>/file/", views.file_class_claims, name="file_class"),
    path("enrolments/<int:enrolment_id>/file/", views.file_claim, name="file_claim"),
    path("publicity/", views.publicity_list, name="publicity_list"),
    path("publicity/publish/", views.publish_claims, name="publish"),
    path("objections/", views.objection_list, name="objection_list"),
    path("objections/<int:objection_id>/settle/", views.settle_objection, name="settle"),
    path("payments/new/", views.payment_new, name="to_pay"),
    path("payments/make/", views.make_batch, name="make_batch"),
    path("payments/<int:batch_id>/cancel/", views.cancel_batch, name="cancel_batch"),
]
