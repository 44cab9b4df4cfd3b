"""How check-ins are kept: many at once, each answered on its own, all in one transaction with their journal."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localdate

from rollbook.classes.queries import check_ins as queries
from rollbook.classes.rules import attendance
from rollbook.classes.rules import check_ins as rules
from rollbook.classes.rules.check_ins import Answer, Fact, Mark, Wish
from rollbook.classes.rules.methods import Policy, distance
from rollbook.classes.rules.states import State
from rollbook.journal.actions import record_many
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

SECRET = settings.SECRET_KEY.encode()
EACH = "attendance.checked"  # has an entry of its own; other kinds have one for all events of a lesson


def settle(wishes: Sequence[Wish]) -> list[Answer]:
    """Decide on check-ins and keep what is kept. The same event again gives the same answer and changes nothing.

    The trainees' rows are locked first, so whoever comes second finds what the first left. Statements whose answers
    nobody waits for travel together with the commit: two journeys to the database in all.
    """
    connection.close_if_health_check_failed()  # asks the server, which cannot be done amid the others
    connection.ensure_connection()
    with connection.connection.pipeline(), transaction.atomic():
        return _settle(wishes)


def _settle(wishes: Sequence[Wish]) -> list[Answer]:
    facts = queries.facts_for(wishes)
    batch = _Batch()
    answers = [batch.decide(one, facts.get(n)) for n, one in enumerate(wishes)]
    if batch.changed:
        with connection.cursor() as cursor:
            sent = json.dumps([_row(mark) for mark in batch.changed.values()]), json.dumps(batch.events)
            cursor.execute("SELECT classes_keep_check_ins(%s, %s)", sent)
    if entries := batch.entries():
        record_many(entries)
    return answers


def _row(mark: Mark) -> dict[str, object]:
    return {
        "lesson_id": mark.lesson_id,
        "enrolment_id": mark.enrolment_id,
        "in_at": mark.in_at and mark.in_at.isoformat(),
        "out_at": mark.out_at and mark.out_at.isoformat(),
        "presence": mark.presence,
        "minutes": mark.minutes,
        "wrong_codes": mark.wrong_codes,
    }


class _Batch:
    """What one transaction has decided so far: the marks as they stand, and what is to be written."""

    def __init__(self) -> None:
        self.marks: dict[tuple[int, int], Mark] = {}
        self.changed: dict[tuple[int, int], Mark] = {}
        self.events: list[dict[str, Any]] = []
        self.known: dict[UUID, tuple[tuple[int, int], str]] = {}
        self.policies: dict[int, Policy] = {}
        self.noted: list[tuple[Wish, Fact, str]] = []

    def decide(self, wish: Wish, fact: Fact | None) -> Answer:
        if fact is None or fact.state == State.DRAFT or wish.institution_id not in (None, fact.institution_id):
            return Answer(is_found=False)
        if not fact.is_signed_in:
            return Answer(is_signed_in=False)
        if fact.enrolment_id is None and wish.is_own:
            return Answer(is_found=False)
        if (wrong := rules.unusable(wish, fact)) is not None:
            return Answer(reasons=(wrong,))
        assert fact.enrolment_id is not None  # noqa: S101 or it were unusable
        key = wish.lesson_id, fact.enrolment_id
        mark = self.marks.get(key) or self._mark(key, fact)
        if fact.known_lesson is not None or wish.event_id in self.known:
            known, aside = self.known.get(wish.event_id, (key, fact.known_aside or ""))
            if known != key:
                return Answer(reasons=(rules.used(),))
            return Answer(mark, (rules.kept_aside(aside),) if aside else (), aside=aside)  # sent before
        chosen = self._policy(wish, fact)
        if wish.code is not None and (lost := tuple(attendance.reasons_against_trying(mark.wrong_codes))):
            return Answer(reasons=lost)
        metres = distance(wish.position, fact.latitude, fact.longitude)
        found = (*self._against_code(wish, fact, mark, chosen), *rules.against(wish, fact, chosen, metres))
        if found and wish.reader_id is None and not wish.is_own:
            return Answer(reasons=found)
        told = () if found else tuple(rules.out_of_turn(wish, mark))
        aside = found[0].code if found else ""
        self._keep(wish, fact, mark, chosen, metres, aside)
        return Answer(mark, found or told, aside=aside)

    def _policy(self, wish: Wish, fact: Fact) -> Policy:
        if fact.class_id not in self.policies:
            self.policies[fact.class_id] = queries.policy_of(fact, wish.now)
        return self.policies[fact.class_id]

    def _mark(self, key: tuple[int, int], fact: Fact) -> Mark:
        if fact.presence is None:
            mark = Mark(*key)
        else:
            mark = Mark(*key, fact.in_at, fact.out_at, fact.presence, fact.minutes or 0, fact.wrong_codes or 0)
        self.marks[key] = mark
        return mark

    def _against_code(self, wish: Wish, fact: Fact, mark: Mark, chosen: Policy) -> Iterator[Message]:
        """Wrong codes are counted, so that the six digits cannot be found by trying. Where a phone's clock seems to be
        off, the network may have been slow instead: the code tells which time is the right one. Who is there at once may
        have the code of the moment of receipt, which began a blink ago."""
        if wish.code is None:
            return
        is_now = wish.is_live and (wish.now - wish.happened_at).total_seconds() < chosen.code_seconds
        at_once = [wish.now] if is_now else []
        for at in (wish.happened_at, wish.said_at or wish.happened_at, *at_once):
            asked = fact.lesson_id, fact.room_id, at, chosen.code_seconds, wish.code
            if at <= wish.now and attendance.right_code(SECRET, *asked):
                wish.happened_at = at
                return
        mark.wrong_codes += 1
        yield reason("wrong-code", _("The code is wrong or has passed; take the one shown now."), "N4.1")

    def _keep(self, wish: Wish, fact: Fact, mark: Mark, chosen: Policy, metres: float | None, aside: str) -> None:
        if not aside:
            mark.move(wish.direction, wish.happened_at)
            if not fact.is_decided:
                mark.presence, mark.minutes = attendance.presence(
                    mark.in_at, mark.out_at, fact.starts_at, fact.ends_at, chosen.late
                )
        here = wish.position
        latitude, longitude = here.wgs84() if here else (None, None)
        self.changed[mark.lesson_id, mark.enrolment_id] = mark
        self.known[wish.event_id] = (mark.lesson_id, mark.enrolment_id), aside
        self.events.append(
            {
                "event_id": wish.event_id.hex,
                "held_on": localdate(fact.starts_at).isoformat(),
                "lesson_id": mark.lesson_id,
                "enrolment_id": mark.enrolment_id,
                "direction": wish.direction,
                "means": wish.means,
                "happened_at": wish.happened_at.isoformat(),
                "received_at": wish.now.isoformat(),
                "device": wish.device,
                "by_id": wish.by_id,
                "reader_id": wish.reader_id,
                "sequence": wish.sequence,
                "nonce": wish.nonce,
                "skew_seconds": wish.skew_seconds,
                "latitude": latitude,
                "longitude": longitude,
                "accuracy": here.accuracy if here else None,
                "distance": None if metres is None else round(metres),
                "is_mock": here is not None and here.is_mock,
                "set_aside": aside,
            }
        )
        self.noted.append((wish, fact, aside))

    def entries(self) -> list[dict[str, object]]:
        """An entry for each live check-in; one for all that a device or a roll call brought for a lesson."""
        found: list[dict[str, object]] = []
        many: dict[tuple[str, int | None, int | None, int], dict[str, Any]] = {}
        for wish, fact, aside in self.noted:
            key = wish.kind, wish.by_id, wish.reader_id, fact.lesson_id
            if wish.kind != EACH and key in many:
                many[key]["people"] += 1
                continue
            data: dict[str, Any] = {"lesson": fact.lesson_id}
            if wish.reader_id is None:
                data["direction"] = wish.direction
            if aside and wish.kind == EACH:
                data["aside"] = aside
            if wish.kind != EACH:
                many[key] = data
                data["people"] = 1
            if wish.reader_id:
                data["device"] = wish.reader_id
            found.append(
                {
                    "at": wish.now.isoformat(),
                    "by_id": wish.by_id,
                    "kind": wish.kind,
                    "subject": f"classes.TrainingClass:{fact.class_id}",
                    "title": (fact.title or f"#{fact.class_id}")[:200],
                    "region_code": fact.region_code,
                    "institution_id": fact.institution_id,
                    "data": data,
                }
            )
        return found
