"""What devices say of faces, and the sample that the server compares itself (N7.2; D33, D49)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from PIL import Image, ImageOps

from rollbook.evidence import actions as evidence
from rollbook.evidence import queries as pictures
from rollbook.evidence import rules as picture_rules
from rollbook.evidence.rules import Kind, Place
from rollbook.faces import adapters, queries, rules
from rollbook.faces.actions.looks import Look, answering, own
from rollbook.faces.models import Challenge, Check, Template
from rollbook.faces.sealing import chance, owner_of, unseal
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a device says that it saw."""

    event_id: UUID
    nonce: str
    happened_at: datetime
    vendor: str
    model: str
    score: float
    liveness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A claim that belongs to somebody, with what came of it."""

    claim: Claim
    person_id: int
    enrolment_id: int
    lesson_id: int
    institution_id: int
    region_code: str
    passed: bool
    sample_percent: int


def answer_challenges(*, device_id: int, claims: Iterable[Claim], skew_seconds: int, now: datetime) -> set[UUID]:
    """Spend the challenges that these events answer; gives the events whose challenge was fresh. The same event sent
    again finds the challenge that it spent. In the caller's transaction."""
    wanted = {one.nonce: one for one in claims if one.nonce}
    fresh: set[UUID] = set()
    found = Challenge.objects.select_for_update().filter(nonce__in=wanted, holder=f"device:{device_id}")
    for one in found.order_by("pk"):
        claim = wanted[one.nonce]
        if one.used_for not in (None, claim.event_id):
            continue
        if not rules.is_fresh(claim.happened_at, one.issued_at, one.expires_at, skew_seconds):
            continue
        fresh.add(claim.event_id)
        if one.used_for is None:
            one.used_at, one.used_for = now, claim.event_id
            one.save(update_fields=["used_at", "used_for"])
    return fresh


def note_checks(*, noted: Sequence[Noted]) -> None:
    """Keep what was said of each face; of a share, the device is asked for the picture. In the caller's transaction."""
    Check.objects.bulk_create([_check(one) for one in noted], ignore_conflicts=True)  # some were sent before


def _check(one: Noted) -> Check:
    return Check(
        event_id=one.claim.event_id,
        owner=owner_of(one.person_id),
        enrolment_id=one.enrolment_id,
        lesson_id=one.lesson_id,
        institution_id=one.institution_id,
        region_code=one.region_code,
        at=one.claim.happened_at,
        vendor=one.claim.vendor,
        model=one.claim.model,
        score=one.claim.score,
        liveness=one.claim.liveness,
        passed=one.passed,
        recheck=_wanted(one),
    )


def _wanted(one: Noted) -> rules.Recheck:
    is_sampled = rules.is_sampled(chance(str(one.claim.event_id)), one.sample_percent)
    return rules.Recheck.WANTED if is_sampled else rules.Recheck.NONE


def likeness(*, by: "Account", seen: Look) -> float:
    """How like the kept face is to the one before the phone's camera, 0 to 1; 0 where the kept one is of another model."""
    template = Template.objects.filter(pk=owner_of(own(by))).first()
    refuse_if(rules.reasons_without_template(has_template=template is not None))
    with answering(seen.challenge):
        return _score(template, seen.straight) or 0.0


def note_look(*, seen: Look, noted: Noted) -> Check:
    """Keep what came of a face before a phone's camera, and whether its picture was shown before. In the caller's
    transaction."""
    check = _check(noted)
    check.used_up = seen.is_last and not noted.passed
    check.fingerprint = _fingerprint(seen.straight)
    check.bands = [] if picture_rules.is_plain(check.fingerprint) else picture_rules.bands(check.fingerprint)
    check.alike = queries.same_capture(check, check.fingerprint)
    check.save()
    if not noted.passed:
        record("face.not-passed", check, by=None, at=noted.claim.happened_at, region_code=check.region_code,
               institution_id=check.institution_id, used_up=check.used_up,
               alike=[check.alike_id] if check.alike_id else [])  # fmt: skip
    return check


