from django.utils import timezone
from django_tasks import task

from rollbook.risk import actions


@task
def screen_roster(class_id: int) -> None:
    actions.screen_roster(class_id=class_id, now=timezone.now())


@task
def screen_added(class_id: int) -> None:
    """Whoever was put on a roster after it was filed."""
    actions.screen_added(class_id=class_id, now=timezone.now())


@task
def screen_claim(claim_id: int) -> None:
    actions.screen_claim(claim_id=claim_id, now=timezone.now())
