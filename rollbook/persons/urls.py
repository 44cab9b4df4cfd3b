from django.urls import path

from rollbook.persons import views

app_name = "persons"

urlpatterns = [
    path("", views.person_list, name="person_list"),
    path("candidates/", views.candidate_list, name="candidate_list"),
    path("candidates/<int:candidate_id>/dismiss/", views.dismiss, name="dismiss"),
    path("<int:person_id>/", views.person_detail, name="person_detail"),
    path("<int:person_id>/show/", views.reveal, name="reveal"),
    path("organisations/", views.organisation_list, name="organisation_list"),
    path("organisations/<int:organisation_id>/", views.organisation_detail, name="organisation_detail"),
    path("organisations/<int:organisation_id>/account/", views.mend_account, name="mend_account"),
    path("accounts/", views.account_list, name="account_list"),
    path("accounts/<int:account_id>/", views.account_detail, name="account_detail"),
    path("accounts/<int:account_id>/role/", views.change_role, name="change_role"),
    path("accounts/new/", views.account_new, name="account_new"),
    path("<int:person_id>/account/", views.set_account, name="set_account"),
    path("<int:person_id>/compare/", views.compare, name="compare"),
    path("<int:person_id>/merge/", views.merge, name="merge"),
    path("<int:person_id>/unmerge/", views.unmerge, name="unmerge"),
]
