from django.utils import timezone
from django_tasks import task

from rollbook.supervision import actions


@task
def follow_alert(alert_id: int) -> None:
    actions.follow_alert(alert_id=alert_id, now=timezone.now())
