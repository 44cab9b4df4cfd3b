"""Lists: search, filters, order and page, all of it in the address so that it can be shared."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date

from rollbook.web.paging import Page, page_of

SIZE = 50


@dataclass(slots=True)
class Filter:
    """A choice that narrows a list: `lookup` defaults to the parameter's name."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]]
    lookup: str = ""
    value: str = ""
    kind: str = "choice"  # or "date": a day, or "text": exactly this

    def accepts(self, value: str) -> bool:
        if self.kind == "choice":
            return value in {one for one, _ in self.choices}
        return self.kind == "text" or _day(value) is not None


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # a day that no calendar has
        return None


@dataclass(slots=True)
class Listing:
    rows: Any
    page: Page
    size: int
    text: str
    hint: str
    searches: bool
    filters: list[Filter] = field(default_factory=list)
    exports: bool = False

    @property
    def total(self) -> int:
        return self.page.total

    @property
    def start_before(self) -> int | None:
        return self.page.start_before(self.size)

    @property
    def start_after(self) -> int | None:
        return None if self.page.end is None else self.page.end + 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or any(one.value for one in self.filters))


def months(today: date, asked: str) -> list[tuple[str, str]]:
    """Choices of months from 18 back to 5 ahead; a month or a whole year that an address asks for besides."""
    first = today.year * 12 + today.month - 18
    found = [f"{n // 12}-{n % 12 + 1:02}" for n in range(first + 23, first - 1, -1)]
    if asked not in found and re.fullmatch(r"20\d\d(-(0[1-9]|1[0-2]))?", asked):
        found.append(asked)
    return [(one, one) for one in found]


def narrowed(
    request: HttpRequest,
    found: QuerySet[Any],
    *,
    filters: Iterable[Filter] = (),
    search: Sequence[str] = (),
    sorts: Mapping[str, str] | None = None,
) -> QuerySet[Any]:
    """What the address asks for, whole: for an export of exactly what is filtered."""
    for one in filters:
        one.value = request.GET.get(one.name, "")
        if one.value and one.accepts(one.value):
            wanted = _day(one.value) if one.kind == "date" else one.value
            found = found.filter(**{one.lookup or one.name: wanted})
    if text := request.GET.get("q", "").replace("\0", "").strip():
        either = Q()
        for name in search:
            either |= Q(**{f"{name}__icontains": text})
        found = found.filter(either)
    sort, orders = request.GET.get("sort", ""), sorts or {}
    order = orders.get(sort)
    if order is None and (forward := orders.get(sort.removeprefix("-"))):
        order = forward.removeprefix("-") if forward.startswith("-") else f"-{forward}"
    if order:
        found = found.order_by(order, "pk")
    return found


def listing(
    request: HttpRequest,
    found: QuerySet[Any],
    *,
    filters: Iterable[Filter] = (),
    search: Sequence[str] = (),
    sorts: Mapping[str, str] | None = None,
    hint: str = "",
    size: int = SIZE,
    exports: bool = False,
) -> Listing:
    """One page of a list. `sorts` maps the value of `sort` in the address to a field; "-" before it turns the order round."""
    filters = list(filters)
    found = narrowed(request, found, filters=filters, search=search, sorts=sorts)
    page = page_of(found, request.GET, size)
    return Listing(
        rows=page.rows,
        page=page,
        size=size,
        text=request.GET.get("q", "").strip(),
        hint=hint,
        searches=bool(search),
        filters=filters,
        exports=exports,
    )
