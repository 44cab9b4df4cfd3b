from django.urls import path

from rollbook.supervision.views import cases, dossiers, draws, inspections, measures

app_name = "supervision"

urlpatterns = [
    path("", inspections.task_list, name="task_list"),
    path("plan/", inspections.plan, name="plan"),
    path("plan/<int:class_id>/", inspections.plan_task, name="plan_task"),
    path("tasks/<int:task_id>/", inspections.task, name="task"),
    path("tasks/<int:task_id>/cancel/", inspections.cancel, name="cancel"),
    path("tasks/<int:task_id>/inspect/", inspections.inspect, name="inspect"),
    path("tasks/<int:task_id>/inspect/worker.js", inspections.inspect_worker, name="inspect_worker"),
    path("tasks/<int:task_id>/call/", inspections.call, name="call"),
    path("tasks/<int:task_id>/plan/", inspections.plan_wanted, name="plan_wanted"),
    path("alerts/<int:alert_id>/", inspections.followed, name="followed"),
    path("findings/", inspections.inspection_list, name="inspection_list"),
    path("findings/<int:inspection_id>/", inspections.inspection, name="inspection"),
    path("findings/<int:inspection_id>/sign/", inspections.sign, name="sign"),
    path("findings/<int:inspection_id>/answer/", inspections.answer, name="answer"),
    path("findings/<int:inspection_id>/photo/", inspections.photo, name="photo"),
    path("cases/", cases.case_list, name="case_list"),
    path("cases/<int:case_id>/", cases.case, name="case"),
    path("cases/<int:case_id>/letter.pdf", cases.letter, name="letter"),
    path("cases/<int:case_id>/hand-over/", cases.hand_over, name="hand_over"),
    path("cases/<int:case_id>/answered/", cases.answered, name="case_answered"),
    path("cases/<int:case_id>/conclude/", cases.conclude, name="conclude"),
    path("draws/", draws.draw_list, name="draw_list"),
    path("draws/new/", draws.draw_new, name="draw_new"),
    path("draws/<int:draw_id>/", draws.draw, name="draw"),
    path("draws/<int:draw_id>/draw/", draws.draw_made, name="draw_made"),
    path("checks/<int:check_id>/record/", draws.record_check, name="record_check"),
    path("checks/<int:check_id>/sign/", draws.sign_check, name="sign_check"),
    path("dossiers/<int:class_id>/", dossiers.dossier, name="dossier"),
    path("dossiers/<int:class_id>/archive.zip", dossiers.dossier_archive, name="dossier_archive"),
    path("measures/", measures.measure_list, name="measure_list"),
    path("measures/take/", measures.take_measure, name="take_measure"),
    path("measures/<int:measure_id>/mended/", measures.mended, name="mended"),
]