def compare_still(*, person_id: int, picture: bytes, since: int) -> tuple[rules.Compared, float | None]:
    """The face of who was called to the camera, or stands at the door of an examination, beside the one kept, where the
    person agreed to a statement that names this (`since`): what was found stands beside the word of whoever looks, who
    decides. Nothing is written here."""
    kept = queries.kept(person_id)
    consent, template = queries.consent_of(kept), queries.template_of(kept)
    if consent is None or consent.text < since or template is None:
        return rules.Compared.NOT_AGREED, None
    matcher = adapters.matcher()
    if matcher is None or template.model != matcher.model:
        return rules.Compared.AWAY, None
    _person, content = unseal(template.pk, template.key_version, bytes(template.box))
    try:
        found = matcher.nearest(content, _as_seen(picture))
    except adapters.Unavailable:
        return rules.Compared.AWAY, None
    return (rules.Compared.NO_FACE, None) if found is None else (rules.Compared.DONE, found)


LONGEST = 1600  # pixels of the longer side of what is compared


def _as_seen(picture: bytes) -> bytes:
    """A photograph of a phone as a matcher takes it: upright, and no larger than it needs."""
    with _opened(picture) as image:
        image.draft("RGB", (LONGEST, LONGEST))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONGEST, LONGEST))
    content = BytesIO()
    upright.save(content, "JPEG", quality=92)
    return content.getvalue()


def count_faces(picture: bytes) -> int | None:
    """How many faces are at least in a picture of a room; None where nothing here can count them."""
    matcher = adapters.matcher()
    try:
        return matcher.count(picture) if matcher else None
    except adapters.Unavailable:
        return None


def take_capture(
    *, institution_id: int, event_id: UUID, picture: bytes, least_score: int, place: Place | None, now: datetime
) -> Check:
    """Compare the picture of a sampled event with the person's template, and forget it; `place` is given where the
    region's terms keep it as evidence. No clear answer is "could not be compared", never agreement."""
    check = queries.wanted_of(institution_id, event_id)
    if check is None:
        raise NotFound
    _refuse_unwanted(check)
    fingerprint = _fingerprint(picture)
    template = Template.objects.filter(pk=check.owner).first()
    score = _compared(template, picture)
    with transaction.atomic():
        check = Check.objects.select_for_update().get(pk=check.pk)
        _refuse_unwanted(check)
        check.fingerprint = fingerprint
        check.bands = [] if picture_rules.is_plain(fingerprint) else picture_rules.bands(fingerprint)
        check.alike = queries.same_capture(check, fingerprint)
        check.server_score, check.rechecked_at = score, now
        check.recheck = _outcome(check, score, least_score)
        check.save()
        record("face.rechecked", check, by=None, at=now, region_code=check.region_code,
               institution_id=check.institution_id, recheck=check.recheck,
               alike=[check.alike_id] if check.alike_id else [])  # fmt: skip
    if place is not None:
        evidence.store(by=None, kind=Kind.PHOTO, content=picture, place=place, now=now)
    return check


def _refuse_unwanted(check: Check) -> None:
    if check.recheck not in rules.OPEN:
        raise Refused(reason("capture-unwanted", _("No picture is wanted of this event."), "S69"))


def _outcome(check: Check, score: float | None, least_score: int) -> rules.Recheck:
    if score is None:
        return rules.Recheck.PENDING
    agrees = rules.sampled_agrees(check.score * 100 >= least_score, score, least_score)
    return rules.Recheck.AGREES if agrees else rules.Recheck.DIFFERS


def _compared(template: Template | None, picture: bytes) -> float | None:
    """The server's own score; None where it has none, since the template is gone or the matcher is away."""
    try:
        return _score(template, picture)
    except adapters.Unavailable:
        return None


def _score(template: Template | None, picture: bytes) -> float | None:
    matcher = adapters.matcher()
    if template is None or matcher is None or template.model != matcher.model:
        return None
    _person, content = unseal(template.pk, template.key_version, bytes(template.box))
    return matcher.compare(content, picture)


MOST_BYTES = 2 * 2**20


def _fingerprint(picture: bytes) -> int:
    with _opened(picture, most_bytes=MOST_BYTES) as image:
        return pictures.fingerprint_of(image.convert("RGB"))


@contextmanager
def _opened(picture: bytes, most_bytes: float = inf) -> Iterator[Image.Image]:
    """A picture, refused where it cannot be read, even if that shows only as its pixels are."""
    try:
        if len(picture) > most_bytes:
            raise ValueError
        with Image.open(BytesIO(picture), formats=["JPEG", "PNG"]) as image:
            if image.width * image.height > picture_rules.MOST_PIXELS:
                raise ValueError
            yield image
    except (OSError, ValueError, SyntaxError):
        raise Refused(reason("face-file", _("The picture cannot be read; take it again."), "N7.2")) from None
