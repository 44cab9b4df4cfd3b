from django.urls import path

from rollbook.certificates import views

app_name = "certificates"

urlpatterns = [
    path("", views.certificate_list, name="certificate_list"),
    path("<int:certificate_id>/", views.detail, name="detail"),
    path("<int:certificate_id>/certificate.pdf", views.pdf, name="pdf"),
    path("<int:certificate_id>/reprint/", views.reprint, name="reprint"),
    path("<int:certificate_id>/revoke/", views.revoke, name="revoke"),
    path("classes/<int:class_id>/", views.of_class, name="of_class"),
    path("classes/<int:class_id>/issue/", views.issue, name="issue"),
    path("classes/<int:class_id>/certificates.pdf", views.class_pdf, name="class_pdf"),
]
