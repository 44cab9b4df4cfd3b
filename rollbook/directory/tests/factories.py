import csv
from datetime import UTC, date, datetime
from pathlib import Path

import factory
from django.db.backends.postgresql.psycopg_any import DateRange
from factory.django import DjangoModelFactory

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.models import DemandItem, DemandList, Occupation, Term

TERMS = Path(__file__).parents[1] / "data" / "terms.csv"


class OccupationFactory(DjangoModelFactory):
    class Meta:
        model = Occupation
        django_get_or_create = ("code", "edition", "name")

    code = "6-18-02-04"
    edition = 2022
    name = "焊工"
    identity = factory.LazyAttribute(lambda o: int(o.code.replace("-", "")))


class DemandListFactory(DjangoModelFactory):
    """The province's published list of 2026."""

    class Meta:
        model = DemandList

    region_code = "320000"
    version = factory.Sequence(lambda n: n + 1)
    title = "江苏省职业技能培训需求指导目录"
    document = "苏人社发〔2023〕1号"
    state = "published"
    in_force = factory.LazyFunction(lambda: DateRange(date(2026, 1, 1), None))
    drafted_by = factory.SubFactory(AccountFactory, role="province-officer", region_code="320000")
    agreed_by = factory.SubFactory(AccountFactory, role="province-finance", region_code="320000")
    agreed_at = published_at = created_at = datetime(2025, 12, 20, tzinfo=UTC)


class DemandItemFactory(DjangoModelFactory):
    class Meta:
        model = DemandItem

    demand_list = factory.SubFactory(DemandListFactory)
    training_type = "level"
    occupation = factory.SubFactory(OccupationFactory)
    level = "4"
    grade = "A"
    hours = 56
    practice_percent = 60
    amount_fen = 150_000


def load_terms(region_code: str = "320000", **values: int) -> None:
    """Every term as the province has it, from 2020 on; `class_min=2` gives others."""
    with TERMS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = values.get(row["key"].replace("-", "_"), int(row["value"]))
            Term.objects.create(
                region_code=region_code,
                key=row["key"],
                value=value,
                document=row["document"],
                in_force=DateRange(date(2020, 1, 1), None),
            )
