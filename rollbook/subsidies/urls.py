from django.urls import path

from rollbook.subsidies.views import claims

app_name = "subsidies"

urlpatterns = [
    path("", claims.claim_list, name="claim_list"),
    path("<int:claim_id>/", claims.claim_detail, name="claim_detail"),
    path("<int:claim_id>/review/", claims.review_claim, name="review"),
    path("<int:claim_id>/refile/", claims.refile, name="refile"),
    path("<int:claim_id>/account/", claims.correct_account, name="correct"),
    path("queue/", claims.claim_queue, name="review_queue"),
    path("queue/preview/", claims.review_preview, name="review_preview"),
    path("queue/pass/", claims.review_many, name="review_many"),
    path("classes/", claims.class_list, name="class_list"),
    path("classes/<int:class_id>/", claims.class_claims, name="class_claims"),
    path("classes/<int:class_id>/file/", claims.file_class_claims, name="file_class"),
    path("enrolments/<int:enrolment_id>/file/", claims.file_claim, name="file_claim"),
    path("publicity/", claims.publicity_list, name="publicity_list"),
    path("publicity/publish/", claims.publish_claims, name="publish"),
    path("objections/", claims.objection_list, name="objection_list"),
    path("objections/<int:objection_id>/settle/", claims.settle_objection, name="settle"),
    path("payments/new/", claims.payment_new, name="to_pay"),
    path("payments/make/", claims.make_batch, name="make_batch"),
    path("payments/<int:batch_id>/cancel/", claims.cancel_batch, name="cancel_batch"),
]
