from django.urls import path

from rollbook.classes.views import application, attendance, devices, draft, evidence, make_ups

app_name = "classes"

urlpatterns = [
    path("", application.class_list, name="class_list"),
    path("queue/", application.review_queue, name="review_queue"),
    path("draft/", draft.start_draft, name="start_draft"),
    path("templates/<slug:what>/", draft.template, name="template"),
    path("<int:class_id>/", application.class_detail, name="class_detail"),
    path("<int:class_id>/save/", draft.save_draft, name="save_draft"),
    path("<int:class_id>/lessons/", draft.generate_lessons, name="generate_lessons"),
    path("<int:class_id>/import/<slug:what>/", draft.import_file, name="import_file"),
    path("<int:class_id>/trainees/", draft.add_trainee, name="add_trainee"),
    path("<int:class_id>/commit/", draft.commit, name="commit"),
    path("<int:class_id>/move/<slug:what>/", draft.move, name="move"),
    path("<int:class_id>/review/", application.review, name="review"),
    path("<int:class_id>/attendance/", attendance.grid, name="grid"),
    path("<int:class_id>/evidence/", evidence.of_class, name="evidence"),
    path("<int:class_id>/evidence/add/", evidence.add, name="add_evidence"),
    path("enrolments/<int:enrolment_id>/drop/", draft.drop_trainee, name="drop_trainee"),
    path("lessons/<int:lesson_id>/change/", application.change, name="change"),
    path("make-ups/", make_ups.make_up_list, name="make_up_list"),
    path("make-ups/<int:make_up_id>/cancel/", make_ups.cancel_make_up, name="cancel_make_up"),
    path("lessons/<int:lesson_id>/make-up/", make_ups.plan_make_up, name="plan_make_up"),
    path("today/", attendance.today, name="today"),
    path("lessons/<int:lesson_id>/", attendance.lesson, name="lesson"),
    path("lessons/<int:lesson_id>/code.svg", attendance.code_image, name="code_image"),
    path("lessons/<int:lesson_id>/roll/", attendance.roll, name="roll"),
    path("lessons/<int:lesson_id>/teach/", attendance.teach, name="teach"),
    path("lessons/<int:lesson_id>/teacher/", attendance.correct_teacher, name="correct_teacher"),
    path("rolls/<int:roll_id>/", attendance.decide_roll, name="decide_roll"),
    path("lessons/<int:lesson_id>/correct/", attendance.correct, name="correct"),
    path("devices/", devices.device_list, name="device_list"),
    path("devices/<int:device_id>/", devices.device_detail, name="device_detail"),
    path("devices/<int:device_id>/activate/", devices.activate_device, name="activate_device"),
    path("devices/<int:device_id>/revoke/", devices.revoke_device, name="revoke_device"),
    path("asks/", attendance.asks, name="asks"),
    path("asks/leave/<int:leave_id>/proof/", attendance.proof, name="leave_proof"),
    path("asks/<slug:what>/<int:ask_id>/", attendance.decide, name="decide"),
]
