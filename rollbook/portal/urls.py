from django.urls import URLPattern, path

from rollbook.portal.views import publicity

app_name = "portal"

urlpatterns: list[URLPattern] = [
    path("open/publicity/", publicity.publicity_list, name="publicity_list"),
    path("open/publicity/<int:publicity_id>/", publicity.publicity_detail, name="publicity_detail"),
    path("open/publicity/<int:publicity_id>/<int:claim_id>/", publicity.objection_new, name="objection_new"),
    path("open/publicity/<int:publicity_id>/<int:claim_id>/object/", publicity.raise_objection, name="raise_objection"),
    path("open/disclosure/", publicity.disclosure, name="disclosure"),
]
