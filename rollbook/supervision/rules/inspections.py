"""Process inspection and the graded ladder (N4.1, N4.5, N11.3, N11.4; domain 2.5, 2.6, 6.1, 6.3)."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, ceil, cos, radians, sin, sqrt

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.risk.rules import Heard


class Kind(Choice):
    ON_SITE = "on-site", _("On site")
    PHONE = "phone", _("By phone")


class TaskState(Choice):
    WANTED = "wanted", _("To be planned")
    PLANNED = "planned", _("Planned")
    RECORDED = "recorded", _("Recorded, to be signed")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class Answer(Choice):
    """What a trainee said on the phone, or why nobody did (domain 5.2, D118 and D122)."""

    ATTENDED = "attended", _("Attended")
    NOT_ATTENDED = "not-attended", _("Did not attend")
    PAID_BACK = "paid-back", _("Was asked for money, or given some")
    UNREACHABLE = "unreachable", _("Could not be reached")
    WRONG_NUMBER = "wrong-number", _("Wrong number")


# What an answer is to screening; that nobody picked up says nothing.
HEARD = {
    Answer.ATTENDED: Heard.REACHED,
    Answer.NOT_ATTENDED: Heard.NOT_THERE,
    Answer.PAID_BACK: Heard.REACHED,
    Answer.WRONG_NUMBER: Heard.WRONG_NUMBER,
}
SUSPICIOUS = {Answer.NOT_ATTENDED, Answer.PAID_BACK, Answer.WRONG_NUMBER}


class Grade(Choice):
    """The ladder of measures, lightest first (domain 6.1)."""

    TALK = "talk", _("Talk with the head")
    LETTER = "letter", _("Rectification letter")
    NOTICE = "notice", _("Public criticism")
    ENDED = "ended", _("Agreement ended")


LADDER = (Grade.TALK, Grade.LETTER, Grade.NOTICE, Grade.ENDED)
TRIGGERS: dict[str, tuple[Grade, str]] = {
    "attendance": (Grade.TALK, _("Class over the limit, or attendance below 80 %")),
    "papers": (Grade.TALK, _("Sign-in sheets, agreements or lesson plans incomplete; disorder; no textbooks")),
    "teacher-changed": (Grade.TALK, _("Teacher changed without approval")),
    "inducement": (Grade.TALK, _("Trainees recruited by inducement")),
    "conditions": (Grade.LETTER, _("Conditions not met, or not taught to plan")),
    "teacher-unfiled": (Grade.LETTER, _("A teacher who is not filed")),
    "place": (Grade.LETTER, _("Teaching outside the registered place")),
    "no-video": (Grade.LETTER, _("No video supplied, or an inspection refused")),
    "false-material": (Grade.NOTICE, _("False material")),
    "hazard": (Grade.NOTICE, _("Safety hazards, or false advertising")),
    "unqualified": (Grade.NOTICE, _("Unqualified classes above the share of the year")),
    "fraud": (Grade.ENDED, _("Fraud for subsidy, or illegal cooperation")),
    "penalty": (Grade.ENDED, _("Administrative penalty, serious dishonesty, or a major accident")),
}

# What inspectors compare with what was filed; an item that decides makes the class unqualified when it fails.
CHECKLIST: dict[str, tuple[str, bool]] = {
    "teacher": (_("The teacher is the one filed for this lesson"), True),
    "plan": (_("What is taught is what the plan says"), True),
    "room": (_("The room is the one filed"), True),
    "seats": (_("Each trainee has a seat and a work station"), False),
    "equipment": (_("Equipment and work stations are there and in use"), True),
    "textbooks": (_("Each trainee has the textbook"), False),
    "safety": (_("Exits, extinguishers and protective gear are in order"), False),
    "commitments": (_("Trainees know the class, its hours and that it is free"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What two inspectors saw of a class in training."""

    present: int
    roster: int
    failed: Sequence[str]  # items of the checklist
    is_held: bool  # whether a lesson was going on at all


def reasons_unqualified(seen: Seen, least_percent: int) -> Iterator[Message]:
    """What makes a class unqualified by itself, whatever the inspectors conclude (domain 2.5)."""
    if not seen.is_held:
        yield reason("not-held", _("No lesson was going on at the time of the plan."), "2.5")
    elif seen.present * 100 < seen.roster * least_percent:
        text = _("{present} of {roster} trainees were there; at least {least} % must be.")
        yield reason("few-present", text, "2.5", present=seen.present, roster=seen.roster, least=least_percent)
    for item in seen.failed:
        if item in CHECKLIST and CHECKLIST[item][1]:
            yield reason("not-as-filed", _("Not as filed: {item}."), "6.1", item=Point(item))


