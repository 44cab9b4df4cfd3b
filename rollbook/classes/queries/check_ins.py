"""What is known of check-ins that are asked for, all in one round to the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import NullIf
from django.utils.timezone import localdate

from rollbook.classes.models import CheckIn
from rollbook.classes.rules.check_ins import Fact, Wish
from rollbook.classes.rules.methods import Policy, policy
from rollbook.directory import queries as directory
from rollbook.directory.rules import Terms


def facts_for(wishes: Sequence[Wish]) -> dict[int, Fact]:
    """The facts of each wish by its place; where the lesson is not there, nothing. Locks the trainees' rows."""
    asked = [
        {
            "n": n,
            "lesson": one.lesson_id,
            "enrolment": one.enrolment_id,
            "person": one.person_id,
            "event": one.event_id.hex,
            "account": one.by_id,
            "session": one.session,
            "reader": one.reader_id,
        }
        for n, one in enumerate(wishes)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT facts.*, {directory.TERMS_VERSION} FROM classes_check_in_facts(%s) AS facts",  # noqa: S608 ours
            [json.dumps(asked)],
        )
        return {row[0]: Fact._make(row) for row in cursor.fetchall()}


# What screening reads of an event, whether it counts or not.
AS_SENT = (
    "enrolment_id", "lesson_id", "direction", "means", "happened_at", "received_at", "is_mock", "longitude", "latitude",
)  # fmt: skip
OF_EVENT: dict[str, Any] = {
    "check_in_id": F("pk"),
    "day": F("held_on"),
    "device_": NullIf("device", Value("")),
    "person_id": F("enrolment__person_id"),
    "class_id": F("lesson__training_class_id"),
    "institution_id": F("lesson__training_class__institution_id"),
    "region_code": F("lesson__training_class__region_code"),
    "accuracy_m": F("accuracy"),
    "is_kiosk": Case(When(reader__isnull=False, then=Value(True)), default=Value(False)),
}


def set_aside() -> "QuerySet[CheckIn, Any]":
    """Events that are kept and do not count, as screening reads them: a made-up position is a signal all the same."""
    found: QuerySet[CheckIn, Any] = CheckIn.objects.exclude(set_aside="").values(
        *AS_SENT, **OF_EVENT, why=F("set_aside")
    )
    return found


def policy_of(fact: Fact, now: datetime) -> Policy:
    """What the terms of the class say of a check-in; terms are kept for some seconds."""
    on = fact.starts_on or localdate(now)
    return _policy(directory.terms_kept(fact.region_code, on, fact.terms_version or 0))


def _policy(terms: Terms) -> Policy:
    return policy(terms.values)
