"""What online platforms file of study: kept as it was first said (N7.2)."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.learning import queries, rules
from rollbook.learning.models import Quiz, QuizRestated, Restated, Session

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


@dataclass(frozen=True, slots=True)
class Conflict:
    """What was filed before and is told differently now: only the fields that differ, as text."""

    enrolment_id: int
    number: str
    known: dict[str, str]
    told: dict[str, str]


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of a request: new, known already, or told differently before. `restated` were not yet told so."""

    new: int
    known: int
    restated: int = 0
    conflicts: tuple[Conflict, ...] = ()


def _studied(by: "Account", class_id: int, of: Sequence[rules.Session | rules.Quiz]) -> "TrainingClass":
    klass = classes.get(by, class_id, lock=True)
    authorise(by, Permission.STUDY_FILE, institution_id=klass.institution_id)
    if klass.state not in (State.RUNNING, State.ENDED):
        raise Refused(reason("not-studying", _("Online study is filed from the start of a class to its assessment.")))
    if {one.enrolment_id for one in of} - set(classes.roster(klass.pk).values_list("pk", flat=True)):
        raise NotFound
    return klass


@transaction.atomic
def file_sessions(
    *, by: "Account", class_id: int, platform: str, sessions: Sequence[rules.Session], now: datetime
) -> Filed:
    """The same session again is known; told differently the first stays, and that is noted (N7.4, D93)."""
    klass = _studied(by, class_id, sessions)
    found: list[Message] = [one for each in sessions for one in rules.reasons_against_session(each, now)]
    refuse_if(found[:50])
    rows = [_row(one, platform, by, now) for one in sessions]
    before = queries.known(platform, {one.enrolment_id for one in rows}, {one.number for one in rows})
    Session.objects.bulk_create(rows, ignore_conflicts=True)
    after = queries.known(platform, {one.enrolment_id for one in rows}, {one.number for one in rows})
    restated, conflicts = 0, []
    for row in rows:
        kept = after[row.enrolment_id, row.number]
        if kept.digest != row.digest:
            conflicts.append(one := _conflict(kept, row))
            _made, is_new = Restated.objects.get_or_create(
                session=kept, digest=row.digest, defaults={"said": one.told, "filed_at": now, "filed_by": by}
            )
            restated += is_new
    filed = Filed(len(after) - len(before), len(before), restated, tuple(conflicts))
    record(
        "study.filed", klass, by=by, at=now, region_code=klass.region_code, institution_id=klass.institution_id,
        platform=platform, sessions=filed.new, restated=filed.restated,
    )  # fmt: skip
    return filed


def _row(one: rules.Session, platform: str, by: "Account", now: datetime) -> Session:
    values = asdict(one) | {"device": _digest(one.device), "network": _digest(one.network)}
    said = json.dumps(values, sort_keys=True, default=lambda at: int(at.timestamp()))
    return Session(
        **values, platform=platform, digest=hashlib.sha256(said.encode()).hexdigest(), filed_at=now, filed_by=by
    )


def _digest(value: str) -> str:
    """Keyed, so that equal ones are found and none is read back."""
    return hmac.digest(settings.DIGEST_KEY, value.encode(), "sha256").hex() if value else ""


def _conflict(kept: Session | Quiz, row: Session | Quiz) -> Conflict:
    pairs = {name: (getattr(kept, name), getattr(row, name)) for name in _told(row)}
    differing = {name: (str(first), str(later)) for name, (first, later) in pairs.items() if first != later}
    known, told = ({name: pair[n] for name, pair in differing.items()} for n in (0, 1))
    return Conflict(row.enrolment_id, row.number, known, told)


def _told(row: Session | Quiz) -> tuple[str, ...]:
    return (rules.Session if isinstance(row, Session) else rules.Quiz).__slots__


@transaction.atomic
def file_quizzes(*, by: "Account", class_id: int, platform: str, quizzes: Sequence[rules.Quiz], now: datetime) -> Filed:
    """Tests within courses: the same again is known; told with another score the first stays, and that is noted
    (N7.2, N7.4, D93)."""
    klass = _studied(by, class_id, quizzes)
    found: list[Message] = [one for each in quizzes for one in rules.reasons_against_quiz(each, now)]
    refuse_if(found[:50])
    rows = [Quiz(**asdict(one), platform=platform, filed_at=now, filed_by=by) for one in quizzes]
    numbers = {one.enrolment_id for one in rows}, {one.number for one in rows}
    before = queries.known_quizzes(platform, *numbers)
    Quiz.objects.bulk_create(rows, ignore_conflicts=True)
    after = queries.known_quizzes(platform, *numbers)
    restated, conflicts = 0, []
    for row in rows:
        kept = after[row.enrolment_id, row.number]
        if (one := _conflict(kept, row)).told:
            conflicts.append(one)
            _made, is_new = QuizRestated.objects.get_or_create(
                quiz=kept, said=one.told, defaults={"filed_at": now, "filed_by": by}
            )
            restated += is_new
    filed = Filed(len(after) - len(before), len(before), restated, tuple(conflicts))
    record(
        "study.tested", klass, by=by, at=now, region_code=klass.region_code, institution_id=klass.institution_id,
        platform=platform, tests=filed.new, restated=filed.restated,
    )  # fmt: skip
    return filed
