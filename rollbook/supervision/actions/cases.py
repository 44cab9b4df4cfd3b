"""Cases: opened by an alert that two officers closed, handed over with a letter, answered, concluded (N11.4)."""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.evidence import actions as evidence
from rollbook.institutions import queries as institutions
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.regions import queries as regions
from rollbook.risk import queries as risk
from rollbook.risk.rules import Scheme
from rollbook.supervision import queries, rules
from rollbook.supervision.models import Case
from rollbook.supervision.rules import CASE_LIFECYCLE, CaseMove, CaseState

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.risk.models import Alert


def open_case(alert: "Alert", *, by: "Account", now: datetime) -> Case:
    """Open a case for an alert that two officers closed; what is kept of its classes stays until another lifts the hold.
    For `follow_alert`, which has seen that there is none yet."""
    days = directory.terms_for(alert.region_code, localdate(now))[TermKey.CASE_DAYS]
    made = Case.objects.create(
        number=f"AJ{localdate(now):%Y}-{alert.region_code}-{alert.pk}", alert=alert, region_code=alert.region_code,
        institution_id=alert.institution_id, title=alert.title, classes=list(risk.classes_in(alert)),
        due_on=localdate(now) + timedelta(days), opened_at=now, opened_by=by,
    )  # fmt: skip
    for class_id in made.classes:
        klass = classes.by_id(class_id)
        evidence.hold_dossier(
            by=by, dossier=classes.dossier_of(class_id), title=str(klass), region_code=klass.region_code,
            institution_id=klass.institution_id, ground=made.number, now=now,
        )  # fmt: skip
    if made.institution_id:
        evidence.hold_dossier(
            by=by, dossier=institutions.dossier_of(made.institution_id), title=alert.title,
            region_code=made.region_code, institution_id=made.institution_id, ground=made.number, now=now,
        )  # fmt: skip
    _note("case.opened", made, by, now, alert=alert.pk, due_on=str(made.due_on))
    return made


def _note(kind: str, one: Case, by: "Account", now: datetime, **data: object) -> None:
    """Not told to the institution: who is looked into learns of it from whoever leads the case."""
    record(kind, one, by=by, at=now, region_code=one.region_code, institution_id=None, **data)


def _moved(by: "Account", case_id: int, move: CaseMove) -> Case:
    one = queries.case(by, case_id, lock=True)
    authorise(by, Permission.CASE_HANDLE, region_code=one.region_code)
    one.state = CASE_LIFECYCLE.after(CaseState(one.state), move)
    return one


def _working_days(one: Case, now: datetime) -> date:
    terms = directory.terms_for(one.region_code, localdate(now))
    return regions.working_days().after(localdate(now), terms[TermKey.REPLY_DAYS])


@transaction.atomic
def hand_over(*, by: "Account", case_id: int, authority: str, office: str, facts: str, now: datetime) -> Case:
    """Hand a case to whoever may punish, with a letter whose digest the journal keeps."""
    one = _moved(by, case_id, CaseMove.HAND_OVER)
    insider = one.alert.scheme == Scheme.INSIDER
    refuse_if(rules.reasons_against_handing(authority=authority, office=office, facts=facts, is_insider=insider))
    one.authority, one.office, one.handed_at, one.handed_by = authority, office.strip(), now, by
    named = gettext(rules.Authority(authority).label)
    one.letter = queries.letter(one, authority=named, office=one.office, facts=facts.strip(), by=by, now=now)
    one.due_on, one.answer = _working_days(one, now), ""
    one.save()
    digest = hashlib.sha256(json.dumps(one.letter, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    _note("case.handed-over", one, by, now, office=one.office, sha256=digest, due_on=str(one.due_on))
    return one


@transaction.atomic
def answer_case(*, by: "Account", case_id: int, accepted: bool, answer: str, now: datetime) -> Case:
    """What the other authority said: it takes the case, or sends it back with its reason."""
    one = _moved(by, case_id, CaseMove.ACCEPT if accepted else CaseMove.RETURN)
    if not answer.strip():
        raise Refused(reason("no-answer-document", _("Give the answer with the number of its document."), "6.1"))
    one.answer = answer.strip()[:500]
    one.due_on = None if accepted else _working_days(one, now)
    one.save(update_fields=["state", "answer", "due_on"])
    _note("case.accepted" if accepted else "case.returned", one, by, now, why=one.answer)
    return one


@transaction.atomic
def conclude(*, by: "Account", case_id: int, outcome: str, conclusion: str, now: datetime) -> Case:
    """Another officer than who opened it says how it came out. Holds on evidence are lifted on their own page."""
    one = _moved(by, case_id, CaseMove.CONCLUDE)
    own = one.opened_by_id == by.pk
    refuse_if(rules.reasons_against_concluding(outcome=outcome, conclusion=conclusion, own=own))
    one.outcome, one.conclusion, one.due_on = outcome, conclusion.strip(), None
    one.concluded_at, one.concluded_by = now, by
    one.save()
    _note("case.concluded", one, by, now, outcome=outcome, why=one.conclusion)
    return one
