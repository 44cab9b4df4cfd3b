from django.utils import timezone
from django_tasks import task

from rollbook.persons import actions


@task
def verify_person(person_id: int) -> None:
    """Ask the population service about one person."""
    actions.verify(person_id=person_id, now=timezone.now())


@task
def send_notices(person_id: int) -> None:
    """An account was changed: whoever it was is told at the old contact."""
    actions.send_notices(person_id=person_id, now=timezone.now())


@task
def send_notices_to_organisation(organisation_id: int) -> None:
    """The same for the account of an employer or institution."""
    actions.send_notices(organisation_id=organisation_id, now=timezone.now())
