from django.urls import path

from rollbook.subsidies import views

app_name = "subsidies"

urlpatterns = [
    path("", views.claim_list, name="claim_list"),
    path("<int:claim_id>/", views.claim_detail, name="claim_detail"),
    path("<int:claim_id>/review/", views.review_claim, name="review_claim"),
    path("<int:claim_id>/refile/", views.refile, name="refile"),
    path("<int:claim_id>/account/", views.correct_account, name="correct_account"),
    path("queue/", views.claim_queue, name="claim_queue"),
    path("queue/preview/", views.review_preview, name="review_preview"),
    path("queue/pass/", views.review_many, name="review_many"),
    path("classes/", views.class_list, name="class_list"),
    path("classes/<int:class_id>/", views.class_claims, name="class_claims"),
    path("classes/<int:class_id>/file/", views.file_class_claims, name="file_class_claims"),
    path("enrolments/<int:enrolment_id>/file/", views.file_claim, name="file_claim"),
    path("publicity/", views.publicity_list, name="publicity_list"),
    path("publicity/publish/", views.publish_claims, name="publish_claims"),
    path("objections/", views.objection_list, name="objection_list"),
    path("objections/<int:objection_id>/settle/", views.settle_objection, name="settle_objection"),
    path("payments/new/", views.payment_new, name="payment_new"),
    path("payments/make/", views.make_batch, name="make_batch"),
    path("payments/<int:batch_id>/cancel/", views.cancel_batch, name="cancel_batch"),
]
