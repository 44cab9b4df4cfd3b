"""A person's own consent, and what ends with it (domain 4, S69)."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.evidence.rules import months_later
from rollbook.faces import queries, rules
from rollbook.faces.actions.looks import own
from rollbook.faces.models import Consent, Deletion, Permit, Template
from rollbook.faces.sealing import owner_of
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def give_consent(*, by: "Account", agrees: bool, now: datetime) -> Consent:
    """I agree that a template of my face is kept, to check in, until a day. Refusing costs nothing."""
    person_id = own(by)
    persons.lock(person_id)
    person = persons.by_id(person_id)
    has_consent, is_merged = queries.consent_of(person_id) is not None, person.merged_into_id is not None
    refuse_if(rules.reasons_against_consent(agrees=agrees, has_consent=has_consent, is_merged=is_merged))
    months = queries.policy_for(person.region_code or by.region_code, localdate(now)).months
    until = months_later(localdate(now), months)
    made = Consent.objects.create(person=person, text=rules.TEXT, given_at=now, given_by=by, until=until)
    Permit.objects.create(owner=owner_of(person_id), until=until)
    record("face.consented", made, by=by, at=now, region_code=person.region_code, text=rules.TEXT, until=str(until))
    return made


@transaction.atomic
def withdraw_consent(*, by: "Account", now: datetime) -> Consent:
    """I take it back: the template is deleted in the same moment, with its certificate."""
    person_id = own(by)
    persons.lock(person_id)
    found = queries.consent_of(person_id)
    if found is None:
        raise Refused(reason("not-agreed-before", _("You have not agreed to the use of your face."), "S69"))
    return _end(found, rules.Cause.WITHDRAWN, by=by, now=now)


@transaction.atomic
def end_merged(*, person_id: int, now: datetime) -> Consent | None:
    """A record was joined with another: what was agreed to under it ends and its template is deleted, and the person
    agrees anew under the one that is kept. Joined by mistake, no face is kept under another's name."""
    persons.lock(person_id)
    found = queries.consent_of(person_id)
    if found is None or persons.by_id(person_id).merged_into_id is None:
        return None  # nothing was agreed to, or the two were told apart again
    return _end(found, rules.Cause.MERGED, by=None, now=now)


def expire(*, now: datetime) -> int:
    """End every consent whose time is over, and delete what rested on it."""
    return sum(_expired(person_id, now) for person_id in queries.to_expire(localdate(now)))


@transaction.atomic
def _expired(person_id: int, now: datetime) -> bool:
    persons.lock(person_id)
    found = queries.consent_of(person_id)
    if found is None or found.until >= localdate(now):
        return False  # withdrawn, or given anew, meanwhile
    _end(found, rules.Cause.EXPIRED, by=None, now=now)
    return True


def _end(consent: Consent, cause: rules.Cause, *, by: "Account | None", now: datetime) -> Consent:
    owner = owner_of(consent.person_id)
    delete_template(owner, cause, now=now)
    Permit.objects.filter(owner=owner).delete()
    consent.ended_at, consent.cause = now, cause
    consent.save(update_fields=["ended_at", "cause"])
    region = consent.person.region_code
    record("face.consent-ended", consent, by=by, at=now, region_code=region, cause=cause)
    return consent


def delete_template(owner: str, cause: rules.Cause, *, now: datetime) -> Deletion | None:
    """Delete what is kept of a face and certify it. The certificate and its entry name nobody."""
    found = Template.objects.select_for_update().filter(pk=owner).first()
    if found is None:
        return None
    made = Deletion.objects.create(
        owner=owner,
        sha256=hashlib.sha256(bytes(found.box)).hexdigest(),
        model=found.model,
        made_at=found.made_at,
        cause=cause,
        deleted_at=now,
    )
    found.delete()
    record("face.deleted", made, by=None, at=now, sha256=made.sha256, cause=cause)
    return made
