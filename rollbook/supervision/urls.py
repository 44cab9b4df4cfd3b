from django.urls import path

from rollbook.supervision import views

app_name = "supervision"

urlpatterns = [
    path("", views.task_list, name="task_list"),
    path("plan/", views.plan, name="plan"),
    path("plan/<int:class_id>/", views.plan_task, name="plan_task"),
    path("tasks/<int:task_id>/", views.task, name="task"),
    path("tasks/<int:task_id>/cancel/", views.cancel, name="cancel"),
    path("tasks/<int:task_id>/inspect/", views.inspect, name="inspect"),
    path("tasks/<int:task_id>/call/", views.call, name="call"),
    path("findings/", views.inspection_list, name="inspection_list"),
    path("findings/<int:inspection_id>/", views.inspection, name="inspection"),
    path("findings/<int:inspection_id>/sign/", views.sign, name="sign"),
    path("findings/<int:inspection_id>/answer/", views.answer, name="answer"),
    path("findings/<int:inspection_id>/photo/", views.photo, name="photo"),
    path("dossiers/<int:class_id>/", views.dossier, name="dossier"),
    path("dossiers/<int:class_id>/archive.zip", views.dossier_archive, name="dossier_archive"),
    path("measures/", views.measure_list, name="measure_list"),
    path("measures/take/", views.take_measure, name="take_measure"),
    path("measures/<int:measure_id>/mended/", views.mended, name="mended"),
]
