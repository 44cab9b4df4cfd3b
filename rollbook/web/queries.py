from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.kernel.reasons import NotFound
from rollbook.web import rules
from rollbook.web.models import Answer, Job, SavedView

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def jobs_of(by: "Account") -> QuerySet[Job]:
    """Nobody sees another's: a file holds what its owner may see."""
    return Job.objects.filter(account=by).order_by("-pk")


def job(by: "Account", job_id: int) -> Job:
    found = jobs_of(by).filter(pk=job_id).first()
    if found is None:
        raise NotFound
    return found


def jobs_cut_off(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state=rules.JobState.RUNNING, seen_at__lt=now - rules.SILENCE)


def jobs_expired(now: datetime) -> QuerySet[Job]:
    return Job.objects.filter(ended_at__lt=now - rules.KEPT)


def answers_expired(now: datetime) -> QuerySet[Answer]:
    return Answer.objects.filter(at__lt=now - rules.ANSWERS_KEPT)


def views_of(by: "Account", page: str) -> QuerySet[SavedView]:
    return SavedView.objects.filter(account=by, page=page).order_by("name")
