from django.urls import path

from rollbook.assessment import views

app_name = "assessment"

urlpatterns = [
    path("", views.assessment_list, name="assessment_list"),
    path("template/", views.template, name="template"),
    path("classes/<int:class_id>/", views.detail, name="detail"),
    path("classes/<int:class_id>/plan/", views.plan, name="plan"),
    path("classes/<int:class_id>/enter/", views.enter, name="enter"),
    path("classes/<int:class_id>/import/", views.import_scores, name="import_scores"),
    path("classes/<int:class_id>/lock/", views.lock, name="lock"),
    path("classes/<int:class_id>/sittings/", views.file_sitting, name="file_sitting"),
    path("sittings/<int:sitting_id>/", views.sitting, name="sitting"),
    path("sittings/<int:sitting_id>/withdraw/", views.withdraw_sitting, name="withdraw_sitting"),
    path("sittings/<int:sitting_id>/door/", views.door, name="door"),
    path("duties/", views.duties, name="duties"),
    path("sittings/<int:sitting_id>/answers/", views.import_answers, name="import_answers"),
    path("sittings/<int:sitting_id>/record/", views.add_record, name="add_record"),
    path("answers/", views.answers_template, name="answers_template"),
    path("enrolments/<int:enrolment_id>/change/", views.ask_change, name="ask_change"),
    path("changes/<int:change_id>/decide/", views.decide_change, name="decide_change"),
]
