"""How a face is set up: a challenge, a few pictures, one template (N7.2; domain 4, S69)."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.faces import adapters, queries, rules
from rollbook.faces.actions.consent import delete_template, own
from rollbook.faces.models import Challenge, Likeness, Template
from rollbook.faces.rules import liveness
from rollbook.faces.sealing import owner_of, seal, turned, unseal
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.faces.adapters import Encoded, FaceMatcher
    from rollbook.persons.models import Person

LIKENESS = 7421  # the number of the lock under which near faces are looked for
MOST_CHALLENGES = 50  # that a device may hold at a time
TIME_TO_READ = 20  # seconds that a person has beyond the moves themselves


def _challenge(holder: str, purpose: rules.Purpose, seconds: int, now: datetime) -> Challenge:
    """Moves in an order that nobody knows before: two of the three, the second never the first again."""
    moves = secrets.SystemRandom().sample([one.value for one in liveness.Move], liveness.MOVES)
    return Challenge(
        nonce=secrets.token_urlsafe(32), holder=holder, purpose=purpose, moves=moves,
        issued_at=now, expires_at=now + timedelta(seconds=seconds),
    )  # fmt: skip


@transaction.atomic
def challenge_account(*, by: "Account", now: datetime) -> Challenge:
    """The moves that a person makes before the phone's camera; nothing of it is journalled until it is answered."""
    person_id = own(by)
    refuse_if(_against(person_id))
    chosen = queries.policy_for(persons.by_id(person_id).region_code or by.region_code, localdate(now))
    made = _challenge(f"account:{by.pk}", rules.Purpose.ENROL, chosen.nonce_seconds + TIME_TO_READ, now)
    made.save()
    return made


@transaction.atomic
def challenge_device(*, device_id: int, region_code: str, count: int, now: datetime) -> list[Challenge]:
    """Challenges for the next people at a device, each good for seconds."""
    chosen = queries.policy_for(region_code, localdate(now))
    count = min(max(count, 1), MOST_CHALLENGES)
    made = [_challenge(f"device:{device_id}", rules.Purpose.CHECK_IN, chosen.nonce_seconds, now) for _n in range(count)]
    return Challenge.objects.bulk_create(made)


def _against(person_id: int) -> list[Message]:
    has_consent = queries.consent_of(person_id) is not None
    return list(rules.reasons_against_template(has_consent=has_consent, is_set_up=queries.is_set_up()))


def _matcher() -> "FaceMatcher":
    found = adapters.matcher()
    if found is None:
        raise Refused(*rules.reasons_against_template(has_consent=True, is_set_up=False))
    return found


def enrol(*, by: "Account", nonce: str, pictures: Sequence[bytes], now: datetime) -> Template:
    """Set up my face from the pictures that answer a challenge. They go nowhere but into the decision.

    The challenge is spent before anything is looked at, so that nobody tries the same one twice.
    """
    person_id = own(by)
    refuse_if(_against(person_id))
    if not liveness.LEAST_FRAMES <= len(pictures) <= liveness.MOST_FRAMES:
        text = _("From {least} to {most} pictures are needed; {count} came.")
        raise Refused(
            reason(
                "pictures", text, "N7.2", least=liveness.LEAST_FRAMES, most=liveness.MOST_FRAMES, count=len(pictures)
            )
        )
    spent = _spend(nonce, f"account:{by.pk}", now)
    matcher = _matcher()
    try:
        frames = matcher.frames(pictures)
        refuse_if(liveness.reasons_against_liveness(spent.moves, frames))
        straight = min(
            (n for n, one in enumerate(frames) if one is not None), key=lambda n: abs(getattr(frames[n], "turn", 1))
        )
        encoded = matcher.encode(pictures[straight])
    except adapters.Unavailable:
        raise Refused(unavailable()) from None
    refuse_if(rules.reasons_against_picture(encoded.quality))
    return _keep(by, persons.by_id(person_id), encoded, matcher.model, rules.Way.PHONE, now)


