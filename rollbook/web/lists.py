"""Lists: search, filters, order and page, all of it in the address so that it can be shared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

SIZE = 50


@dataclass(slots=True)
class Filter:
    """A choice that narrows a list: `lookup` defaults to the parameter's name."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]]
    lookup: str = ""
    value: str = ""


@dataclass(slots=True)
class Listing:
    rows: Any
    page: Page[Any]
    total: int
    text: str
    hint: str
    searches: bool
    filters: list[Filter] = field(default_factory=list)
    exports: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or any(one.value for one in self.filters))


def narrowed(
    request: HttpRequest,
    found: QuerySet[Any],
    *,
    filters: Iterable[Filter] = (),
    search: Sequence[str] = (),
) -> QuerySet[Any]:
    """What the address asks for, whole: for an export of exactly what is filtered."""
    for one in filters:
        one.value = request.GET.get(one.name, "")
        if one.value and one.value in {value for value, _ in one.choices}:
            found = found.filter(**{one.lookup or one.name: one.value})
    if text := request.GET.get("q", "").strip():
        either = Q()
        for name in search:
            either |= Q(**{f"{name}__icontains": text})
        found = found.filter(either)
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
    """One page of a list. `sorts` maps the value of `sort` in the address to a field."""
    filters = list(filters)
    found = narrowed(request, found, filters=filters, search=search)
    if order := (sorts or {}).get(request.GET.get("sort", "")):
        found = found.order_by(order, "pk")
    page = Paginator(found, size).get_page(request.GET.get("page"))
    return Listing(
        rows=page.object_list,
        page=page,
        total=page.paginator.count,
        text=request.GET.get("q", "").strip(),
        hint=hint,
        searches=bool(search),
        filters=filters,
        exports=exports,
    )
