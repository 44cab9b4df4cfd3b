"""Who sat which paper where, under whose eyes, and what was answered: what statistical control rests on (N6.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.assessment import files, queries, rules
from rollbook.assessment.actions.scores import note, opened, read_of_roster
from rollbook.assessment.models import AnswerSheet, Duty, Sitting
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind, Place
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import actions as persons
from rollbook.web.sheets import Sheet, refuse_wrong

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


@dataclass(frozen=True, slots=True)
class Examiner:
    """Who was on duty in a sitting, as the card says."""

    name: str
    number: str
    duty: rules.DutyKind


@transaction.atomic
def file_sitting(
    *, by: "Account", class_id: int, part: str, room_id: int, starts_at: datetime, ends_at: datetime, minutes: int,
    paper: str, drawn_on: date | None, key: Sequence[str], examiners: Sequence[Examiner], now: datetime,
) -> Sitting:  # fmt: skip
    """One room at one time: filed again, it takes the place of what was filed (N6.2, S59)."""
    klass, assessment = opened(by, class_id)
    if not institutions.rooms_of(klass.institution_id).filter(pk=room_id).exists():
        raise NotFound
    found = list(
        rules.reasons_against_sitting(
            part=part, starts_at=starts_at, ends_at=ends_at, minutes=minutes, day=localdate(starts_at),
            drawn_on=drawn_on, held_on=assessment.held_on, key=key,
        )
    )  # fmt: skip
    earlier = Sitting.objects.filter(assessment=assessment, part=part, room_id=room_id, starts_at=starts_at).first()
    if earlier and earlier.sheets.exists() and len(rules.parted(earlier.key)) != len(key):
        found.append(reason("key-length", _("Answers are filed to this paper; its key keeps its length."), "N6.2"))
    found += rules.reasons_against_examiners([one.number for one in examiners])
    refuse_if(found)
    sitting, _new = Sitting.objects.update_or_create(
        assessment=assessment, part=part, room_id=room_id, starts_at=starts_at,
        defaults={
            "ends_at": ends_at, "minutes": minutes, "paper": paper.strip(), "drawn_on": drawn_on,
            "key": ",".join(key), "filed_at": now, "filed_by": by,
        },
    )  # fmt: skip
    sitting.duties.all().delete()
    for one in examiners:
        person = persons.register(by=by, name=one.name, number=one.number, now=now)
        Duty.objects.create(sitting=sitting, person=person, kind=one.duty)
    note("assessment.sitting-filed", klass, by=by, at=now, sitting=sitting.pk, paper=paper, people=len(examiners))
    return sitting


@transaction.atomic
def withdraw_sitting(*, by: "Account", sitting_id: int, now: datetime) -> "TrainingClass":
    """Take back a sitting that was filed by mistake, as long as nothing of it is there."""
    sitting = queries.sitting(by, sitting_id)
    klass, _assessment = opened(by, sitting.assessment.training_class_id)
    refuse_if(
        rules.reasons_against_withdrawing(
            answered=sitting.sheets.count(), photographed=sitting.photos.count(),
            recorded=sum(map(len, queries.records_of(sitting_id).values())),
        )
    )  # fmt: skip
    note("assessment.sitting-withdrawn", klass, by=by, at=now, sitting=sitting_id, starts_at=str(sitting.starts_at))
    sitting.duties.all().delete()
    sitting.delete()
    return klass


@transaction.atomic
def file_answers(*, by: "Account", sitting_id: int, sheets: Mapping[int, rules.Answers], now: datetime) -> int:
    """What candidates chose and how long they took, by enrolment; filed again, the later stands (S66)."""
    sitting = queries.sitting(by, sitting_id)
    klass, _assessment = opened(by, sitting.assessment.training_class_id)
    if set(sheets) - set(classes.roster(klass.pk).values_list("pk", flat=True)):
        raise NotFound
    found: list[Message] = []
    if now < sitting.starts_at:
        found.append(reason("not-sat", _("Nobody has sat this paper yet."), "N6.2"))
    for one in sheets.values():
        found += rules.reasons_against_answers(one, questions=len(rules.parted(sitting.key)), minutes=sitting.minutes)
    refuse_if(found)
    for enrolment_id, one in sheets.items():
        AnswerSheet.objects.update_or_create(
            sitting=sitting, enrolment_id=enrolment_id,
            defaults={"minutes": one.minutes, "choices": ",".join(one.choices), "filed_at": now, "filed_by": by},
        )  # fmt: skip
    note("assessment.answers-filed", klass, by=by, at=now, sitting=sitting.pk, people=len(sheets))
    return len(sheets)


def preview_answers(*, by: "Account", sitting_id: int, content: bytes) -> Sheet:
    """Read a file of answers; every wrong cell is marked, and nothing is written."""
    sitting = queries.sitting(by, sitting_id)
    sheet = read_of_roster(files.ANSWERS, content, sitting.assessment.training_class_id)
    questions = len(rules.parted(sitting.key))
    for row in sheet.rows:
        if row["minutes"] != "" and row["choices"] != "":
            row["answers"] = rules.Answers(row["minutes"], tuple(row["choices"]))
            for wrong in rules.reasons_against_answers(row["answers"], questions=questions, minutes=sitting.minutes):
                sheet.mark(row["row"], "用时（分钟）" if wrong.code == "took-longer" else "答案", wrong)
    return sheet


@transaction.atomic
def import_answers(*, by: "Account", sitting_id: int, content: bytes, now: datetime) -> int:
    sheet = preview_answers(by=by, sitting_id=sitting_id, content=content)
    refuse_wrong(sheet)
    sheets = {row["enrolment"].pk: row["answers"] for row in sheet.rows}
    return file_answers(by=by, sitting_id=sitting_id, sheets=sheets, now=now)


@transaction.atomic
def add_record(*, by: "Account", sitting_id: int, what: str, path: Path, now: datetime) -> None:
    """The sign-in sheet, the papers or the video of a sitting, kept as evidence of its class (domain 5.2, D109)."""
    sitting = queries.sitting(by, sitting_id)
    klass, _assessment = opened(by, sitting.assessment.training_class_id)
    if what not in rules.Record.values():
        raise Refused(reason("which-record", _("Say what of the sitting it is.")))
    whole = asdict(classes.place_of(klass, None, Keep.FILE, now)) | {"subject": queries.record_of(sitting.pk, what)}
    place, title = Place(**whole), f"{klass} · {rules.Record(what).label}"
    if what == rules.Record.VIDEO:
        evidence.store_video(by=by, path=path, place=place, title=title, now=now)
    else:
        evidence.store(by=by, kind=Kind.PAPER, content=path.read_bytes(), place=place, title=title, now=now)
    note("assessment.record-added", klass, by=by, at=now, sitting=sitting.pk, record=what)
