from django.urls import path

from rollbook.exchange import views

app_name = "exchange"

urlpatterns = [
    path("", views.contract_list, name="contract_list"),
    path("contracts/<int:contract_id>/", views.contract_detail, name="contract_detail"),
    path("contracts/new/", views.contract_new, name="contract_new"),
    path("sources/new/", views.source_new, name="source_new"),
    path("sources/<int:source_id>/", views.source_detail, name="source_detail"),
    path("sources/<int:source_id>/change/", views.ask_source_change, name="ask_source_change"),
    path("sources/<int:source_id>/confirm/", views.confirm_source_change, name="confirm_source_change"),
    path("sources/<int:source_id>/keep/", views.refuse_source_change, name="refuse_source_change"),
    path("batches/", views.batch_list, name="batch_list"),
    path("batches/new/", views.batch_new, name="batch_new"),
    path("batches/<int:received_id>/", views.batch_detail, name="batch_detail"),
    path("batches/<int:received_id>/marked/", views.batch_marked, name="batch_marked"),
    path("batches/<int:received_id>/load/", views.load_batch, name="load_batch"),
    path("batches/<int:received_id>/refuse/", views.refuse_batch, name="refuse_batch"),
    path("refusals/", views.refusal_list, name="refusal_list"),
    path("refusals/<int:refusal_id>/", views.refusal_detail, name="refusal_detail"),
    path("refusals/<int:refusal_id>/settle/", views.settle_refusal, name="settle_refusal"),
    path("persons/<int:person_id>/", views.person_facts, name="person_facts"),
    path("persons/<int:person_id>/all/", views.person_facts_all, name="person_facts_all"),
]
