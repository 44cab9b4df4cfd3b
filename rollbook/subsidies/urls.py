from django.urls import path

from rollbook.subsidies.views import claims, holds, policies, recomputation, simulation

app_name = "subsidies"

urlpatterns = [
    path("", claims.claim_list, name="claim_list"),
    path("<int:claim_id>/", claims.claim_detail, name="claim_detail"),
    path("<int:claim_id>/review/", claims.review_claim, name="review"),
    path("<int:claim_id>/refile/", claims.refile, name="refile"),
    path("<int:claim_id>/account/", claims.correct_account, name="correct"),
    path("<int:claim_id>/replay/", claims.replay, name="replay"),
    path("holds/<int:hold_id>/lift/", holds.lift, name="lift_hold"),
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
    path("accuracy/", recomputation.accuracy, name="accuracy"),
    path("accuracy/recompute/", recomputation.recompute, name="recompute"),
    path("discrepancies/", recomputation.discrepancy_list, name="discrepancy_list"),
    path("discrepancies/<int:discrepancy_id>/", recomputation.discrepancy_detail, name="discrepancy_detail"),
    path("discrepancies/<int:discrepancy_id>/settle/", recomputation.settle_discrepancy, name="discrepancy_settle"),
    path("simulations/", simulation.simulation_list, name="simulation_list"),
    path("simulations/new/", simulation.simulation_new, name="simulation_new"),
    path("simulations/compare/", simulation.simulation_compare, name="simulation_compare"),
    path("simulations/<int:simulation_id>/", simulation.simulation_detail, name="simulation_detail"),
    path("payments/new/", claims.payment_new, name="to_pay"),
    path("payments/make/", claims.make_batch, name="make_batch"),
    path("payments/<int:batch_id>/cancel/", claims.cancel_batch, name="cancel_batch"),
    path("policies/", policies.policy_list, name="policy_list"),
    path("policies/draft/", policies.draft_policy, name="draft_policy"),
    path("policies/<int:policy_id>/", policies.policy_detail, name="policy_detail"),
    path("policies/<int:policy_id>/difference/", policies.policy_difference, name="policy_difference"),
    path("policies/<int:policy_id>/file/", policies.policy_file, name="policy_file"),
    path("policies/<int:policy_id>/submit/", policies.submit_policy, name="submit_policy"),
    path("policies/<int:policy_id>/agree/", policies.agree_policy, name="agree_policy"),
    path("policies/<int:policy_id>/return/", policies.return_policy, name="return_policy"),
    path("policies/<int:policy_id>/publish/", policies.publish_policy, name="publish_policy"),
    path("policies/<int:policy_id>/parts/head/set/", policies.set_head, name="set_policy_head"),
    path("policies/<int:policy_id>/parts/<slug:part>/", policies.policy_part, name="policy_part"),
    path("policies/<int:policy_id>/parts/<slug:part>/<int:place>/", policies.policy_row, name="policy_row"),
    path("policies/<int:policy_id>/parts/<slug:part>/<int:place>/set/", policies.set_row, name="set_policy_row"),
    path(
        "policies/<int:policy_id>/parts/<slug:part>/<int:place>/remove/", policies.remove_row, name="remove_policy_row"
    ),
]
