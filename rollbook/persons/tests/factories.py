from datetime import UTC, date, datetime, timedelta

import factory
from django.conf import settings
from factory.django import DjangoModelFactory

from rollbook.persons import rules
from rollbook.persons.models import Person
from rollbook.persons.sealing import digest


def number(n: int, region: str = "320102", born: date = date(1980, 1, 1)) -> str:
    """The n-th of a series of valid identity numbers that belong to nobody (serial 99x)."""
    first17 = f"{region}{born + timedelta(n // 10):%Y%m%d}99{n % 10}"
    return first17 + rules.check_digit(first17)


class PersonFactory(DjangoModelFactory):
    class Meta:
        model = Person

    class Params:
        n = factory.Sequence(int)
        number = factory.LazyAttribute(lambda person: number(person.n))

    name = factory.LazyAttribute(lambda person: f"学员{person.n}")
    sex = "1"
    birth_on = factory.LazyAttribute(
        lambda person: datetime.strptime(person.number[6:14], "%Y%m%d").replace(tzinfo=UTC).date()
    )
    id_digest = factory.LazyAttribute(lambda person: digest(person.number))
    id_masked = factory.LazyAttribute(lambda person: rules.mask(person.number, settings.ID_MASK))
    bank_masked = "江苏银行 0001"
    bank_digest = factory.LazyAttribute(lambda person: digest(f"bank {person.n}"))
    region_code = "320102"
    category = "unemployed"
    verification = "matched"
    verified_at = datetime(2026, 1, 1, tzinfo=UTC)
