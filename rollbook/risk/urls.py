from django.urls import path

from rollbook.risk.views import alerts, detectors

app_name = "risk"

urlpatterns = [
    path("", alerts.alert_list, name="alert_list"),
    path("<int:alert_id>/", alerts.alert_detail, name="alert_detail"),
    path("<int:alert_id>/ask/", alerts.ask, name="ask"),
    path("<int:alert_id>/explain/", alerts.explain, name="explain"),
    path("<int:alert_id>/settle/", alerts.settle, name="settle"),
    path("<int:alert_id>/close/", alerts.close, name="close"),
    path("<int:alert_id>/send-back/", alerts.send_back, name="send_back"),
    path("classes/<int:class_id>/", alerts.about_class, name="about_class"),
    path("claims/<int:claim_id>/", alerts.about_claim, name="about_claim"),
    path("detectors/", detectors.detector_list, name="detector_list"),
    path("detectors/<slug:code>/", detectors.detector_detail, name="detector_detail"),
    path("detectors/<slug:code>/try/", detectors.try_limit, name="try_limit"),
    path("detectors/<slug:code>/set/", detectors.set_limit, name="set_limit"),
]
