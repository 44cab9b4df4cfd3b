"""What follows from an alert that two officers closed: an inspection of its class, a case (N3.6, N11.4)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.classes import queries as classes
from rollbook.directory.rules import TermKey
from rollbook.journal.actions import record
from rollbook.regions import queries as regions
from rollbook.risk import queries as risk
from rollbook.risk.rules import Consequence
from rollbook.supervision import rules
from rollbook.supervision.actions.cases import open_case
from rollbook.supervision.models import Case, Task

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.risk.models import Alert


@transaction.atomic
def follow_alert(*, alert_id: int, now: datetime) -> None:
    """For the queue, once an alert is closed. Told twice it does nothing more."""
    alert = risk.by_id(alert_id)
    by = alert.confirmed_by or alert.proposed_by
    assert by is not None  # noqa: S101 the database knows who closed an alert
    if Consequence.INSPECTION in alert.consequences:
        _want_inspection(alert, by, now)
    if Consequence.CASE in alert.consequences and not Case.objects.filter(alert=alert).exists():
        open_case(alert, by=by, now=now)


def _want_inspection(alert: "Alert", by: "Account", now: datetime) -> None:
    """The alert's class is to be inspected, on site while it is in training; an officer names who goes."""
    class_id = risk.class_to_inspect(alert)
    if class_id is None or Task.objects.filter(alert=alert).exists():
        return
    klass = classes.by_id(class_id)
    days = classes.terms_of(klass, now)[TermKey.ASKED_DAYS]
    task = Task.objects.create(
        training_class=klass, institution_id=klass.institution_id, region_code=klass.region_code, alert=alert,
        kind=rules.Kind.ON_SITE if klass.state == "running" else rules.Kind.PHONE, state=rules.TaskState.WANTED,
        due_on=regions.working_days().after(localdate(now), days), planned_at=now,
        planned_by=by,
    )  # fmt: skip
    record("inspection.wanted", task, by=by, at=now, region_code=task.region_code, alert=alert.pk,
           due_on=str(task.due_on))  # fmt: skip
