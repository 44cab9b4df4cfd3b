"""What is known of check-ins that are asked for, all in one round to the database."""

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.utils.timezone import localdate

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


def policy_of(fact: Fact, now: datetime) -> Policy:
    """What the terms of the class say of a check-in; terms are kept for some seconds."""
    on = fact.starts_on or localdate(now)
    return _policy(directory.terms_kept(fact.region_code, on, fact.terms_version or 0))


def _policy(terms: Terms) -> Policy:
    return policy(terms.values)
