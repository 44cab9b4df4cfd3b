"""How a face is set up: a challenge, a few pictures, one template (N7.2; domain 4, S69)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.faces import adapters, queries, rules
from rollbook.faces.actions.consent import delete_template
from rollbook.faces.actions.looks import against_template, answering, look, matcher, own, pass_look, unavailable
from rollbook.faces.models import Likeness, Template
from rollbook.faces.sealing import owner_of, seal, turned, unseal
from rollbook.journal.actions import record
from rollbook.kernel.reasons import Refused, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.faces.adapters import Encoded
    from rollbook.persons.models import Person

LIKENESS = 7421  # the number of the lock under which near faces are looked for


def enrol(*, by: "Account", nonce: str, pictures: Sequence[bytes], now: datetime) -> Template:
    """Set up my face from the pictures that answer a challenge."""
    seen = look(by=by, purpose=rules.Purpose.ENROL, nonce=nonce, pictures=pictures, now=now)
    refuse_if(seen.reasons)
    chosen = matcher()
    with answering(seen.challenge):
        encoded = chosen.encode(seen.straight)
    refuse_if(rules.reasons_against_picture(encoded.quality))
    made = _keep(by, persons.by_id(own(by)), encoded, chosen.model, rules.Way.PHONE, now)
    pass_look(seen)
    return made


def enrol_at_counter(*, by: "Account", person_id: int, picture: bytes, now: datetime) -> Template:
    """An officer takes the picture of somebody who agreed and stands before the counter."""
    person = persons.get(by, person_id)
    authorise(by, Permission.FACE_ENROL, region_code=person.region_code)
    refuse_if(against_template(person.pk))
    chosen = matcher()
    try:
        encoded = chosen.encode(picture)
    except adapters.Unavailable:
        raise Refused(unavailable()) from None
    refuse_if(rules.reasons_against_picture(encoded.quality))
    return _keep(by, person, encoded, chosen.model, rules.Way.COUNTER, now)


@transaction.atomic
def _keep(by: "Account", person: "Person", encoded: "Encoded", model: str, way: rules.Way, now: datetime) -> Template:
    """Write the template. Whoever withdraws meanwhile has the person's row, or finds the template when it has ours."""
    with connection.cursor() as cursor:  # of two who come at once, the second sees the first's face
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LIKENESS])
    persons.lock(person.pk)
    refuse_if(against_template(person.pk))
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
