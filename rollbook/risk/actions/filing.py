"""What was found becomes alerts: grouped by subject and scheme, once over all nights, scored, and held where it must be."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rollbook.classes import actions as classes
from rollbook.journal.actions import record
from rollbook.risk.models import Alert, Finding, Hit, Run
from rollbook.risk.queries import screening
from rollbook.risk.queries.places import Place, places
from rollbook.risk.queries.screening import KEPT, Group, Way, of_region
from rollbook.risk.rules import MORE_FOUND, Detector, Scheme, State, Subject, at_stake, grouped, score, titled, wanted
from rollbook.risk.rules.alerts import BLOCK, REVIEW
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.queries.screening import stoppable

AT_ONCE = 2000
Home = tuple[Subject, int]  # what an alert is about


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
    homes = {
        group.subject_id: grouped(one.subject, group.subject_id, where[group.subject_id].class_id) for group in groups
    }
    settled = set(
        Hit.objects.filter(
            finding__alert__state=State.CLOSED, finding__detector=one.code, subject=one.subject, subject_id__in=homes
        ).values_list("subject_id", "digest")
    )
    groups = [group for group in groups if (group.subject_id, group.digest) not in settled]
    if not groups:
        return
    alerts = _alerts(one, rank, groups, homes, where, now)
    findings = _findings(run, one, rank, limits, alerts.values(), now)
    known = {(hit.finding_id, hit.subject_id): hit for hit in Hit.objects.filter(finding__in=list(findings.values()))}
    new: list[Hit] = []
    changed: list[Hit] = []
    fresh: list[Group] = []
    for group in groups:
        finding = findings[alerts[homes[group.subject_id]].pk]
        hit = known.get((finding.pk, group.subject_id))
        if hit and hit.digest == group.digest and finding.severity == rank:
            continue
        hit = hit or Hit(finding=finding, subject=one.subject, subject_id=group.subject_id, found_at=now)
        hit.person_id, hit.ground, hit.is_true = where[group.subject_id].person_id, _kept(one, group), None
        hit.rows, hit.count, hit.digest = group.rows, group.count, group.digest
        (changed if hit.pk else new).append(hit)
        fresh.append(group)
    Hit.objects.bulk_create(new)
    Hit.objects.bulk_update(changed, ["person_id", "ground", "rows", "count", "digest", "is_true"], batch_size=500)
    touched = {hit.finding_id for hit in (*new, *changed)}
    _sum_up([finding for finding in findings.values() if finding.pk in touched], run, rank, limits)
    _reopened([alert for alert in alerts.values() if findings[alert.pk].pk in touched], now)
    _weigh(list(alerts.values()), now)
    doubt(list(alerts.values()), now)
    if rank == BLOCK:
        _stop(one, fresh, where, now)  # a hold that a person lifted does not come back with the same rows


def _alerts(
    one: Detector,
    rank: int,
    groups: Sequence[Group],
    homes: Mapping[int, Home],
    where: Mapping[int, Place],
    now: datetime,
) -> dict[Home, Alert]:
    """The alert of each group that is not closed, made where there is none."""
    sought = {homes[group.subject_id]: where[group.subject_id] for group in groups}
    subject = next(iter(sought))[0]
    found = Alert.objects.exclude(state=State.CLOSED).filter(
        subject=subject, subject_id__in=[number for _subject, number in sought], scheme=one.scheme
    )
    alerts = {(Subject(alert.subject), alert.subject_id): alert for alert in found.select_for_update()}
    made = Alert.objects.bulk_create(
        _alert(one, rank, home, place, now) for home, place in sought.items() if home not in alerts
    )
    for alert in made:
        _written_down(alert, one, now)
    return alerts | {(Subject(alert.subject), alert.subject_id): alert for alert in made}


def _findings(
    run: Run, one: Detector, rank: int, limits: Mapping[str, int], alerts: Iterable[Alert], now: datetime
) -> dict[int, Finding]:
    """The detector's finding within each alert, by the alert; new ones are summed up once their hits are there."""
    there = {finding.alert_id: finding for finding in Finding.objects.filter(alert__in=list(alerts), detector=one.code)}
    made = Finding.objects.bulk_create(
        Finding(
            alert=alert, detector=one.code, severity=rank, limits=dict(limits), run=run, ground={}, rows=[], count=0,
            version=screening.version_of(one.code), found_at=now,
        )
        for alert in alerts
        if alert.pk not in there
    )  # fmt: skip
    return there | {finding.alert_id: finding for finding in made}


