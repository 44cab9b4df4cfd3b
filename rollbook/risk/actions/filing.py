"""What was found becomes alerts: grouped by subject and scheme, once over all nights, scored, and held where it must be."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rollbook.journal.actions import record
from rollbook.risk.models import Alert, Finding, Run
from rollbook.risk.queries import screening
from rollbook.risk.queries.places import Place, places
from rollbook.risk.queries.screening import Group, Way, of_region
from rollbook.risk.rules import Detector, State, Subject, score, wanted
from rollbook.risk.rules.alerts import BLOCK
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.queries.screening import stoppable

AT_ONCE = 2000


def file(
    run: Run,
    one: Detector,
    way: Way,
    by_region: Mapping[str, Mapping[str, int]],
    groups: Sequence[Group],
    now: datetime,
) -> int:
    """File the findings of one detector that lie where this way of running it is in force; give how many those are."""
    count = 0
    for first in range(0, len(groups), AT_ONCE):
        some = groups[first : first + AT_ONCE]
        where = places(one.subject, [group.subject_id for group in some])
        here = [
            group
            for group in some
            if group.subject_id in where
            and wanted(of_region(by_region, where[group.subject_id].region_code), one) == way
        ]
        count += len(here)
        _file(run, one, way, here, where, now)
    return count


def _file(
    run: Run, one: Detector, way: Way, groups: Sequence[Group], where: Mapping[int, Place], now: datetime
) -> None:
    rank, limits = way
    ids = [group.subject_id for group in groups]
    about = Alert.objects.filter(subject=one.subject, subject_id__in=ids, scheme=one.scheme)
    settled = set(
        Finding.objects.filter(alert__in=about.filter(state=State.CLOSED), detector=one.code)
        .values_list("alert__subject_id", "digest")
    )  # fmt: skip
    groups = [group for group in groups if (group.subject_id, group.digest) not in settled]
    alerts = {alert.subject_id: alert for alert in about.exclude(state=State.CLOSED).select_for_update()}
    made = [
        _alert(one, rank, group.subject_id, where[group.subject_id], now)
        for group in groups
        if group.subject_id not in alerts
    ]
    alerts |= {alert.subject_id: alert for alert in Alert.objects.bulk_create(made)}
    known = {
        finding.alert_id: finding
        for finding in Finding.objects.filter(alert__in=list(alerts.values()), detector=one.code)
    }
    new: list[Finding] = []
    changed: list[Finding] = []
    touched: list[Alert] = []
    fresh: list[Group] = []
    for group in groups:
        alert = alerts[group.subject_id]
        finding = known.get(alert.pk) or Finding(alert=alert, detector=one.code, found_at=now)
        is_new = finding.pk is None
        if is_new or finding.digest != group.digest or finding.severity != rank:
            finding.severity, finding.limits, finding.run = rank, limits, run
            finding.ground, finding.rows = _kept(one, group), group.rows
            finding.count, finding.digest = group.count, group.digest
            finding.version = screening.version_of(one.code)
            (new if is_new else changed).append(finding)
            fresh.append(group)
        alert.last_found_at = now
        touched.append(alert)
    Finding.objects.bulk_create(new)
    Finding.objects.bulk_update(changed, ["severity", "limits", "run", "ground", "rows", "count", "digest", "version"])
    _score(touched, where)
    for alert in made:
        _written_down(alert, one, now)
    if rank == BLOCK:
        _stop(one, fresh, now)  # a hold that a person lifted does not come back with the same rows


def _stop(one: Detector, groups: Sequence[Group], now: datetime) -> None:
    """A hard legal rule holds the claims of its subject until a person has looked (domain 5.3). A class is held whole;
    of a trainee or claim only what is not paid; an institution's or officer's claims are not stopped by a detector."""
    for group in groups:
        message = one.ground(group.rows[0])
        if one.subject == Subject.CLASS:
            subsidies.hold_class(by=None, class_id=group.subject_id, ground=message, source=_source(one), now=now)
    field = {Subject.CLAIM: "pk", Subject.ENROLMENT: "enrolment_id"}.get(one.subject)
    if field is None:
        return
    grounds = {group.subject_id: one.ground(group.rows[0]) for group in groups}
    for claim_id, subject_id in stoppable(field, list(grounds)):
        subsidies.hold_claim(by=None, claim_id=claim_id, ground=grounds[subject_id], source=_source(one), now=now)


def _source(one: Detector) -> str:
    return f"risk.{one.code}"


def _kept(one: Detector, group: Group) -> dict[str, object]:
    message = one.ground(group.rows[0])
    return {"template": message.template, "values": message.values, "code": message.code, "clause": message.clause}


def _alert(one: Detector, rank: int, subject_id: int, place: Place, now: datetime) -> Alert:
    return Alert(
        subject=one.subject, subject_id=subject_id, scheme=one.scheme, severity=rank,
        score=score([rank], place.amount_fen), amount_fen=place.amount_fen, region_code=place.region_code,
        institution_id=place.institution_id, training_class_id=place.class_id, person_id=place.person_id,
        title=place.title[:200], first_found_at=now, last_found_at=now,
    )  # fmt: skip


def _score(alerts: Sequence[Alert], where: Mapping[int, Place]) -> None:
    """An alert is as severe as its gravest ground; what is at stake is what is claimed now."""
    ranks: dict[int, list[int]] = {}
    for alert_id, rank in Finding.objects.filter(alert__in=alerts).values_list("alert_id", "severity"):
        ranks.setdefault(alert_id, []).append(rank)
    for alert in alerts:
        alert.severity = max(ranks[alert.pk])
        alert.amount_fen = where[alert.subject_id].amount_fen
        alert.score = score(ranks[alert.pk], alert.amount_fen)
    Alert.objects.bulk_update(alerts, ["severity", "amount_fen", "score", "last_found_at"])


def _written_down(alert: Alert, one: Detector, now: datetime) -> None:
    record(
        "alert.found", alert, by=None, at=now, region_code=alert.region_code, institution_id=None,
        detector=one.code, severity=one.severity.value,
    )  # fmt: skip
