"""Pages of a list, found by the key of their first or last row: the last page costs what the first costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from psycopg.types.range import Range

MOST_COUNTED = 10_000  # rows; a longer list says that it has more
LAST = "last"


@dataclass(frozen=True, slots=True)
class Key:
    """One term of an order."""

    name: str
    descends: bool
    nullable: bool


@dataclass(slots=True)
class Page:
    rows: list[Any]
    total: int
    is_capped: bool = False  # there are more than were counted
    start: int | None = None  # of the first row, from 1; unknown where a long list was entered from its end
    previous: str = ""
    next: str = ""

    @property
    def end(self) -> int | None:
        return None if self.start is None else self.start + len(self.rows) - 1

    def start_before(self, size: int) -> int | None:
        return None if self.start is None else max(1, self.start - size)


def page_of(found: QuerySet[Any], asked: QueryDict, size: int) -> Page:
    """The page that the address asks for: after a row, before a row, the last, else the first."""
    keys = _keys(found)
    before, after = asked.get("before", ""), asked.get("after", "")
    place = _place(before or after, keys)
    if before == LAST or (before and place):
        page = _backwards(found, keys, place, size)
        if page.previous or before == LAST:
            return _numbered(page, found, asked)
        place = None  # near the beginning: the whole first page
    ordered = found.order_by(*_order(keys))
    rows = list((ordered.filter(_beyond(keys, place)) if place else ordered)[: size + 1])
    page = Page(rows[:size], len(rows), start=None if place else 1)
    if len(rows) > size:
        page.next = _cursor(keys, page.rows[-1])
    if place and page.rows:
        page.previous = _cursor(keys, page.rows[0])
    return _numbered(page, found, asked)


def _backwards(found: QuerySet[Any], keys: Sequence[Key], place: list[Any] | None, size: int) -> Page:
    turned = [Key(one.name, not one.descends, one.nullable) for one in keys]
    ordered = found.order_by(*_order(turned))
    rows = list((ordered.filter(_beyond(turned, place)) if place else ordered)[: size + 1])
    page = Page(rows[:size][::-1], 0)
    if len(rows) > size:
        page.previous = _cursor(keys, page.rows[0])
    if place and page.rows:
        page.next = _cursor(keys, page.rows[-1])
    return page


def _numbered(page: Page, found: QuerySet[Any], asked: QueryDict) -> Page:
    """With the total where it is cheap to count, and where in the list the page stands."""
    if not page.previous and not page.next:
        page.total, page.start = len(page.rows), 1
        return page
    counted = found.order_by().values("pk")[: MOST_COUNTED + 1].count()
    page.total, page.is_capped = min(counted, MOST_COUNTED), counted > MOST_COUNTED
    if not page.previous:
        page.start = 1
    elif asked.get("before") == LAST:
        page.start = None if page.is_capped else counted - len(page.rows) + 1
    else:
        told = asked.get("n", "")
        page.start = int(told) if told.isascii() and told.isdigit() and len(told) < 9 else None
    return page


def _keys(found: QuerySet[Any]) -> list[Key]:
    """The order of a query set, ended by its primary key so that no two rows are equal in it."""
    keys = []
    for one in found.query.order_by or found.model._meta.ordering or ():
        if isinstance(one, OrderBy):
            name, descends = one.expression.name, one.descending  # type: ignore[union-attr]  # an F
        else:
            name, descends = str(one).removeprefix("-"), str(one).startswith("-")
        keys.append(Key(name, descends, _is_nullable(found, name)))
        if name in ("pk", "id"):
            return keys
    return [*keys, Key("pk", keys[-1].descends if keys else False, nullable=False)]


def _is_nullable(found: QuerySet[Any], name: str) -> bool:
    try:
        return name != "pk" and bool(getattr(found.model._meta.get_field(name), "null", False))
    except FieldDoesNotExist:  # of another table, or worked out
        return True


def _order(keys: Sequence[Key]) -> list[OrderBy]:
    return [F(one.name).desc() if one.descends else F(one.name).asc() for one in keys]


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows that stand after these values; PostgreSQL puts nothing after everything, and first when it descends."""
    beyond, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        if value is None:
            further = Q(**{f"{key.name}__isnull": False}) if key.descends else Q(pk__in=[])
            same = Q(**{f"{key.name}__isnull": True})
        else:
            further = Q(**{f"{key.name}__{'lt' if key.descends else 'gt'}": value})
            if key.nullable and not key.descends:
                further |= Q(**{f"{key.name}__isnull": True})
            same = Q(**{key.name: value})
        beyond, equal = beyond | (equal & further), equal & same
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:  # said besides, so that an index can be entered there
        beyond &= Q(**{f"{first.name}__{'lte' if first.descends else 'gte'}": value})
    return beyond


def _cursor(keys: Sequence[Key], row: Any) -> str:
    values = [_plain(reduce(lambda at, name: getattr(at, name, None), one.name.split("__"), row)) for one in keys]
    return signing.dumps(values, salt=_salt(keys), compress=True)


def _place(text: str, keys: Sequence[Key]) -> list[Any] | None:
    """The values that an address carries; None where it has none, or was made for another order."""
    try:
        return [_rich(value) for value in signing.loads(text, salt=_salt(keys))]
    except signing.BadSignature:
        return None


def _salt(keys: Sequence[Key]) -> str:
    return "page " + " ".join(f"{'-' if one.descends else ''}{one.name}" for one in keys)


def _plain(value: Any) -> Any:
    if isinstance(value, Range):
        return {"range": [_plain(value.lower), _plain(value.upper), value._bounds or "[)"]}
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):  # a period in days
        lower, upper, bounds = value["range"]
        return Range(lower and date.fromisoformat(lower), upper and date.fromisoformat(upper), bounds)
    return value
