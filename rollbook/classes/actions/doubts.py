"""Alerts that nobody has decided: kept where the next step is taken, and passed by with a reason."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.classes import queries
from rollbook.classes.models import Doubt
from rollbook.classes.rules import doubts as rules
from rollbook.journal.actions import record
from rollbook.kernel.reasons import refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

Whom = tuple[int, str, Collection[int | None]]  # a class, the kind of deceit, and people of it; None is all of it


def keep_doubts(*, alerts: Mapping[int, Whom], now: datetime) -> None:
    """Within the deed of who found or decided them: whom of which class each alert is about now; nobody once decided."""
    live = Doubt.objects.select_for_update().filter(number__in=alerts, ended_at=None).order_by("pk")
    there = {(one.number, one.training_class_id, one.person_id): one.pk for one in live}
    due = {(number, class_id, person): what for number, (class_id, what, people) in alerts.items() for person in people}
    Doubt.objects.filter(pk__in=[pk for key, pk in there.items() if key not in due]).update(ended_at=now)
    Doubt.objects.bulk_create(
        Doubt(number=number, training_class_id=class_id, person_id=person, what=what, since=now)
        for (number, class_id, person), what in due.items()
        if (number, class_id, person) not in there
    )


def go_on(
    *,
    by: "Account",
    class_id: int,
    person_id: int | None = None,
    despite: str,
    step: str,
    region_code: str,
    now: datetime,
) -> None:
    """Within the deed that takes the next step: refused while an alert is not decided, unless the officer says why. What
    they say is in the journal of the office, and not shown to the institution."""
    found = queries.doubts_on(class_id, person_id)
    refuse_if(rules.reasons_against_going_on(queries.undecided(found), despite))
    for one in found:
        record("doubt.passed", one, by=by, at=now, region_code=region_code, step=step, why=despite.strip())
