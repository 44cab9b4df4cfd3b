"""Candidates photographed at the door of a sitting, so that nobody sits for another (N7.4, D101)."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.assessment import queries, rules
from rollbook.assessment.actions.scores import note
from rollbook.assessment.models import Assessment, DoorPhoto
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence import queries as pictures
from rollbook.evidence.rules import Keep, Kind, Place
from rollbook.faces import actions as faces
from rollbook.faces.rules import EXAMS_SINCE
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.assessment.models import Sitting


def photograph(
    *, by: "Account", sitting_id: int, enrolment_id: int, picture: bytes, word: str, remark: str = "",
    taken_at: datetime | None = None, now: datetime,
) -> DoorPhoto:  # fmt: skip
    """Keep the photograph of a candidate with the examiner's word and, where the candidate agreed to it, what the machine
    found. The same picture sent again is the same photograph."""
    sitting = queries.at_door(by, sitting_id)
    one = classes.roster(sitting.assessment.training_class_id).filter(pk=enrolment_id).first()
    if one is None:
        raise NotFound
    at = taken_at or _when(sitting, picture, now)
    refuse_if(
        rules.reasons_against_photograph(
            word=word, remark=remark, taken_at=at, starts_at=sitting.starts_at, ends_at=sitting.ends_at, now=now
        )
    )
    compared, likeness = faces.compare_still(person_id=one.person_id, picture=picture, since=EXAMS_SINCE)
    with transaction.atomic():
        if Assessment.objects.select_for_update().get(pk=sitting.assessment_id).locked_at:
            raise Refused(reason("locked", _("The results are locked; ask for a change."), "N5.2"))
        klass = sitting.assessment.training_class
        whole = asdict(classes.place_of(klass, None, Keep.FILE, now))
        whole["subject"] = queries.record_of(sitting.pk, f"door:{enrolment_id}")
        title = f"{klass} · {one.person.name}"
        item = evidence.store(by=by, kind=Kind.PHOTO, content=picture, place=Place(**whole), title=title, now=now)
        if known := queries.photo_of(sitting.pk, enrolment_id, item.pk):
            if (known.word, known.remark) != (word, remark.strip()):
                raise Refused(
                    reason("photo-known", _("This picture is filed with another word; take a new one."), "N7.4")
                )
            return known
        made = DoorPhoto.objects.create(
            sitting=sitting, enrolment=one, item=item, word=word, remark=remark.strip()[:200], compared=compared,
            likeness=likeness, taken_at=at, filed_at=now, filed_by=by,
        )  # fmt: skip
        note("assessment.candidate-photographed", klass, by=by, at=now, sitting=sitting.pk, trainee=one.person.name,
             said=word, remark=made.remark, percent=made.percent if likeness is not None else None)  # fmt: skip
    return made


def _when(sitting: "Sitting", picture: bytes, now: datetime) -> datetime:
    """Now while the door is open; later what the camera wrote, for pictures that a phone sends when it is back online."""
    if rules.is_at_the_door(now, sitting.starts_at, sitting.ends_at):
        return now
    return pictures.camera_time(picture) or now
