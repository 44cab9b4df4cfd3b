from django.urls import path

from rollbook.portal.views import attendance, draws, face, me, policies, public

app_name = "portal"

urlpatterns = [
    path("open/directory/", public.demand, name="demand"),
    path("open/institutions/", public.institution_directory, name="institutions"),
    path("open/institutions/apply/", public.apply, name="apply"),
    path("open/classes/", public.open_classes, name="open_classes"),
    path("open/publicity/", public.publicity_list, name="publicity_list"),
    path("open/publicity/<int:publicity_id>/", public.publicity, name="publicity"),
    path("open/objections/<int:claim_id>/", public.objection, name="objection"),
    path("open/disclosure/", public.disclosure, name="disclosure"),
    path("open/policies/", policies.policy_list, name="policies"),
    path("open/policies/<int:version_id>/", policies.policy, name="policy"),
    path("open/draws/", draws.draw_list, name="draws"),
    path("open/draws/<int:draw_id>/", draws.draw, name="draw"),
    path("verify/", public.verify, name="verify"),
    path("verify/receipts/<str:receipt_token>/", public.verify_receipt, name="verify_receipt"),
    path("verify/<str:token>/", public.verify_token, name="verify_token"),
    path("me/", me.me, name="me"),
    path("me/lessons/<int:lesson_id>/", me.check_in, name="check_in"),
    path("me/lessons/<int:lesson_id>/check-in/", me.do_check_in, name="do_check_in"),
    path("me/lessons/<int:lesson_id>/leave/", me.leave, name="leave"),
    path("me/lessons/<int:lesson_id>/deny/", attendance.deny, name="deny"),
    path("me/attendance/<int:enrolment_id>/", attendance.lived, name="lived"),
    path("me/feedback/<int:enrolment_id>/", attendance.feedback, name="feedback"),
    path("me/face/", face.face, name="face"),
    path("me/face/agree/", face.agree, name="agree_face"),
    path("me/face/withdraw/", face.withdraw, name="withdraw_face"),
    path("me/app/", attendance.app, name="app"),
    path("me/app/data/", attendance.app_data, name="app_data"),
    path("me/app/manifest.json", attendance.manifest, name="app_manifest"),
    path("me/app/worker.js", attendance.worker, name="app_worker"),
    path("me/commitments/<int:enrolment_id>/", me.sign, name="sign"),
    path("me/claims/<int:enrolment_id>/", me.claim, name="claim"),
]
