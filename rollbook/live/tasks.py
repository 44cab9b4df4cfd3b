from django.utils import timezone
from django_tasks import task

from rollbook.live import actions


@task()
def cut_recording(raw_id: int) -> None:
    actions.cut_recording(raw_id=raw_id, now=timezone.now())
