from django.utils import timezone
from django_tasks import task

from rollbook.faces import actions


@task
def person_merged(person_id: int) -> None:
    """Two records are of one person: consent and template of the one that is no longer used end."""
    actions.end_merged(person_id=person_id, now=timezone.now())
