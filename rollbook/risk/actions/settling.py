"""What people do with an alert: ask, explain, settle, confirm; and what they set of a detector."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.regions import queries as regions
from rollbook.risk import queries, rules
from rollbook.risk.actions.filing import doubt
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Explanation, Finding, Hit, Setting
from rollbook.risk.queries import places
from rollbook.risk.rules import LIFECYCLE, Consequence, Move, State, Subject
from rollbook.risk.rules.alerts import ANSWER_DAYS
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.queries.screening import held

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def _locked(by: "Account", alert_id: int, permission: Permission, move: Move) -> Alert:
    alert = queries.get(by, alert_id, lock=True)
    authorise(by, permission, region_code=alert.region_code, institution_id=alert.institution_id)
    alert.state = LIFECYCLE.after(State(alert.state), move)
    return alert


def _recorded(kind: str, alert: Alert, *, by: "Account", now: datetime, told: bool = False, **data: object) -> Alert:
    alert.save()
    record(
        kind, alert, by=by, at=now, region_code=alert.region_code,
        institution_id=alert.institution_id if told else None, **data,
    )  # fmt: skip
    return alert


@transaction.atomic
def ask(*, by: "Account", alert_id: int, now: datetime) -> Alert:
    """Show the alert to the institution that it concerns and ask it to explain."""
    alert = _locked(by, alert_id, Permission.ALERT_SETTLE, Move.ASK)
    if alert.institution_id is None or alert.scheme in rules.NOT_TOLD:
        raise Refused(reason("nobody-to-ask", rules.NOBODY_TO_ASK, "N3.6"))
    alert.answer_by = regions.working_days().after(localdate(now), ANSWER_DAYS)
    return _recorded("alert.asked", alert, by=by, now=now, told=True, limit=alert.answer_by.isoformat())


@transaction.atomic
def explain(*, by: "Account", alert_id: int, text: str, now: datetime) -> Explanation:
    """What the institution says to it."""
    alert = _locked(by, alert_id, Permission.ALERT_ANSWER, Move.ANSWER)
    if not text.strip():
        raise Refused(reason("explanation-missing", rules.EXPLANATION_MISSING, "N3.6"))
    said = Explanation.objects.create(alert=alert, text=text.strip(), by=by, at=now)
    _recorded("alert.explained", alert, by=by, now=now, told=True)
    return said


@transaction.atomic
def settle(
    *, by: "Account", alert_id: int, true_codes: Sequence[str], excuse: str, finding: str, consequences: Sequence[str],
    now: datetime, cleared: Collection[int] = (),
) -> Alert:  # fmt: skip
    """Give every ground its verdict, and clear of a true one those whom it does not touch (numbers of hits). Closed at
    once where nothing is at stake; else a second officer closes."""
    alert = _locked(by, alert_id, Permission.ALERT_SETTLE, Move.SETTLE)
    found = queries.findings_of(alert)
    codes = [one.detector for one in found]
    refuse_if(
        rules.reasons_against_settling(
            finding=finding,
            true_codes=true_codes,
            codes=codes,
            excuse=excuse,
            consequences=consequences,
            all_cleared=[
                one.detector
                for one in found
                if one.detector in true_codes and all(hit.pk in cleared for hit in one.hits.all())
            ],
            has_class=places.class_to_inspect(alert) is not None,
        )
    )
    refuse_if(rules.reasons_against_closing(own=False, own_account=_own(by, alert)))
    hits = [hit for one in found for hit in one.hits.all()]
    for one in found:
        one.is_true = one.detector in true_codes
        one.save()
    for hit in hits:
        hit.is_true = hit.finding_id in {one.pk for one in found if one.is_true} and hit.pk not in cleared
    Hit.objects.bulk_update(hits, ["is_true"])
    alert.outcome = rules.settled(true_codes, codes, excuse)
    alert.excuse, alert.finding, alert.consequences = excuse, finding.strip(), list(consequences)
    alert.proposed_by, alert.proposed_at = by, now
    alert.confirmed_by = alert.closed_at = None
    lifts = [Consequence.RELEASE] if _held(found, lambda hit: not hit.is_true) else []
    if not rules.needs_second(alert.severity, alert.amount_fen, [*consequences, *lifts]):
        alert.state, alert.closed_at = LIFECYCLE.after(State.PROPOSED, Move.CLOSE), now
        _follow(alert, by, now)
    kind = "alert.closed" if alert.closed_at else "alert.settled"
    return _recorded(
        kind, alert, by=by, now=now, told=alert.answer_by is not None, outcome=alert.outcome, why=alert.finding
    )


@transaction.atomic
def close(*, by: "Account", alert_id: int, now: datetime) -> Alert:
    """The second pair of eyes: another officer confirms what the first found (N14.1)."""
    alert = _locked(by, alert_id, Permission.ALERT_CONFIRM, Move.CLOSE)
    own = alert.proposed_by_id == by.pk
    refuse_if(rules.reasons_against_closing(own=own, own_account=_own(by, alert)))
    alert.confirmed_by, alert.closed_at = by, now
    _follow(alert, by, now)
    return _recorded("alert.closed", alert, by=by, now=now, told=alert.answer_by is not None, outcome=alert.outcome)


def _follow(alert: Alert, by: "Account", now: datetime) -> None:
    """A closed alert is in nobody's way any more; what it does to claims: a hold that stays is placed in its name, also
    on what is claimed later, and what of them was paid is proposed to come back (N6.4). Lifted is what is released, and
    whatever a detector held on a ground that is not true: who has claimed nothing yet would else be stopped by it one
    day."""
    found, stays = queries.findings_of(alert), Consequence.HOLD in alert.consequences
    doubt([alert], now)
    if {Consequence.HOLD, Consequence.RECOVERY} & set(alert.consequences):
        ground = Message(rules.HELD_BY_ALERT, {"number": alert.pk, "finding": alert.finding}, "alert", "N3.6")
        source = f"risk.Alert:{alert.pk}"
        true = places.stopped((hit for one in found for hit in one.hits.all() if hit.is_true), paid_too=True)
        for class_id in true.classes:
            subsidies.hold_class(by=by, class_id=class_id, ground=ground, source=source, now=now)
        for class_id, person_id in true.trainees:
            subsidies.hold_trainee(by=by, class_id=class_id, person_id=person_id, ground=ground, source=source, now=now)
        for claim_id in true.claims:
            subsidies.hold_claim(by=by, claim_id=claim_id, ground=ground, source=source, now=now)
    all_go = Consequence.RELEASE in alert.consequences and not stays
    for hold_id in _held(found, lambda hit: all_go or not hit.is_true):
        subsidies.lift_hold(by=by, hold_id=hold_id, why=alert.finding[:200], now=now)


def _held(found: Sequence[Finding], which: Callable[[Hit], bool]) -> list[int]:
    """The holds that the detectors of an alert placed on those hits."""
    made: list[int] = []
    for one in found:
        on = places.stopped(hit for hit in one.hits.all() if which(hit))
        made += held([f"risk.{one.detector}"], on.claims, on.trainees, next(iter(on.classes), None))
    return made


@transaction.atomic
def send_back(*, by: "Account", alert_id: int, why: str, now: datetime) -> Alert:
    """The second officer does not agree: the alert is open again, with the reason."""
    alert = _locked(by, alert_id, Permission.ALERT_CONFIRM, Move.SEND_BACK)
    if not why.strip():
        raise Refused(reason("why-missing", rules.WHY_MISSING, "N3.6"))
    alert.findings.update(is_true=None)
    Hit.objects.filter(finding__alert=alert).update(is_true=None)
    alert.outcome = alert.excuse = ""
    return _recorded("alert.sent-back", alert, by=by, now=now, why=why.strip())


def _own(by: "Account", alert: Alert) -> bool:
    return alert.subject == Subject.ACCOUNT and alert.subject_id == by.pk


@transaction.atomic
def set_limit(
    *, by: "Account", code: str, name: str, value: int, starts_on: date, why: str, trial: dict[str, int] | None,
    now: datetime,
) -> Setting:  # fmt: skip
    """Set a limit or the severity of a detector for one's region from a day on; no release is needed (N3.6, B8)."""
    authorise(by, Permission.ALERT_TUNE, region_code=by.region_code)
    if code not in DETECTORS:
        raise NotFound
    ahead = (starts_on - localdate(now)).days
    refuse_if(
        rules.reasons_against_setting(
            DETECTORS[code], name, value, why=why, tried=trial is not None, starts_in_days=ahead
        )
    )
    before = Setting.objects.select_for_update().filter(region_code=by.region_code, detector=code, name=name)
    if before.filter(in_force__startswith__gte=starts_on).exists():
        raise Refused(reason("later-setting", rules.LATER_SETTING))
    for one in before.filter(in_force__contains=starts_on):
        one.in_force = DateRange(one.in_force.lower, starts_on)
        one.save()
    made = Setting.objects.create(
        region_code=by.region_code, detector=code, name=name, value=value, in_force=DateRange(starts_on, None),
        why=why.strip(), trial=trial or {}, set_by=by, set_at=now,
    )  # fmt: skip
    record("detector.set", made, by=by, at=now, region_code=by.region_code, name=f"{code} {name}", now=value)
    return made
