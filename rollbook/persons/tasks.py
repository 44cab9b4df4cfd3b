from django.utils import timezone
from django_tasks import task

from rollbook.persons import actions


@task
def verify_person(person_id: int) -> None:
    """Ask the population service about one person."""
    actions.verify(person_id=person_id, now=timezone.now())
