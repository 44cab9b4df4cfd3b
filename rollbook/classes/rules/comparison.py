"""What was asked for beside what is required and was found, row by row, for who decides (N4.1, N4.2)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from rollbook.classes.rules.application import Facts, Key
from rollbook.kernel.messages import Message, _
from rollbook.regions.rules import WorkingDays


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to look at; `stops` when a check of this row stops the class."""

    label: str
    asked: Message
    found: Message
    stops: bool
    looks: bool = False  # an officer should look, though nothing stops


def compare(
    facts: Facts, terms: Key, calendar: WorkingDays, stops: Collection[str], *, project: str, institution: str
) -> Iterator[Row]:
    """The rows of a review page; `stops` are the codes of the reasons that stop the class."""
    yield _row(
        stops, {"no-project", "not-in-list"}, _("Project"),
        Message("{name}", {"name": project}),
        Message(_("In the directory in force") if facts.project_in_list and facts.item_hours
                else _("Not in the directory in force")),
    )  # fmt: skip
    yield _row(
        stops, {"not-listed", "not-permitted", "restricted", "paper-lacking"}, _("Institution"),
        Message("{name}", {"name": institution}),
        _institution(facts),
    )  # fmt: skip
    yield _dates(facts, terms, calendar, stops)
    yield from _plan(facts, terms, stops)
    yield from _people(facts, terms, stops)


def _row(
    stops: Collection[str], codes: set[str], label: str, asked: Message, found: Message, *, looks: bool = False
) -> Row:
    return Row(label, asked, found, not codes.isdisjoint(stops), looks)


def _institution(facts: Facts) -> Message:
    if not facts.institution_listed:
        return Message(_("Not in the directory of institutions"))
    if not facts.project_permitted:
        return Message(_("Listed; this project is not permitted on these dates"))
    values: dict[str, object] = {"lacking": len(facts.papers_lacking), "limits": len(facts.restrictions)}
    return Message(_("Listed, project permitted; papers lacking: {lacking}, restrictions: {limits}"), values)


def _dates(facts: Facts, terms: Key, calendar: WorkingDays, stops: Collection[str]) -> Row:
    codes, label, least = {"no-dates", "too-late"}, _("Dates"), terms["apply-days-ahead"]
    if facts.starts_on is None or facts.ends_on is None:
        return _row(stops, codes, label, Message(_("None given")), Message(_("At least {n} working days ahead"),
                                                                           {"n": least}))  # fmt: skip
    ahead = calendar.between(facts.submitted_on, facts.starts_on)
    return _row(
        stops, codes, label,
        Message(_("{first} to {last}"), {"first": facts.starts_on, "last": facts.ends_on}),
        Message(_("Applied for {ahead} working days ahead; at least {least}"), {"ahead": ahead, "least": least}),
    )  # fmt: skip


def _plan(facts: Facts, terms: Key, stops: Collection[str]) -> Iterator[Row]:
    hours = sum(one.hours for one in facts.lessons)
    practice = sum(one.hours for one in facts.lessons if one.is_practice)
    yield _row(
        stops, {"too-few-hours", "too-little-practice", "no-lessons"}, _("Hours"),
        Message(_("{hours} h in {count} lessons, {percent} % practice"),
                {"hours": hours, "count": len(facts.lessons), "percent": practice * 100 // hours if hours else 0}),
        Message(_("The directory asks for {hours} h, {percent} % practice"),
                {"hours": facts.item_hours or 0, "percent": facts.item_practice_percent}),
    )  # fmt: skip
    by_day: dict[date, int] = {}
    for one in facts.lessons:
        by_day[one.day] = by_day.get(one.day, 0) + one.hours
    yield _row(
        stops, {"long-day", "lesson-outside", "plan-overlaps"}, _("Days"),
        Message(_("{days} days, at most {hours} h a day"), {"days": len(by_day),
                                                           "hours": max(by_day.values(), default=0)}),
        Message(_("At most {most} h a day, within the dates, none overlapping"), {"most": terms["hours-per-day"]}),
    )  # fmt: skip
    rooms = {one.room: one.seats for one in facts.lessons}
    clashes = sum(bool(one.taken_room) for one in facts.lessons)
    yield _row(
        stops, {"too-few-seats", "room-taken"}, _("Rooms"),
        Message("{names}", {"names": "、".join(sorted(rooms)) or "–"}),
        Message(_("Smallest room: {seats} seats; lessons where a room is taken: {clashes}"),
                {"seats": min(rooms.values(), default=0), "clashes": clashes}),
    )  # fmt: skip
    teachers = {one.teacher: one.teacher_qualified for one in facts.lessons}
    clashes = sum(bool(one.taken_teacher) for one in facts.lessons)
    yield _row(
        stops, {"teacher-unqualified", "teacher-taken"}, _("Teachers"),
        Message("{names}", {"names": "、".join(sorted(teachers)) or "–"}),
        Message(_("{able} of {all} qualified; lessons where one teaches elsewhere: {clashes}"),
                {"able": sum(teachers.values()), "all": len(teachers), "clashes": clashes}),
    )  # fmt: skip


def _people(facts: Facts, terms: Key, stops: Collection[str]) -> Iterator[Row]:
    people, size = facts.trainees, len(facts.trainees)
    yield _row(
        stops, {"class-size"}, _("Class size"),
        Message(_("{n} trainees"), {"n": size}),
        Message(_("{least} to {most} in a class"), {"least": terms["class-min"], "most": terms["class-max"]}),
    )  # fmt: skip
    yield _row(
        stops, {"over-capacity"}, _("In training at once"),
        Message(_("{n} with this class"), {"n": size + facts.others_in_training}),
        Message(_("The institution may train {n} at once"), {"n": facts.capacity}),
    )  # fmt: skip
    pending = sum(one.verification == "pending" for one in people)
    ages = [one.age for one in people]
    yield _row(
        stops, {"identity-mismatch", "too-young"}, _("Identities"),
        Message(_("{n} trainees, {young} to {old} years old"),
                {"n": size, "young": min(ages, default=0), "old": max(ages, default=0)}),
        Message(_("{ok} verified, {pending} waiting, {wrong} that do not match"),
                {"ok": sum(one.verification == "matched" for one in people), "pending": pending,
                 "wrong": sum(one.verification == "mismatched" for one in people)}),
        looks=pending > 0 or any(age >= 60 for age in ages),
    )  # fmt: skip
    yield _row(
        stops, {"level-had", "trainee-taken"}, _("Earlier training"),
        Message(_("Nobody twice at public cost")),
        Message(_("{had} with training of this occupation, {busy} with lessons elsewhere at the same time"),
                {"had": sum(bool(one.levels) for one in people), "busy": sum(bool(one.overlaps) for one in people)}),
    )  # fmt: skip
    unsigned = sum(not one.signed for one in people)
    yield _row(
        stops, {"no-commitment", "no-resources", "no-assessment-plan", "no-head"}, _("Papers of the class"),
        Message(_("Textbooks, assessment plan, who answers for it, commitments")),
        Message(_("Commitment of the institution signed; of the trainees {signed} of {all}") if facts.has_commitment
                else _("Commitment of the institution not signed; of the trainees {signed} of {all}"),
                {"signed": size - unsigned, "all": size}),
        looks=unsigned > 0,
    )  # fmt: skip
