"""What feeds say of the people of another table, as subqueries for screening."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import MD5

from rollbook.database.changes import written_since
from rollbook.exchange.models import Fact
from rollbook.exchange.queries import firm_names
from rollbook.exchange.rules import Feed
from rollbook.persons import queries as persons


def said_of(feed: str, subject: "OuterRef", day: "OuterRef | None" = None, **data: "OuterRef") -> "QuerySet[Fact, Any]":
    """What holds of one subject, the latest first, as a subquery: in force on a day, and with this in its data."""
    found = Fact.objects.filter(feed=feed, subject=subject, is_ended=False)
    if day is not None:
        found = found.filter(Q(until_on=None) | Q(until_on__gte=day), from_on__lte=day)
    for key, value in data.items():
        found = found.annotate(**{f"of_{key}": KT(f"data__{key}")}).filter(**{f"of_{key}": value})
    later = Fact.objects.filter(
        Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), pk__gt=OuterRef("pk")),
        feed=feed, subject=OuterRef("subject"), key=OuterRef("key"), source=OuterRef("source"),
    )  # fmt: skip
    return found.filter(~Exists(later)).order_by("-as_of", "-pk")


def people_told_of(feed: str, mark: int) -> "QuerySet[Any, Any]":
    """The persons of the register about whom a feed said something in a transaction of `mark` or later."""
    subjects = written_since(Fact.objects.filter(feed=feed), mark).values("subject")
    return persons.living().filter(id_digest__in=subjects).values_list("live_id", flat=True)


def firm_names_by_digests(digests: Collection[str]) -> dict[str, str]:
    """The names of firms by the digests of their codes, which are all that screening keeps of firms."""
    found = Fact.objects.annotate(digest=MD5("subject")).filter(feed=Feed.COMPANIES, digest__in=digests)
    codes = dict(found.values_list("subject", "digest"))
    return {codes[code]: name for code, name in firm_names(codes).items()}
