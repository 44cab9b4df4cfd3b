import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import files, queries
from rollbook.classes.actions.application import draft, note
from rollbook.classes.models import Commitment
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, Refused, reason
from rollbook.persons import rules as person_rules

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def commit_institution(*, by: "Account", class_id: int, signed_name: str, now: datetime) -> Commitment:
    """The institution answers for the class by a named person (N4.6)."""
    klass = draft(by, class_id)
    if not signed_name.strip():
        raise Refused(reason("no-name", _("Write the name of who signs."), "N4.6"))
    made, _new = Commitment.objects.update_or_create(
        training_class=klass, enrolment=None, defaults=_signature("institution", signed_name, by, now, _("own account"))
    )
    note("class.committed", klass, by=by, at=now, name=signed_name)
    return made


def _signature(who: str, name: str, by: "Account", now: datetime, means: str) -> dict[str, Any]:
    text = files.commitment_text(who)
    return {
        "signed_name": name.strip(),
        "text_version": files.COMMITMENT_VERSION,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "signed_at": now,
        "signed_by": by,
        "means": means,
    }


@transaction.atomic
def sign_commitment(*, by: "Account", enrolment_id: int, signed_name: str, now: datetime) -> Commitment:
    """A trainee signs from the own account, with the own name (N4.6)."""
    one = queries.enrolment(by, enrolment_id)
    if by.person_id != one.person_id:
        raise Forbidden("commitment")
    if not person_rules.same_name(signed_name, one.person.name):
        raise Refused(reason("other-name", _("Sign with your name as it is on the card."), "N4.6"))
    made, _new = Commitment.objects.get_or_create(
        enrolment=one,
        defaults={
            "training_class": one.training_class,
            **_signature("trainee", signed_name, by, now, _("own account")),
        },
    )
    note("class.committed", one.training_class, by=by, at=now, name=signed_name)
    return made


@transaction.atomic
def commit_trainees(*, by: "Account", class_id: int, enrolment_ids: Sequence[int], now: datetime) -> int:
    """The institution files commitments that trainees signed on paper."""
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    unsigned = queries.roster(klass.pk).filter(pk__in=enrolment_ids, commitment=None)
    made = Commitment.objects.bulk_create(
        [
            Commitment(
                training_class=klass,
                enrolment=one,
                **_signature("trainee", one.person.name, by, now, _("paper, seen by the institution")),
            )
            for one in unsigned
        ],
        ignore_conflicts=True,  # who signs on the own phone meanwhile has signed
    )
    note("class.committed", klass, by=by, at=now, trainees=len(made))
    return len(made)
