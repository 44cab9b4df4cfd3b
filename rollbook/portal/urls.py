from django.urls import path

from rollbook.portal.views import me, policies, public

app_name = "portal"

urlpatterns = [
    path("open/directory/", public.demand, name="demand"),
    path("open/institutions/", public.institution_directory, name="institutions"),
    path("open/institutions/apply/", public.apply, name="apply"),
    path("open/publicity/", public.publicity_list, name="publicity_list"),
    path("open/publicity/<int:publicity_id>/", public.publicity, name="publicity"),
    path("open/objections/<int:claim_id>/", public.objection, name="objection"),
    path("open/disclosure/", public.disclosure, name="disclosure"),
    path("open/policies/", policies.policy_list, name="policies"),
    path("open/policies/<int:version_id>/", policies.policy, name="policy"),
    path("verify/", public.verify, name="verify"),
    path("verify/<str:token>/", public.verify_token, name="verify_token"),
    path("me/", me.me, name="me"),
    path("me/lessons/<int:lesson_id>/", me.check_in, name="check_in"),
    path("me/lessons/<int:lesson_id>/check-in/", me.do_check_in, name="do_check_in"),
    path("me/lessons/<int:lesson_id>/leave/", me.leave, name="leave"),
    path("me/commitments/<int:enrolment_id>/", me.sign, name="sign"),
    path("me/claims/<int:enrolment_id>/", me.claim, name="claim"),
]
