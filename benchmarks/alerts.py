"""The queue of 100 000 alerts under load, and how long a roster that was filed waits for its screening."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks._figures import Figure, at_most
from benchmarks._load import Order, prepared, send
from benchmarks._site import own_database, served, signed_in

ALERTS, RATE, SECONDS = 100_000, 50, 10
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
SCHEMES = ("eligibility", "identity", "attendance", "class", "exam", "money")


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    from benchmarks.lists import prepare
    from rollbook.accounts.tests.factories import AccountFactory
    from rollbook.risk import actions

    class_id = prepare()
    first = time.perf_counter()
    actions.screen_roster(class_id=class_id, now=NOW)
    yield at_most("a roster of 25 that was filed is screened", time.perf_counter() - first, 10, "s")
    alert_id = fill(class_id)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    county = signed_in(AccountFactory(role="county-reviewer", region_code="320102"))
    province = signed_in(AccountFactory(role="province-officer", region_code="320000"))
    connection.close()
    pages = {
        "a county's": (county, "/alerts/"),
        "the province's": (province, "/alerts/"),
        "the province's, of one kind": (province, "/alerts/?scheme=exam&severity=2"),
        "one alert": (province, f"/alerts/{alert_id}/"),
    }
    with served() as port:
        for name, (who, path) in pages.items():
            request = prepared(path, headers=who)
            send(Order(port, [request], 8, 2, rate=10, repeats=True))  # warm
            found = send(Order(port, [request], 16, SECONDS, rate=RATE, repeats=True))
            yield at_most(
                f"queue of {ALERTS:,} alerts, {name}, 95th percentile",
                found.percentile(95),
                150,
                "ms",
                f"({found.told()})",
            )


def fill(class_id: int) -> int:
    """The alerts, in bulk, each with a ground; gives the number of one."""
    from rollbook.classes.models import TrainingClass
    from rollbook.risk.models import Alert, Finding, Hit, Run

    run = Run.objects.create(kind="night", engine="duckdb", started_at=NOW, finished_at=NOW)
    klass = TrainingClass.objects.get(pk=class_id)
    counties = ["320102", "320104", "320205", "320583", "320706"]
    alerts = Alert.objects.bulk_create(
        (
            Alert(
                subject="class", subject_id=1_000_000 + n, scheme=SCHEMES[n % 6], severity=1 + n % 3,
                score=(1 + n % 3) * 1000 + n % 700, amount_fen=n % 9 * 100_000, region_code=counties[n % 5],
                institution_id=klass.institution_id, training_class=klass, title=f"2026 焊工 {n} 期",
                first_found_at=NOW, last_found_at=NOW,
            )
            for n in range(ALERTS)
        ),
        batch_size=5_000,
    )  # fmt: skip
    ground = {
        "template": "On {day} {people} of {roster} came: {share} %.", "code": "D44", "clause": "S4",
        "values": {"day": "2026-03-02", "people": 3, "roster": 9, "share": 33},
    }  # fmt: skip
    findings = Finding.objects.bulk_create(
        (
            Finding(
                alert=alert, detector="D44", severity=alert.severity, ground=ground, rows=[ground["values"]], count=1,
                version="", run=run, found_at=NOW,
            )
            for alert in alerts
        ),
        batch_size=5_000,
    )  # fmt: skip
    Hit.objects.bulk_create(
        (
            Hit(
                finding=finding, subject="class", subject_id=finding.alert.subject_id, ground=ground,
                rows=[ground["values"]], count=1, digest="", found_at=NOW,
            )
            for finding in findings
        ),
        batch_size=5_000,
    )  # fmt: skip
    return int(alerts[0].pk)
