"""What settled alerts say of the detectors: precision, load, and the cases that a limit could have parted (B8)."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch, Q, QuerySet

from rollbook.accounts.rules import Permission, holds
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.rules import prefix
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Finding, Hit, Run, Setting, Step
from rollbook.risk.queries.alerts import READERS, seen_by
from rollbook.risk.rules import BELOW, Precision, RunKind, State

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

PEERS = 1000  # cases that a measure is shown among


def of_region(by: "Account", region_code: str = "") -> QuerySet[Finding]:
    """Findings of the alerts that one sees, or of those within a part of the region."""
    if not any(holds(by, one) for one in READERS):
        raise Forbidden("alert.read")
    found = Finding.objects.filter(seen_by(by, "alert__"))
    return found.filter(alert__region_code__startswith=prefix(region_code)) if region_code else found


def performance(by: "Account", region_code: str = "") -> list[dict[str, Any]]:
    """Every detector with what it found, how it was settled, and its precision: one query."""
    counts = {
        row["detector"]: row
        for row in of_region(by, region_code)
        .values("detector")
        .annotate(
            found=Count("pk"),
            waiting=Count("pk", filter=~Q(alert__state=State.CLOSED)),
            true=Count("pk", filter=Q(is_true=True, alert__state=State.CLOSED)),
            settled=Count("pk", filter=Q(is_true__isnull=False, alert__state=State.CLOSED)),
        )
    }
    none = {"found": 0, "waiting": 0, "true": 0, "settled": 0}
    made = []
    for code, one in DETECTORS.items():
        row = counts.get(code, none)
        precision = Precision(row["true"], row["settled"])
        made.append({"one": one, **row, "precision": precision, "interval": precision.interval()})
    return made


def precision_of(by: "Account", codes: Collection[str]) -> dict[str, Precision]:
    """How many of the settled findings of some detectors were true within one's region."""
    settled = of_region(by).filter(detector__in=codes, is_true__isnull=False, alert__state=State.CLOSED)
    rows = settled.values("detector").annotate(n=Count("pk"), true=Count("pk", filter=Q(is_true=True)))
    return {row["detector"]: Precision(row["true"], row["n"]) for row in rows}


def by_region(by: "Account", code: str) -> list[dict[str, Any]]:
    """The precision of one detector by county."""
    rows = (
        of_region(by)
        .filter(detector=code)
        .values("alert__region_code")
        .annotate(
            found=Count("pk"),
            true=Count("pk", filter=Q(is_true=True, alert__state=State.CLOSED)),
            settled=Count("pk", filter=Q(is_true__isnull=False, alert__state=State.CLOSED)),
        )
        .order_by("alert__region_code")
    )
    made = []
    for row in rows:
        precision = Precision(row["true"], row["settled"])
        made.append(
            {**row, "region_code": row["alert__region_code"], "precision": precision, "interval": precision.interval()}
        )
    return made


def load(by: "Account", now: datetime) -> list[dict[str, Any]]:
    """How many alerts each officer has settled in the last thirty days, and how many days they took."""
    since = now - timedelta(30)
    found = Alert.objects.filter(seen_by(by), proposed_at__gte=since)
    rows = found.values("proposed_by__name", "proposed_by__username").annotate(settled=Count("pk")).order_by("-settled")
    return [
        {"name": row["proposed_by__name"] or row["proposed_by__username"], "settled": row["settled"]} for row in rows
    ]


def waiting(by: "Account") -> int:
    return Alert.objects.filter(seen_by(by)).exclude(state=State.CLOSED).count()


def cases(by: "Account", code: str, name: str) -> list[tuple[int, bool]]:
    """The settled findings of a detector with the measure that one of its limits parts: the strongest row of each."""
    settled = of_region(by).filter(detector=code, alert__state=State.CLOSED)
    found = Hit.objects.filter(finding__in=settled, is_true__isnull=False)
    rows = found.order_by("pk").values_list("rows", "is_true")
    measured = ((_strongest(code, name, some), bool(true)) for some, true in rows)
    return [(value, true) for value, true in measured if value is not None]


def _strongest(code: str, name: str, rows: Iterable[dict[str, Any]]) -> int | None:
    values = [row[name] for row in rows if isinstance(row.get(name), int)]
    return (min if (code, name) in BELOW else max)(values, default=None)


def peers(by: "Account", finding: Finding, name: str) -> tuple[list[int], list[int]]:
    """The measure that a limit parts, of the newest open cases of the same detector within one's region, and of this
    finding's own: the strongest row of each."""
    other = of_region(by).filter(detector=finding.detector).exclude(alert__state=State.CLOSED).exclude(pk=finding.pk)
    newest = list(other.order_by("-pk").values_list("pk", flat=True)[:PEERS])
    found: tuple[list[int], list[int]] = ([], [])
    for pk, rows in Hit.objects.filter(finding__in=[finding.pk, *newest]).values_list("finding", "rows"):
        if (value := _strongest(finding.detector, name, rows)) is not None:
            found[pk == finding.pk].append(value)
    return found


def settings_of(code: str) -> QuerySet[Setting]:
    """What was set for a detector in regions around and within one's own, the newest first."""
    return Setting.objects.filter(detector=code).select_related("set_by").order_by("-set_at", "-pk")


def runs() -> QuerySet[Run]:
    """Screenings with how many detectors have run, and which of them failed."""
    failed = Prefetch("steps", Step.objects.exclude(error="").order_by("detector"), to_attr="failed")
    return Run.objects.annotate(done=Count("steps", filter=Q(steps__error=""))).prefetch_related(failed).order_by("-pk")


def failing(by: "Account") -> list[Step]:
    """The detectors that failed in the last night, for whoever answers for all of them: until the next night or try."""
    if not holds(by, Permission.ALERT_TUNE) or len(prefix(by.region_code)) != 2:
        return []
    last = Run.objects.filter(kind=RunKind.NIGHT).order_by("-pk").first()
    return list(last.steps.exclude(error="").order_by("detector")) if last else []