def _sum_up(findings: Sequence[Finding], run: Run, rank: int, limits: Mapping[str, int]) -> None:
    """A finding shows the first ground, how many rows there are in all, and some rows of each that it is about."""
    hits: dict[int, list[Hit]] = {}
    for hit in Hit.objects.filter(finding__in=findings).order_by("pk"):
        hits.setdefault(hit.finding_id, []).append(hit)
    for finding in findings:
        own = hits[finding.pk]
        share = max(1, KEPT // len(own))
        finding.severity, finding.limits, finding.run = rank, dict(limits), run
        finding.version, finding.ground = screening.version_of(finding.detector), own[0].ground
        finding.count, finding.is_true = sum(hit.count for hit in own), None
        finding.rows = [_named(hit, row) for hit in own for row in hit.rows[:share]][:KEPT]
    Finding.objects.bulk_update(
        findings, ["severity", "limits", "run", "version", "ground", "count", "rows", "is_true"], batch_size=500
    )


def _named(hit: Hit, row: Mapping[str, object]) -> Mapping[str, object]:
    """A row with whom it is about, where it does not say so itself."""
    return row if hit.person_id is None else {"person_id": hit.person_id, **row}


def _reopened(alerts: Sequence[Alert], now: datetime) -> None:
    """What waits for the second officer is open again when something new is found: nobody confirms what nobody judged."""
    for alert in alerts:
        if alert.state == State.PROPOSED:
            alert.state, alert.outcome, alert.excuse = State.OPEN, "", ""
            alert.findings.update(is_true=None)
            Hit.objects.filter(finding__alert=alert).update(is_true=None)
            record(
                "alert.sent-back", alert, by=None, at=now, region_code=alert.region_code, institution_id=None,
                why=str(MORE_FOUND),
            )  # fmt: skip


def _weigh(alerts: Sequence[Alert], now: datetime) -> None:
    """An alert is as severe as its gravest ground; what is at stake is what is claimed now of those it is about."""
    ranks: dict[int, list[int]] = {}
    for alert_id, rank in Finding.objects.filter(alert__in=alerts).values_list("alert_id", "severity"):
        ranks.setdefault(alert_id, []).append(rank)
    about: dict[int, dict[Subject, set[int]]] = {}
    rows = Hit.objects.filter(finding__alert__in=alerts).order_by("pk")
    for alert_id, subject, number in rows.values_list("finding__alert_id", "subject", "subject_id"):
        about.setdefault(alert_id, {}).setdefault(Subject(subject), set()).add(number)
    known = {
        subject: places(subject, {number for own in about.values() for number in own.get(subject, ())})
        for subject in {one for own in about.values() for one in own}
    }
    for alert in alerts:
        own = {
            subject: [known[subject][number] for number in sorted(numbers) if number in known[subject]]
            for subject, numbers in about[alert.pk].items()
        }
        people = {place.person_id: place.name for some in own.values() for place in some if place.person_id}
        alert.severity = max(ranks[alert.pk])
        alert.amount_fen = at_stake({subject: [place.amount_fen for place in some] for subject, some in own.items()})
        alert.score = score(ranks[alert.pk], alert.amount_fen)
        alert.person_id = next(iter(people)) if len(people) == 1 else None
        title = next((place.title for some in own.values() for place in some), alert.title)
        alert.title, alert.last_found_at = titled(title, list(people.values())), now
    Alert.objects.bulk_update(
        alerts,
        ["state", "outcome", "excuse", "severity", "amount_fen", "score", "person_id", "title", "last_found_at"],
        batch_size=500,
    )


def doubt(alerts: Sequence[Alert], now: datetime) -> None:
    """What a person decides before the next step is known where that step is taken: of alerts about a class that are not
    closed, the class or those of its people whom a ground for review is about."""
    people: dict[int, set[int | None]] = {alert.pk: set() for alert in alerts if alert.training_class_id}
    hits = Hit.objects.filter(finding__alert__in=people, finding__severity__gte=REVIEW)
    for alert_id, subject, person_id in hits.values_list("finding__alert_id", "subject", "person_id"):
        people[alert_id].add(None if subject == Subject.CLASS else person_id)
    classes.keep_doubts(
        alerts={
            alert.pk: (
                alert.training_class_id,
                Scheme(alert.scheme).label,
                () if alert.state == State.CLOSED else people[alert.pk],
            )
            for alert in alerts
            if alert.training_class_id
        },
        now=now,
    )


def _stop(one: Detector, groups: Sequence[Group], where: Mapping[int, Place], now: datetime) -> None:
    """A hard legal rule holds the claims of its subject until a person has looked (domain 5.3). A class is held whole,
    of a trainee all claims for the class: also those that are filed later. A claim only while it is not paid; an
    institution's or officer's claims are not stopped by a detector."""
    open_claims = set(stoppable([group.subject_id for group in groups])) if one.subject == Subject.CLAIM else set()
    for group in groups:
        place = where[group.subject_id]
        how: dict[str, Any] = {"by": None, "ground": one.ground(group.rows[0]), "source": _source(one), "now": now}
        if one.subject == Subject.CLASS:
            subsidies.hold_class(class_id=group.subject_id, **how)
        elif one.subject == Subject.ENROLMENT and place.class_id and place.person_id:
            subsidies.hold_trainee(class_id=place.class_id, person_id=place.person_id, **how)
        elif group.subject_id in open_claims:
            subsidies.hold_claim(claim_id=group.subject_id, **how)


def _source(one: Detector) -> str:
    return f"risk.{one.code}"


def _kept(one: Detector, group: Group) -> dict[str, object]:
    message = one.ground(group.rows[0])
    return {"template": message.template, "values": message.values, "code": message.code, "clause": message.clause}


def _alert(one: Detector, rank: int, home: Home, place: Place, now: datetime) -> Alert:
    return Alert(
        subject=home[0], subject_id=home[1], scheme=one.scheme, severity=rank, score=score([rank], 0),
        region_code=place.region_code, institution_id=place.institution_id, training_class_id=place.class_id,
        title=place.title[:200], first_found_at=now, last_found_at=now,
    )  # fmt: skip


def _written_down(alert: Alert, one: Detector, now: datetime) -> None:
    record(
        "alert.found", alert, by=None, at=now, region_code=alert.region_code, institution_id=None,
        detector=one.code, severity=one.severity.value,
    )  # fmt: skip
