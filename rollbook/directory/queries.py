import time
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Left
from psycopg.types.range import DateRange

from rollbook.accounts.rules import APART
from rollbook.directory import rules
from rollbook.directory.models import DemandItem, DemandList, Occupation, Term
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import around, prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def terms_for(region_code: str, on: date) -> rules.Terms:
    """All terms in force for a region on a day: the narrowest region's row of each wins."""
    return terms_among([(region_code, on)])[region_code, on]


def terms_among(pairs: Collection[tuple[str, date]]) -> dict[tuple[str, date], rules.Terms]:
    """`terms_for` of many regions and days: one query."""
    days = [on for _region, on in pairs]
    regions = {code for region_code, _on in pairs for code in around(region_code)}
    found: dict[str, list[Term]] = {}
    if pairs:
        during = DateRange(min(days), max(days), "[]")
        for row in Term.objects.filter(region_code__in=regions, in_force__overlap=during):
            found.setdefault(row.region_code, []).append(row)
    return {
        (region_code, on): rules.Terms(
            {
                row.key: rules.Term(key=row.key, value=row.value, document=row.document, region_code=row.region_code)
                for code in reversed(around(region_code))
                for row in found.get(code, ())
                if on in row.in_force
            },
            on,
        )
        for region_code, on in set(pairs)
    }


def value_in_force(key: rules.TermKey, region: str, on: str) -> Subquery:
    """A term as a column of a query: of the narrowest region around `region` that sets it on the day `on`."""
    here = OuterRef(region)
    scopes = [here, Concat(Left(here, 4), Value("00")), Concat(Left(here, 2), Value("0000"))]
    found = Term.objects.filter(key=key, region_code__in=scopes, in_force__contains=OuterRef(on))
    return Subquery(found.order_by("-region_code").values("value")[:1])


def lowest_anywhere(key: rules.TermKey) -> Subquery:
    """The lowest figure that any region has had for a term, as a column: asked once for a whole query, before each row's own."""
    return Subquery(Term.objects.filter(key=key).order_by("value").values("value")[:1])


# The newest row of the terms: what was kept of them is good for as long as it stays the same.
TERMS_VERSION = "(SELECT max(id) FROM directory_term)"
KEPT_SECONDS = 5  # for two notices entered at once, of which the elder number commits last


def terms_kept(region_code: str, on: date, version: int) -> rules.Terms:
    """`terms_for`, remembered by this process for some seconds or until a term is set: for check-ins."""
    return _terms_kept(region_code, on, version, int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1024)
def _terms_kept(region_code: str, on: date, version: int, moment: int) -> rules.Terms:  # noqa: ARG001 parts of the key
    return terms_for(region_code, on)


def longest(key: str, on: date) -> int | None:
    """The highest figure that any region has for a term on a day: for what is kept for all regions together."""
    most: int | None = Term.objects.filter(key=key, in_force__contains=on).aggregate(most=Max("value"))["most"]
    return most


def lowest(key: str) -> int:
    """The lowest figure that any region has had for a term: a first sieve, before each region's own is asked for."""
    least: int | None = Term.objects.filter(key=key).aggregate(least=Min("value"))["least"]
    return least or 0


def list_in_force(region_code: str, on: date) -> DemandList | None:
    """The published list that binds a region on a day: its own, or the nearest around it."""
    scopes = around(region_code)
    found = DemandList.objects.filter(region_code__in=scopes, state=rules.ListState.PUBLISHED, in_force__contains=on)
    return min(found, key=lambda one: scopes.index(one.region_code), default=None)


def items_for(region_code: str, on: date) -> QuerySet[DemandItem]:
    """The projects that a class of this region may have when it is bound to this day's list."""
    binding = list_in_force(region_code, on)
    found = DemandItem.objects.filter(demand_list=binding) if binding else DemandItem.objects.none()
    return found.select_related("occupation", "demand_list").order_by("occupation__code", "-level")


def visible_to(by: "Account") -> QuerySet[DemandList]:
    """Published lists are everybody's; drafts are for the offices of their own region."""
    found = DemandList.objects.select_related("drafted_by", "agreed_by")
    if by.institution_id is not None or by.role == "worker" or by.role in APART:
        return found.filter(state=rules.ListState.PUBLISHED)
    return found.filter(Q(state=rules.ListState.PUBLISHED) | Q(region_code__startswith=prefix(by.region_code)))


