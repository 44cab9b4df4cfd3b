import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.assessment import queries as assessment
from rollbook.assessment.rules import Result
from rollbook.certificates import queries, rules
from rollbook.certificates.models import Certificate, Series
from rollbook.classes import queries as classes
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass

TOKEN_BYTES = 32


def _note(kind: str, one: Certificate, *, by: "Account", at: datetime, **data: object) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, institution_id=one.institution_id, **data)


def reasons_by_enrolment(klass: "TrainingClass", now: datetime) -> "list[tuple[Enrolment, list[Message]]]":
    """For everyone on the roster why there is no certificate: for the page as for the deed."""
    results = assessment.results_of(klass.pk)
    attended = classes.attendance_of(klass.pk)
    terms = classes.terms_of(klass, now)
    return [
        (
            one,
            list(
                rules.reasons_against_certificate(
                    passed=results.get(one.pk) == Result.PASSED,
                    attended_percent=attended[one.pk].certificate_percent,
                    attended_hours=attended[one.pk].certificate_hours,
                    least_percent=terms["certificate-percent"],
                    least_hours=terms["hours-least"],
                    document=terms.document("certificate-percent"),
                    committed=hasattr(one, "commitment"),
                )
            ),
        )
        for one in classes.roster(klass.pk)
    ]


@transaction.atomic
def issue_certificates(*, by: "Account", class_id: int, now: datetime) -> list[Certificate]:
    """Issue to all who passed and attended enough and have none yet (N5.3).

    Serials are taken from the province's series under its lock, in this transaction: whatever
    rolls back leaves no gap, and two classes at once follow each other.
    """
    klass = classes.get(by, class_id, lock=True)
    authorise(by, Permission.CERTIFICATE_ISSUE, institution_id=klass.institution_id)
    if not assessment.is_locked(klass.pk):
        raise Refused(reason("not-locked", _("Lock the results before certificates are issued."), "N5.3"))
    have = queries.of_class(klass.pk)
    entitled = [one for one, against in reasons_by_enrolment(klass, now) if not against and one.pk not in have]
    if not entitled:
        raise Refused(reason("nobody", _("Nobody of this class is to be issued a certificate now."), "N5.3"))
    today = localdate(now)
    series = _series(f"{klass.region_code[:2]}0000", today.year)
    made = [_certificate(klass, one, series, series.next_serial + n, now) for n, one in enumerate(entitled)]
    series.next_serial += len(made)
    series.save(update_fields=["next_serial"])
    Certificate.objects.bulk_create(made)
    record(
        "certificate.issued", klass, by=by, at=now, region_code=klass.region_code, institution_id=klass.institution_id,
        count=len(made), first=made[0].number, last=made[-1].number,
    )  # fmt: skip
    return made


def _series(province_code: str, year: int) -> Series:
    Series.objects.bulk_create([Series(province_code=province_code, year=year)], ignore_conflicts=True)
    return Series.objects.select_for_update().get(province_code=province_code, year=year)


def _certificate(klass: "TrainingClass", one: "Enrolment", series: Series, serial: int, now: datetime) -> Certificate:
    assert klass.item is not None  # noqa: S101 it was approved
    assert klass.occupation is not None  # noqa: S101
    return Certificate(
        series=series,
        serial=serial,
        number=rules.number_of(series.province_code, series.year, serial),
        token=secrets.token_urlsafe(TOKEN_BYTES),
        enrolment=one,
        person=one.person,
        name=one.person.name,
        id_masked=one.person.id_masked,
        institution=klass.institution,
        institution_name=klass.institution.name,
        occupation=klass.occupation,
        project=klass.occupation.name,
        level=klass.level,
        hours=klass.item.hours,
        starts_on=klass.starts_on or localdate(now),
        ends_on=klass.ends_on or localdate(now),
        issued_on=localdate(now),
        region_code=klass.region_code,
    )


@transaction.atomic
def reprint(*, by: "Account", certificate_id: int, why: str, now: datetime) -> Certificate:
    """Print again, with the reason; how often is counted."""
    one = queries.get(by, certificate_id, lock=True)
    authorise(by, Permission.CERTIFICATE_ISSUE, institution_id=one.institution_id)
    if not why.strip():
        raise Refused(reason("why", _("Say why it is printed again."), "N5.3"))
    one.prints += 1
    one.save(update_fields=["prints"])
    _note("certificate.reprinted", one, by=by, at=now, why=why, prints=one.prints)
    return one


@transaction.atomic
def revoke(*, by: "Account", certificate_id: int, why: str, now: datetime) -> Certificate:
    """Declare a certificate void, for good and for all to see (N6.4)."""
    one = queries.get(by, certificate_id, lock=True)
    authorise(by, Permission.CERTIFICATE_REVOKE, region_code=one.region_code)
    if one.state == rules.State.REVOKED:
        raise Refused(reason("revoked-already", _("The certificate is revoked already.")))
    if not why.strip():
        raise Refused(reason("why", _("Say on what ground it is revoked."), "N6.4"))
    one.state, one.revoked_at, one.revoked_by, one.revoke_reason = rules.State.REVOKED, now, by, why
    one.save()
    _note("certificate.revoked", one, by=by, at=now, why=why)
    return one
