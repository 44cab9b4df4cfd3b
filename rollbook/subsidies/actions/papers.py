"""Papers that show work where no department does: filed by who claims, decided by an officer (domain 3.2, N14.1)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Refused, refuse_if
from rollbook.persons import queries as persons
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import WorkPaper

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass


@transaction.atomic
def file_paper(
    *, by: "Account", enrolment_id: int, kind: str, name: str, from_on: date, until_on: date | None, file: bytes,
    now: datetime, uscc: str = "", number: str = "",
) -> WorkPaper:  # fmt: skip
    """Attach a paper to what is claimed for a training: the trainee, or the institution for a trainee."""
    one = classes.enrolment(by, enrolment_id)
    klass = classes.by_id(one.training_class_id)
    authorise(by, Permission.CLAIM_FILE, institution_id=klass.institution_id)
    persons.lock_all([one.person_id])
    today, uscc, number = localdate(now), uscc.strip().upper(), "".join(number.split()).upper()
    against = rules.reasons_against_paper(
        kind=kind, name=name, from_on=from_on, until_on=until_on, today=today, has_file=bool(file),
        is_open=queries.papers_of(one.pk).filter(state=rules.PaperState.ASKED).exists(),
    )  # fmt: skip
    if kind == rules.PaperKind.SAFETY:
        refuse_if([*against, *_against_certificate(klass, one, number)])
    else:
        work = queries.work_of(klass, one, today)
        lacks = {"lacks_work": work.lacks_work(), "lacks_contract": work.lacks_contract()}
        more = rules.reasons_against_work(
            kind=kind, uscc=uscc, until_on=until_on, certified_on=work.certified_on, **lacks
        )  # fmt: skip
        refuse_if([*against, *more])
    place = replace(classes.place_of(klass, None, Keep.FILE, now), subject=classes.trainee_of(one.pk))
    item = evidence.store(by=by, kind=Kind.PAPER, content=file, place=place, title=name.strip(), now=now)
    made = WorkPaper(
        enrolment=one, region_code=klass.region_code, institution_id=klass.institution_id, kind=kind, uscc=uscc,
        number=number, name=name.strip()[:128], from_on=from_on, until_on=until_on, paper=item, filed_at=now, filed_by=by,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:  # the number was filed for another trainee a moment ago
        raise Refused(rules.number_used()) from error
    _note("work-paper.filed", made, by, now, ground=kind, sha256=item.sha256)
    return made


def _against_certificate(klass: "TrainingClass", one: "Enrolment", number: str) -> Iterator[Message]:
    return rules.reasons_against_certificate(
        is_offered=rules.Subsidy.SAFETY in queries.offered(klass),
        number=number,
        is_shown=bool(queries.safety_of([one.pk])),
        is_used=queries.is_number_used(number),
    )


@transaction.atomic
def decide_paper(*, by: "Account", paper_id: int, granted: bool, remark: str, now: datetime) -> WorkPaper:
    """Accept a paper, or not; an accepted one may be found false later, and what was paid on it comes back."""
    one = queries.work_paper(by, paper_id, lock=True)
    authorise(by, Permission.CLAIM_REVIEW, region_code=one.region_code)
    is_filer = one.filed_by_id == by.pk or (by.person_id is not None and one.filed_by.person_id == by.person_id)
    refuse_if(rules.reasons_against_decision(one.state, granted=granted, remark=remark, is_filer=is_filer))
    one.state = rules.PaperState.GRANTED if granted else rules.PaperState.REFUSED
    one.decided_by, one.decided_at, one.remark = by, now, remark.strip()[:200]
    one.save(update_fields=["state", "decided_by", "decided_at", "remark"])
    _note("work-paper.decided", one, by, now, granted=granted, remark=one.remark)
    return one


def _note(kind: str, one: WorkPaper, by: "Account", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, institution_id=one.institution_id, **data)
