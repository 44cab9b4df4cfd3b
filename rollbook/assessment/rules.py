"""Completion assessment: scores and when they pass, sittings and answers (N5.2, N6.2, domain 9.2)."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Result(Choice):
    PENDING = "pending", _("Not assessed")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    ABSENT = "absent", _("Absent from the assessment")


class ChangeState(Choice):
    ASKED = "asked", _("Asked")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


class Part(Choice):
    THEORY = "theory", _("Theory")
    PRACTICE = "practice", _("Practice")


class DutyKind(Choice):
    INVIGILATOR = "invigilator", _("Invigilator")
    ASSESSOR = "assessor", _("Assessor")


class Record(Choice):
    """What a sitting leaves behind (domain 9.4)."""

    SIGN_IN = "sign_in", _("Sign-in sheet")
    PAPERS = "papers", _("Papers and answer cards")
    VIDEO = "video", _("Video of the room")


class Word(Choice):
    """What the examiner at the door says of a candidate: it stands beside what the machine finds, and alone counts."""

    SAME = "same", _("Compared with the identity card by me: the same person")
    OTHER = "other", _("Another person")
    UNCLEAR = "unclear", _("Could not be told")


DOOR_HOURS = 2  # before a sitting, from when on its candidates may be photographed

CHOSEN = re.compile(r"[A-H]{0,8}|对|错|√|×")
PARTED = re.compile(r"[,，、;；]")


@dataclass(frozen=True, slots=True)
class Answers:
    """One candidate's minutes on a paper and choice of each question; "" where there is none."""

    minutes: int
    choices: tuple[str, ...]


def chosen(text: str) -> list[str]:
    """The choices of a paper as they are typed: parted by commas, or one letter a question."""
    text = "".join(text.upper().split())
    return PARTED.split(text) if PARTED.search(text) else list(text)


def parted(text: str) -> list[str]:
    """Choices as they are kept."""
    return text.split(",") if text else []


def unreadable(choices: Sequence[str]) -> list[str]:
    return [one for one in choices if not CHOSEN.fullmatch(one)]


def result(theory: int | None, practice: int | None, is_absent: bool, pass_mark: int) -> Result:
    """Both theory and practice must reach the pass mark, out of 100 (domain 9.2)."""
    if is_absent:
        return Result.ABSENT
    if theory is None or practice is None:
        return Result.PENDING
    return Result.PASSED if min(theory, practice) >= pass_mark else Result.FAILED


def reasons_against_marks(theory: int | None, practice: int | None, is_absent: bool) -> Iterator[Message]:
    for name, mark in ((_("theory"), theory), (_("practice"), practice)):
        if mark is not None and not 0 <= mark <= 100:
            yield reason(
                "mark-range", _("The mark of {name} must be 0 to 100; it is {mark}."), "N5.2", name=name, mark=mark
            )
    if is_absent and (theory is not None or practice is not None):
        yield reason("absent-with-marks", _("Who was absent has no marks."), "N5.2")


def reasons_against_lock(
    *, trainees: int, pending: int, held: bool, class_ended: bool, make_ups: int, sittings: int = 0
) -> Iterator[Message]:
    """Why results cannot be locked yet (N5.1)."""
    if not class_ended:
        yield reason("not-ended", _("The training has not ended."), "N5.1")
    if not held:
        yield reason("not-held", _("Enter when and where the assessment was held, and by whom."), "N5.1")
    if make_ups:
        text = _("{count} make-up lessons are not over or not closed; they may still count.")
        yield reason("make-ups-open", text, "N4.1", count=make_ups)
    if sittings:
        yield reason("sittings-open", _("{count} sittings are not over yet."), "N6.2", count=sittings)
    if pending or not trainees:
        yield reason("pending", _("{count} trainees have no result yet."), "N5.1", count=pending)


def reasons_against_sitting(
    *, part: str, starts_at: datetime, ends_at: datetime, minutes: int, day: date, drawn_on: date | None,
    held_on: date | None, key: Sequence[str],
) -> Iterator[Message]:  # fmt: skip
    """What a sitting cannot be; it may be filed before it is held, so that its candidates are photographed (N6.2)."""
    if part not in Part.values():
        yield reason("which-part", _("Say which part of the assessment was sat."))
    if held_on is None:
        yield reason("not-held", _("Enter when and where the assessment was held, and by whom."), "N5.1")
    elif day < held_on:
        yield reason("before-held", _("The assessment began on {day}; nobody sat it before."), "N5.1", day=held_on)
    if not starts_at < ends_at:
        yield reason("sitting-times", _("A sitting ends after it began."), "N6.2")
    if minutes < 1:
        yield reason("no-minutes", _("Say how many minutes the paper gives."), "S66")
    if drawn_on and drawn_on > day:
        yield reason("drawn-later", _("A paper is drawn before it is sat."), "S59")
    if wrong := unreadable(key):
        yield reason("bad-choice", _("“{text}” is no choice: letters A to H, 对 or 错."), text=wrong[0])


def reasons_against_examiners(numbers: Sequence[str]) -> Iterator[Message]:
    for number, count in Counter(numbers).items():
        if count > 1:
            text = _("The number ending in {tail} stands twice among the examiners.")
            yield reason("examiner-twice", text, tail=number[-4:])


def reasons_against_withdrawing(*, answered: int, photographed: int, recorded: int) -> Iterator[Message]:
    """A sitting that left something behind was held, and stays (N6.2)."""
    if answered or photographed or recorded:
        yield reason("sitting-held", _("Answers, photographs or records of this sitting are filed; it stays."), "N6.2")


def door_opens(starts_at: datetime) -> datetime:
    return starts_at - timedelta(hours=DOOR_HOURS)


def is_at_the_door(at: datetime, starts_at: datetime, ends_at: datetime) -> bool:
    return door_opens(starts_at) <= at <= ends_at


def reasons_against_photograph(
    *, word: str, remark: str, taken_at: datetime, starts_at: datetime, ends_at: datetime, now: datetime
) -> Iterator[Message]:
    """A candidate is photographed at the door, by an examiner who compares with the card (N7.4, D101)."""
    if word not in Word.values():
        yield reason("no-word", _("Say whether it is the person of the identity card."), "N7.4")
    elif word != Word.SAME and not remark.strip():
        yield reason("describe", _("Describe what you saw."), "N7.4")
    if taken_at > now or not is_at_the_door(taken_at, starts_at, ends_at):
        text = _("Candidates are photographed from {hours} hours before the sitting until its end.")
        yield reason("not-at-the-door", text, "N7.4", hours=DOOR_HOURS)


def reasons_against_answers(answers: Answers, *, questions: int, minutes: int) -> Iterator[Message]:
    """An answer sheet has a choice, or none, for each question of its paper, in the time of it (S66)."""
    if len(answers.choices) != questions:
        text = _("{count} answers; the paper has {questions} questions.")
        yield reason("answers-count", text, count=len(answers.choices), questions=questions)
    if wrong := unreadable(answers.choices):
        yield reason("bad-choice", _("“{text}” is no choice: letters A to H, 对 or 错."), text=wrong[0])
    if not 0 < answers.minutes <= minutes:
        yield reason("took-longer", _("The paper gives {most} minutes."), most=minutes)
