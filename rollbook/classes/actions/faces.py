"""Faces that devices and phones saw: what is known of each before it is decided on, and what is noted of it (N7.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.attendance import answered, own
from rollbook.classes.actions.check_ins import settle
from rollbook.classes.models import Enrolment, Lesson
from rollbook.classes.queries.devices import Known
from rollbook.classes.rules.check_ins import Answer, Mark, Wish, used
from rollbook.classes.rules.methods import SeenFace, against_face, against_means, policy
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.evidence.rules import Keep
from rollbook.faces import actions as faces
from rollbook.faces import queries as face_queries
from rollbook.faces.actions.checks import Claim, Noted
from rollbook.faces.rules import Purpose
from rollbook.institutions import queries as institutions
from rollbook.kernel.reasons import NotFound, Refused, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.faces.models import Challenge

PHONE = "phone"  # who compared: the server, what a phone's camera saw


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSaid:
    """What a device says of the face behind an event."""

    vendor: str
    model: str
    score: float
    liveness: float


def challenges(*, device: Known, count: int, now: datetime) -> "list[Challenge]":
    """Challenges for the next people at a device: each for one event, within seconds."""
    region = institutions.by_id(device.institution_id).region_code
    return faces.challenge_device(device_id=device.id, region_code=region, count=count, now=now)


def seen_faces(
    device_id: int, wishes: Sequence[Wish], said: Mapping[UUID, FaceSaid], skew_seconds: int, now: datetime
) -> None:
    """Put beside each wish what is known of its person and its challenge; the challenges are spent."""
    mine = [one for one in wishes if one.event_id in said]
    people = queries.persons_on(one.enrolment_id for one in mine if one.enrolment_id)
    whose = {one.event_id: one.person_id or people.get(one.enrolment_id or 0) or 0 for one in mine}
    ready = face_queries.set_up_of(set(whose.values()))
    claims = [_claim(one, said[one.event_id]) for one in mine]
    fresh = faces.answer_challenges(device_id=device_id, claims=claims, skew_seconds=skew_seconds, now=now)
    for one in mine:
        face = said[one.event_id]
        one.face = SeenFace(
            is_set_up=whose[one.event_id] in ready, is_fresh=one.event_id in fresh, score=face.score,
            liveness=face.liveness,
        )  # fmt: skip


def note_faces(answered: Sequence[tuple[Wish, Answer]], said: Mapping[UUID, FaceSaid]) -> None:
    """Keep the check of each event that belongs to a trainee who agreed; of nobody else is anything kept."""
    mine = [(wish, answer) for wish, answer in answered if wish.face and wish.face.is_set_up and answer.mark]
    people = queries.persons_on(answer.mark.enrolment_id for _wish, answer in mine if answer.mark)
    above = persons.kept_of(set(people.values()))
    regions = queries.regions_of(wish.lesson_id for wish, _answer in mine)
    shares = {
        code: face_queries.policy_for(code, localdate(mine[0][0].now)).sample_percent for code in set(regions.values())
    }
    noted = [
        Noted(
            claim=_claim(wish, said[wish.event_id]), person_id=above[people[answer.mark.enrolment_id]],
            enrolment_id=answer.mark.enrolment_id, lesson_id=wish.lesson_id, institution_id=wish.institution_id or 0,
            region_code=regions[wish.lesson_id], passed=not answer.aside,
            sample_percent=shares[regions[wish.lesson_id]],
        )
        for wish, answer in mine
        if answer.mark
    ]  # fmt: skip
    faces.note_checks(noted=noted)


def check_in_by_face(
    *, by: "Account", lesson_id: int, nonce: str, pictures: Sequence[bytes], code: str, position: Position | None,
    direction: str, event_id: UUID, now: datetime,
) -> Mark:  # fmt: skip
    """A trainee checks in with the face before the own phone's camera, beside the code or the position (N4.1, N7.2).

    What could be told without the face is told first, so that no try is spent on it. A face that does not pass is noted
    with its scores, and screening reads those of whoever then came in another way. Sent again, an event that counts is
    answered as before.
    """
    authorise(by, Permission.CHECK_IN)
    lesson = queries.lesson(by, lesson_id)
    one = queries.those_in(lesson).filter(person_id=by.person_id or 0).first()
    if one is None:
        raise NotFound
    wish = own(by, lesson_id, code, direction, event_id, now)
    wish.means, wish.code, wish.position, wish.nonce = Means.FACE, code or None, position, nonce
    if mark := queries.mark_of_event(event_id, one.pk):
        return mark
    if face_queries.is_known(event_id):
        raise Refused(used())
    chosen = policy(queries.terms_of(lesson.training_class, now).values)
    with_proof = wish.code is not None or position is not None
    refuse_if(against_means(Means.FACE, chosen, with_other_proof=with_proof))
    seen = faces.look(by=by, purpose=Purpose.CHECK_IN, nonce=nonce, pictures=pictures, now=now)
    wish.face = SeenFace(
        is_set_up=True, is_fresh=True, score=faces.likeness(by=by, seen=seen), liveness=0.0 if seen.reasons else 1.0
    )
    against = seen.reasons or tuple(against_face(wish.face, chosen))
    with transaction.atomic():
        answer = Answer(reasons=against) if against else settle([wish])[0]
        if not against:
            faces.pass_look(seen)
        if against or (answer.mark and not answer.aside):
            faces.note_look(seen=seen, noted=_noted(wish, one, lesson, wish.face, passed=not against))
    return answered(answer)


def _noted(wish: Wish, one: Enrolment, lesson: Lesson, face: SeenFace, *, passed: bool) -> Noted:
    said = FaceSaid(vendor=PHONE, model=face_queries.model(), score=face.score, liveness=face.liveness)
    klass = lesson.training_class
    return Noted(
        claim=_claim(wish, said), person_id=face_queries.kept(one.person_id), enrolment_id=one.pk, lesson_id=lesson.pk,
        institution_id=klass.institution_id, region_code=klass.region_code, passed=passed, sample_percent=0,
    )  # fmt: skip


def take_picture(*, device: Known, event_id: UUID, picture: bytes, now: datetime) -> None:
    """The picture of a sampled event: compared by the server, and kept only where the region's terms say so."""
    check = face_queries.wanted_of(device.institution_id, event_id)
    if check is None:
        raise NotFound
    chosen, place = face_queries.policy_for(check.region_code, localdate(now)), None
    if chosen.keeps_pictures:
        lesson = Lesson.objects.select_related("training_class").get(pk=check.lesson_id)
        place = queries.place_of(lesson.training_class, lesson, Keep.RAW, now)
    faces.take_capture(
        institution_id=device.institution_id, event_id=event_id, picture=picture, least_score=chosen.least_score,
        place=place, now=now,
    )  # fmt: skip


def _claim(wish: Wish, face: FaceSaid) -> Claim:
    return Claim(
        event_id=wish.event_id, nonce=wish.nonce, happened_at=wish.happened_at, vendor=face.vendor, model=face.model,
        score=face.score, liveness=face.liveness,
    )  # fmt: skip
