"""Lessons held again for those who missed them (domain 2.5; N4.1): who may, how much, until when, told how far ahead."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

ABSENT = "absent"  # beside the grounds of leave
TERM_OF: Mapping[str, str] = {
    "illness": "make-up-illness",
    "family": "make-up-family",
    "duty": "make-up-duty",
    "work": "make-up-work",
    "other": "make-up-other",
    ABSENT: "make-up-absent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the terms of a region say of make-up lessons."""

    grounds: frozenset[str]
    percent: int  # of the hours planned
    days: int
    ahead: int  # working days
    hours_per_day: int


def policy(terms: Mapping[str, int]) -> Policy:
    return Policy(
        grounds=frozenset(ground for ground, key in TERM_OF.items() if terms[key]),
        percent=terms["make-up-percent"],
        days=terms["make-up-days"],
        ahead=terms["make-up-ahead"],
        hours_per_day=terms["hours-per-day"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A make-up lesson as it is asked for."""

    is_open: bool  # the class is in training, or has ended and is not assessed
    is_over: bool  # the lesson missed
    is_make_up: bool  # itself
    missed_on: date
    day: date
    is_past: bool
    days_ahead: int  # working days from today to the day
    people: int
    room: str
    seats: int
    teacher: str
    is_qualified: bool


def reasons_against_plan(plan: Plan, chosen: Policy) -> Iterator[Message]:
    """Why the lesson cannot be held again so, whoever comes."""
    if not plan.is_open:
        yield reason("not-running", _("The class is not in training."), "N4.1")
    if plan.is_make_up:
        yield reason(
            "made-up-twice", _("A make-up lesson is not made up again; plan another of the first one."), "N4.1"
        )
    if not plan.is_over:
        yield reason("not-over-yet", _("A lesson is made up once it is over."), "N4.1")
    if not plan.people:
        yield reason("nobody-named", _("Name at least one trainee who missed the lesson."), "N4.1")
    if plan.is_past:
        yield reason("past", _("The new time has passed already."), "N4.1")
    elif plan.days_ahead < chosen.ahead:
        text = _("The county is told of a make-up lesson {least} working days ahead; this is {ahead}.")
        yield reason("make-up-short", text, "N4.1", least=chosen.ahead, ahead=plan.days_ahead)
    last = plan.missed_on + timedelta(chosen.days)
    if plan.day > last:
        text = _("A lesson is made up within {days} days: until {last}.")
        yield reason("make-up-late", text, "N4.1", days=chosen.days, last=last)
    if plan.seats < plan.people:
        text = _("Room {room} has {seats} seats for {size} trainees.")
        yield reason("too-few-seats", text, "N2.2", room=plan.room, seats=plan.seats, size=plan.people)
    if not plan.is_qualified:
        text = _("{teacher} has no valid certificate for this occupation and level.")
        yield reason("teacher-unqualified", text, "N10.1", teacher=plan.teacher)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """One trainee who missed the lesson, and what else is known of that trainee's make-up lessons."""

    name: str
    ground: str  # of the leave granted, or `ABSENT`; empty where the lesson was not missed
    hours: int  # of the lesson missed
    made_up_hours: int = 0  # of other lessons, made up or planned to be
    planned_hours: int = 0  # of the class
    is_planned: bool = False  # a make-up of this lesson is to come
    is_made_up: bool = False
    overlaps: Sequence[str] = field(default_factory=tuple)
    hours_that_day: int = 0


def reasons_against_trainee(one: Missed, chosen: Policy) -> Iterator[Message]:
    """Why one trainee may not make this lesson up."""
    if not one.ground:
        yield reason("not-missed", _("{name} did not miss this lesson."), "N4.1", name=one.name)
    elif one.ground not in chosen.grounds:
        if one.ground == ABSENT:
            text = _("{name} was absent without leave, which is not made up here.")
        else:
            text = _("{name} was on leave on a ground that is not made up here.")
        yield reason("make-up-ground", text, "N4.1", name=one.name)
    if one.is_planned:
        yield reason("make-up-planned", _("{name} is to make this lesson up already."), "N4.1", name=one.name)
    if one.is_made_up:
        yield reason("made-up", _("{name} has made this lesson up already."), "N4.1", name=one.name)
    together = one.made_up_hours + one.hours
    if together * 100 > one.planned_hours * chosen.percent:
        text = _("{name} would make up {hours} of {planned} hours; {percent} % may be.")
        figures = {"hours": together, "planned": one.planned_hours, "percent": chosen.percent}
        yield reason("make-up-much", text, "N4.1", name=one.name, **figures)
    for other in one.overlaps:
        text = _("{name} has lessons at the same time in {other}.")
        yield reason("trainee-taken", text, "N3.7", name=one.name, other=other)
    if one.hours_that_day + one.hours > chosen.hours_per_day:
        text = _("{name} would have {hours} hours on that day; a day may have {most}.")
        figures = {"hours": one.hours_that_day + one.hours, "most": chosen.hours_per_day}
        yield reason("long-day", text, "N4.1", name=one.name, **figures)
