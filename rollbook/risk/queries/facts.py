"""Facts of other departments as tables of screening, where they are in force and of a person of the register."""

from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

import pyarrow as pa
from django.db.models import CharField, DateField, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Cast, Concat

from rollbook.directory import queries as directory
from rollbook.exchange import queries as exchange
from rollbook.persons import queries as persons

Rows = QuerySet[Any, Any]
PERIOD = ("person_id", "from_on", "until_on")


def known(feed: str) -> Rows:
    found: Rows = exchange.present(feed)
    return found.filter(person_id__isnull=False)


def spans(feed: str, **more: Any) -> Rows:
    return known(feed).values(*PERIOD, **more)


def listed() -> list[Rows]:
    """One list from several feeds: who stood on which, from when to when."""
    kinds = {"low-income": "difficulty", "disabled": "disabled", "veterans": "veteran", "monitored": "monitored"}
    return [spans(feed, kind=Value(kind, output_field=CharField())) for feed, kind in kinds.items()]


def occupied(feed: str) -> Rows:
    """Facts that name an occupation by its code or name, with the identity that it has here."""
    found = known(feed).annotate(words=KT("data__occupation"))
    identity = directory.named(OuterRef("words")).values("identity")[:1]
    named: Rows = found.annotate(occupation=Subquery(identity))
    return named.filter(occupation__isnull=False)


def companies() -> Rows:
    found: Rows = exchange.present("companies")
    return found.values(
        company=MD5("subject"),
        registered_on=F("from_on"),
        closed_on=F("until_on"),
        phone=MD5(KT("data__phone")),
        address=MD5(KT("data__address")),
    )


def insured_rests_on() -> list[Rows]:
    """Which files of months were loaded, and who is in the register."""
    return [exchange.month_files(), persons.living().values("id_digest", "live_id")]


def insured_months(people: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    """Months of pension insurance, with the employer as the digest that contracts and companies are kept by too."""
    for batch in exchange.insured(people):
        employers = batch.column("employer").dictionary_encode()
        digests = [
            None if name is None else md5(name.encode(), usedforsecurity=False).hexdigest()
            for name in employers.dictionary.to_pylist()
        ]
        company = pa.array(digests, pa.string()).take(employers.indices)
        yield pa.record_batch(
            {"person_id": batch.column("person_id"), "month": batch.column("month"), "company": company}
        )


TABLES: dict[str, Callable[[], Rows]] = {
    "deaths": lambda: known("deaths").values("person_id", died_on=F("from_on")),
    "detentions": lambda: spans("detention"),
    "travels": lambda: spans("border"),
    "stays": lambda: spans("hospital-stays"),
    "pensions": lambda: spans("pensions", kind_=KT("data__kind")),
    "contracts": lambda: spans("labour-contracts", company=MD5(KT("data__employer"))),
    "school_rolls": lambda: (
        known("schooling")
        .filter(~Q(data__full_time="no"))
        .values(
            *PERIOD,
            graduates_on=Cast(Concat(KT("data__graduates_in"), Value("-06-30")), DateField()),
        )
    ),
    "payrolls": lambda: spans("payroll"),
    "positions": lambda: spans(
        "company-people",
        company=MD5(KT("data__firm")),
        role=KT("data__role"),
        share=Cast(KT("data__share"), FloatField()) / 100,
    ),
    "companies": companies,
    "other_subsidies": lambda: occupied("other-payments").values(
        "person_id",
        "occupation",
        fund=KT("data__fund"),
        level=KT("data__level"),
        number=KT("data__certificate"),
        paid_on=F("from_on"),
    ),
    "other_certificates": lambda: occupied("certificates-elsewhere").values(
        "person_id", "occupation", level=KT("data__level"), number=KT("data__number"), issued_on=F("from_on")
    ),
}