def get(by: "Account", list_id: int, *, lock: bool = False) -> DemandList:
    found = visible_to(by).filter(pk=list_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except DemandList.DoesNotExist:
        raise NotFound from None


def versions(region_code: str) -> QuerySet[DemandList]:
    """The versions of a region's list, newest first."""
    return DemandList.objects.filter(region_code=region_code).order_by("-version")


def waiting_for(by: "Account") -> QuerySet[DemandList]:
    """Lists on their way to publication, for the offices of this very level."""
    return visible_to(by).filter(region_code=by.region_code).exclude(state=rules.ListState.PUBLISHED)


def items_of(list_id: int) -> QuerySet[DemandItem]:
    found = DemandItem.objects.filter(demand_list_id=list_id).select_related("occupation", "demand_list")
    return found.order_by("occupation__code", "-level")


def projects_of(list_id: int) -> dict[tuple[str, str, str], rules.Project]:
    """A list's projects by their key, as rules compare them."""
    found = {}
    for item in items_of(list_id):
        key = (item.training_type, item.occupation.code, item.level)
        found[key] = rules.Project(
            key=key,
            name=item.occupation.name,
            hours=item.hours,
            practice_percent=item.practice_percent,
            amount_fen=item.amount_fen,
            scarce_amount_fen=item.scarce_amount_fen,
            urgency=item.urgency,
        )
    return found


def upper_projects(region_code: str, on: date) -> dict[tuple[str, str, str], rules.Project]:
    """The projects of the list around a region, whose limits it must keep (N1.2)."""
    scopes = around(region_code)[1:]
    found = DemandList.objects.filter(region_code__in=scopes, state=rules.ListState.PUBLISHED, in_force__contains=on)
    upper = min(found, key=lambda one: scopes.index(one.region_code), default=None)
    return projects_of(upper.pk) if upper else {}


def occupation(text: str) -> Occupation | None:
    """The occupation of an id as an address gives it."""
    return Occupation.objects.filter(pk=int(text)).first() if text.isascii() and text.isdigit() else None


def find_occupations(text: str, limit: int = 20) -> QuerySet[Occupation]:
    """Occupations of the present edition by code, Chinese or pinyin (N16.1)."""
    found = Occupation.objects.filter(edition=2022)
    text = text.strip()
    if text:
        found = found.filter(Q(code__startswith=text) | Q(name__icontains=text) | Q(pinyin__icontains=text.lower()))
    return found.order_by("code")[:limit]


def occupations_coded(codes: Iterable[str]) -> dict[str, list[Occupation]]:
    """Occupations of the present edition by their codes; a code may stand for several (its kinds of work)."""
    found: dict[str, list[Occupation]] = {}
    for one in Occupation.objects.filter(edition=2022, code__in=set(codes)).order_by("pk"):
        found.setdefault(one.code, []).append(one)
    return found


def meant(candidates: Sequence[Occupation], name: str) -> Occupation | None:
    """Which of a code's occupations a file means: the one of that name, or the only one where it gives none."""
    if name:
        return next((one for one in candidates if one.name == name), None)
    return candidates[0] if len(candidates) == 1 else None


def published_items(on: date) -> QuerySet[DemandItem]:
    """Every project that anyone may look up on a day (N1.3)."""
    found = DemandItem.objects.filter(demand_list__state=rules.ListState.PUBLISHED, demand_list__in_force__contains=on)
    return found.select_related("occupation", "demand_list").order_by(
        "demand_list__region_code", "occupation__code", "-level"
    )


def terms_history(region_code: str) -> QuerySet[Term]:
    return Term.objects.filter(region_code__in=around(region_code)).order_by("key", "region_code", "-in_force")


def identities() -> dict[str, int]:
    """The identity of every occupation, by each of its codes and by its name; the newest edition wins."""
    found: dict[str, int] = {}
    for code, name, identity in Occupation.objects.order_by("edition").values_list("code", "name", "identity"):
        found[code] = found[name] = identity
    return found


def names_of_identities(identities: Collection[int]) -> dict[int, str]:
    """The newest name of each occupation by its identity."""
    found = Occupation.objects.filter(identity__in=identities).order_by("edition", "-pk")
    return dict(found.values_list("identity", "name"))


def named(words: Any) -> QuerySet[Occupation]:
    """Occupations of a code or name, the newest edition first: also for a word of an outer query."""
    return Occupation.objects.filter(Q(code=words) | Q(name=words)).order_by("-edition")