def enrol_at_counter(*, by: "Account", person_id: int, picture: bytes, now: datetime) -> Template:
    """An officer takes the picture of somebody who agreed and stands before the counter."""
    person = persons.get(by, person_id)
    authorise(by, Permission.FACE_ENROL, region_code=person.region_code)
    refuse_if(_against(person.pk))
    matcher = _matcher()
    try:
        encoded = matcher.encode(picture)
    except adapters.Unavailable:
        raise Refused(unavailable()) from None
    refuse_if(rules.reasons_against_picture(encoded.quality))
    return _keep(by, person, encoded, matcher.model, rules.Way.COUNTER, now)


def unavailable() -> Message:
    return reason(
        "matcher-away", _("The comparison of faces does not answer now. Try later, or use another way."), "S69"
    )


@transaction.atomic
def _spend(nonce: str, holder: str, now: datetime) -> Challenge:
    found = Challenge.objects.select_for_update().filter(nonce=nonce, holder=holder).first()
    refuse_if(
        rules.reasons_against_challenge(
            is_known=found is not None,
            is_used=found is not None and found.used_at is not None,
            is_over=found is not None and now > found.expires_at,
        )
    )
    if found is None:
        raise NotFound
    found.used_at = now
    found.save(update_fields=["used_at"])
    return found


@transaction.atomic
def _keep(by: "Account", person: "Person", encoded: "Encoded", model: str, way: rules.Way, now: datetime) -> Template:
    """Write the template. Whoever withdraws meanwhile has the person's row, or finds the template when it has ours."""
    with connection.cursor() as cursor:  # of two who come at once, the second sees the first's face
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LIKENESS])
    persons.lock(person.pk)
    refuse_if(_against(person.pk))
    owner = owner_of(person.pk)
    delete_template(owner, rules.Cause.REPLACED, now=now)
    version, box = seal(owner, person.pk, encoded.template)
    consent = queries.consent_of(person.pk)
    assert consent is not None  # noqa: S101 or it had been refused
    vector = turned(encoded.vector) if encoded.vector else None
    made = Template.objects.create(
        permit_id=owner, key_version=version, box=box, model=model, turned=vector, made_at=now, way=way,
        keep_until=consent.until,
    )  # fmt: skip
    record(
        "face.set-up", consent, by=by, at=now, region_code=person.region_code, way=way, keep_until=str(consent.until)
    )
    if vector:
        _note_alike(person, made, vector, by.region_code, now)
    return made


def _note_alike(person: "Person", made: Template, vector: Sequence[float], region_code: str, now: datetime) -> None:
    """Write down who has nearly this face under another identity; a person looks at it (B7, D32)."""
    chosen = queries.policy_for(person.region_code or region_code, localdate(now))
    most = rules.distance_at(chosen.pair_score / 100)
    own_records = persons.records_of([person.pk])
    for other, distance in queries.near(made.pk, vector, made.model, most):
        other_id, _template = unseal(other.pk, other.key_version, bytes(other.box))
        if other_id in own_records:
            continue
        older, newer = sorted((person.pk, other_id))
        pair, is_new = Likeness.objects.get_or_create(
            older_id=older, newer_id=newer, defaults={"score": rules.score(distance), "found_at": now}
        )
        if is_new:
            province = f"{(person.region_code or region_code)[:2]}0000"
            record("face.alike", pair, by=None, at=now, region_code=province, percent=round(pair.score * 100))


def rotate(limit: int = 500) -> int:
    """Seal anew with the newest key what an older one sealed. Gives how many were done."""
    return sum(_rotated(pk) for pk in queries.sealed_before(max(settings.SEAL_KEYS), limit))


@transaction.atomic
def _rotated(owner: str) -> bool:
    found = Template.objects.select_for_update().filter(pk=owner).first()
    if found is None or found.key_version >= max(settings.SEAL_KEYS):
        return False
    person_id, template = unseal(owner, found.key_version, bytes(found.box))
    found.key_version, found.box = seal(owner, person_id, template)
    found.save(update_fields=["key_version", "box"])
    return True
