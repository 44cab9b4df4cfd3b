from django.urls import path

from rollbook.reports import views

app_name = "reports"

urlpatterns = [
    path("", views.workbench, name="workbench"),
    path("statistics/", views.statistics, name="statistics"),
    path("journal/", views.journal_list, name="journal"),
    path("journal/verify/", views.verify_journal, name="verify_journal"),
]
