"""Draws: who might be drawn, who was, and the same draw once more (N11.2, B3)."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from rollbook.accounts.rules import Permission, holds
from rollbook.institutions import queries as institutions
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.supervision import rules
from rollbook.supervision.models import Check, Draw

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

DRAWING = 7311  # the number of the lock


def wait_to_draw(region_code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DRAWING, int(region_code)])


def bodies_to_draw(region_code: str, since: date) -> list[dict[str, Any]]:
    """The listed institutions of a region: whether each has waited since that day, and who belongs to it."""
    found = institutions.listed().filter(state="listed", region_code__startswith=prefix(region_code)).order_by("pk")
    rows = list(found.values_list("pk", "name"))
    checked = Check.objects.filter(institution__in=[pk for pk, _name in rows], checked_on__gte=since)
    lately = set(checked.exclude(published_at=None).values_list("institution", flat=True))
    people = institutions.people_of([pk for pk, _name in rows])
    return [
        {"id": pk, "name": name, "waits": pk not in lately, "persons": sorted(people.get(pk, ()))} for pk, name in rows
    ]


def regions_of(ids: Collection[int]) -> dict[int, str]:
    return {row["pk"]: row["region_code"] for row in institutions.placed(ids)}


def unpublished(region_code: str) -> int:
    return Check.objects.filter(draw__region_code=region_code, published_at=None).count()


def is_announced(region_code: str) -> bool:
    return Draw.objects.filter(region_code=region_code, drawn_at=None).exists()


def announced(by: "Account", draw_id: int) -> Draw:
    """One that is to be drawn, locked."""
    seen = draw(by, draw_id)
    return Draw.objects.select_for_update(of=("self",)).get(pk=seen.pk)


def secret_fits(one: Draw) -> bool:
    return rules.lot(one.secret) == one.commitment


def lists_fit(one: Draw) -> bool:
    return rules.lists_digest(one.percent, one.bodies, one.inspectors) == one.lists_digest


def from_same_lists(one: Draw) -> list[int]:
    """Other draws from the very same lists: whoever drew twice to choose is seen by it."""
    found = Draw.objects.filter(lists_digest=one.lists_digest).exclude(pk=one.pk) if one.lists_digest else ()
    return sorted(other.pk for other in found)


def pairs_of(one: Draw) -> int:
    """For how many of all institutions on the list there are two to go."""
    inspectors = [rules.Inspector(row["id"], row["person"]) for row in one.inspectors]
    apart = {row["id"]: row["persons"] for row in one.bodies}
    return len(rules.drawn_pairs(list(apart), inspectors, apart, ""))


def drawn_again(one: Draw) -> dict[int, tuple[int, int]]:
    """What comes of a draw's seed and lists, worked out anew."""
    bodies = [rules.Body(row["id"], row["waits"]) for row in one.bodies]
    inspectors = [rules.Inspector(row["id"], row["person"]) for row in one.inspectors]
    apart = {row["id"]: row["persons"] for row in one.bodies}
    return rules.drawn_pairs(rules.drawn_bodies(bodies, one.percent, one.seed), inspectors, apart, one.seed)


def holds_still(one: Draw) -> bool:
    """Whether the checks are those that the seed draws, and the seed comes of what was announced."""
    if one.commitment and not (
        secret_fits(one) and lists_fit(one) and one.seed == rules.lot(one.secret, one.figure, one.lists_digest)
    ):
        return False
    kept = {pk: (first, second) for pk, first, second in one.checks.values_list("institution", "first", "second")}
    return kept == drawn_again(one)


def draws(by: "Account") -> QuerySet[Draw]:
    """The region's for its offices; for whoever is sent only the draws that sent them."""
    if not holds(by, Permission.INSPECTION_READ) or by.institution_id is not None:
        return Draw.objects.none()
    found = published()
    if by.role == "supervisor":
        return found.filter(pk__in=Check.objects.filter(Q(first=by) | Q(second=by)).values("draw"))
    return found.filter(region_code__startswith=prefix(by.region_code))


def published() -> QuerySet[Draw]:
    """Every draw is public from the moment it is announced."""
    counted = Draw.objects.annotate(
        drawn=Count("checks"), told=Count("checks", filter=Q(checks__published_at__isnull=False))
    )
    return counted.select_related("drawn_by", "announced_by").order_by("-pk")


def draw(by: "Account", draw_id: int) -> Draw:
    return _one(draws(by), draw_id)


def published_draw(draw_id: int) -> Draw:
    return _one(published(), draw_id)


def _one(found: QuerySet[Draw], draw_id: int) -> Draw:
    try:
        return found.get(pk=draw_id)
    except Draw.DoesNotExist:
        raise NotFound from None


def checks_of(draw_id: int) -> QuerySet[Check]:
    found = Check.objects.filter(draw=draw_id).select_related("institution", "first", "second", "recorded_by")
    return found.order_by("pk")


def checks_shown(by: "Account", draw_id: int) -> QuerySet[Check]:
    """All of a draw; whoever is only sent sees theirs."""
    found = checks_of(draw_id)
    return found.filter(Q(first=by) | Q(second=by)) if by.role == "supervisor" else found


def overdue(by: "Account", today: date) -> "QuerySet[Draw, Any]":
    """Draws whose day has passed and of which a result is not published, each with how many."""
    late = Check.objects.filter(draw=OuterRef("pk"), published_at=None).order_by().values("draw")
    counted = late.annotate(n=Count("pk")).values("n")
    found = draws(by).filter(due_on__lt=today).annotate(late=Subquery(counted)).filter(late__gt=0)
    return found.values("pk", "title", "due_on", "late").order_by("due_on", "pk")


def check(by: "Account", check_id: int, *, lock: bool = False) -> Check:
    found = Check.objects.filter(pk=check_id, draw__in=draws(by).values("pk"))
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Check.DoesNotExist:
        raise NotFound from None


def as_file(one: Draw) -> dict[str, Any]:
    """All that is needed to draw again, with what was announced and drawn: persons as numbers of the register only."""
    drawn, due, known = one.drawn_at, one.draws_at, one.announced_at
    return {
        "announced": {
            "commitment": one.commitment, "lists": one.lists_digest, "figure_of": one.source,
            "at": known.isoformat(), "drawn_from": due.isoformat(),
        } if known and due else None,
        "secret": one.secret if drawn else "", "figure": one.figure,
        "seed": one.seed, "percent": one.percent, "drawn_at": drawn.isoformat() if drawn else None,
        "institutions": one.bodies,
        "inspectors": [{"id": row["id"], "person": row["person"]} for row in one.inspectors],
        "drawn": [
            {"institution": pk, "inspectors": [first, second]}
            for pk, first, second in one.checks.order_by("pk").values_list("institution", "first", "second")
        ],
    }  # fmt: skip