class Point(Choice):
    """The items of the checklist as values of a message."""

    TEACHER = "teacher", CHECKLIST["teacher"][0]
    PLAN = "plan", CHECKLIST["plan"][0]
    ROOM = "room", CHECKLIST["room"][0]
    SEATS = "seats", CHECKLIST["seats"][0]
    EQUIPMENT = "equipment", CHECKLIST["equipment"][0]
    TEXTBOOKS = "textbooks", CHECKLIST["textbooks"][0]
    SAFETY = "safety", CHECKLIST["safety"][0]
    COMMITMENTS = "commitments", CHECKLIST["commitments"][0]


def reasons_against_pair(first_id: int, second_id: int | None, people: Mapping[int, int | None]) -> Iterator[Message]:
    """Two inspectors are two people, each known (domain 6.3). `people`: account → person."""
    if second_id is None or second_id == first_id:
        yield reason("two-inspectors", _("Name two inspectors, not one twice."), "6.3")
        return
    if first_id not in people or second_id not in people:
        yield reason("no-inspector", _("Choose inspectors of the region."), "6.3")
    elif people[first_id] is not None and people[first_id] == people[second_id]:
        yield reason("same-person", _("Both accounts belong to one person."), "6.3")


def is_late(left_at: datetime, recorded_at: datetime, days: int) -> bool:
    """Whether a result was entered later than the region allows (domain 6.3: within a day)."""
    return recorded_at > left_at + timedelta(days=days)


def sample(ids: Iterable[int], percent: int, seed: str) -> list[int]:
    """The trainees to call: drawn by a seed, so that anyone who has it draws the same (B3, domain 2.6)."""
    known = sorted(ids)
    ranked = sorted(known, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())
    return sorted(ranked[: ceil(len(known) * percent / 100)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A class that might be inspected, and what speaks for it."""

    class_id: int
    inspections: int
    unqualified: int  # earlier inspections of its institution, in a year
    measures: int  # against its institution, in a year
    worst_day_percent: int
    distance_m: int | None  # from the nearest inspection that is planned already
    alerts: int = 0  # of screening that are open about the class or its institution, warnings apart
    proven: int = 0  # that were settled as true of its institution, in a year


def points(one: Candidate) -> int:
    """How pressing an inspection is: never seen first, then what was found before, also by screening (N11.4)."""
    found = 50 if not one.inspections else 0
    found += 20 * min(one.unqualified, 3) + 10 * min(one.measures, 3)
    found += 10 * min(one.alerts, 3) + 20 * min(one.proven, 3)
    return found + (20 if one.worst_day_percent < 80 else 0)


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The most pressing first; of equal ones the nearest to what is planned already (domain 6.3)."""
    far = 10**9
    return sorted(
        candidates, key=lambda one: (-points(one), far if one.distance_m is None else one.distance_m, one.class_id)
    )


def metres(one: tuple[float, float], other: tuple[float, float]) -> int:
    """The distance between two places on earth, each longitude and latitude (WGS-84)."""
    (a, b), (c, d) = ((radians(x), radians(y)) for x, y in (one, other))
    half = sin((d - b) / 2) ** 2 + cos(b) * cos(d) * sin((c - a) / 2) ** 2
    return round(2 * 6_371_000 * asin(sqrt(half)))


def least_grade(trigger: str, this_year: Mapping[str, int], repeats: int) -> tuple[Grade, list[Message]]:
    """The lightest measure for a trigger: what happened before in the year raises it (domain 6.1)."""
    grade, raised = TRIGGERS[trigger][0], []
    for lighter, heavier in pairwise(LADDER):
        if this_year.get(lighter, 0) >= repeats and LADDER.index(heavier) > LADDER.index(grade):
            text = _("{count} times “{lighter}” this year: at least “{heavier}”.")
            raised.append(reason("raised", text, "6.1", count=this_year[lighter], lighter=lighter, heavier=heavier))
            grade = heavier
    return grade, raised


def reasons_against_measure(grade: Grade, least: Grade, raised: Sequence[Message]) -> Iterator[Message]:
    if LADDER.index(grade) < LADDER.index(least):
        text = _("For this “{least}” is the lightest measure.")
        yield reason("too-light", text, "6.1", least=least)
        yield from raised
