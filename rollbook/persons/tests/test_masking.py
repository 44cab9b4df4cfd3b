"""How much a masked row tells: at least 20 000 valid numbers must fit (N14.2)."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.persons import actions, rules
from rollbook.persons.rules import check_digit, kind_of, mask, reasons_against_number

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def card(first6, born="19900101", serial="001"):
    first17 = f"{first6}{born}{serial}"
    return first17 + check_digit(first17)


def born_between(youngest, oldest):
    """Every day on which somebody of such an age was born."""
    day = date(TODAY.year - oldest, TODAY.month, TODAY.day)
    while day <= date(TODAY.year - youngest, TODAY.month, TODAY.day):
        yield day
        day += timedelta(1)


def fitting(masked, *, youngest=16, oldest=60, sex=None):
    """All valid numbers that a masked one could stand for, of people who may be trained at all."""
    shape = re.compile(masked.replace("*", "[0-9X]"))
    first6 = masked[:6] if "*" not in masked[:6] else None
    assert first6, "the enumeration begins with the region"
    found = 0
    for day in born_between(youngest, oldest):
        for serial in range(1000):
            if masked[16] != "*" and serial % 10 != int(masked[16]):
                continue
            if sex is not None and serial % 2 != sex:
                continue
            first17 = f"{first6}{day:%Y%m%d}{serial:03}"
            number = first17 + check_digit(first17)
            found += shape.fullmatch(number) is not None
    return found


@pytest.mark.parametrize(
    "number", [card("320102"), card("810000"), card("830000", serial="042"), card("911156", serial="999")]
)
@pytest.mark.parametrize("ages", [(16, 60), (16, 30)])
def test_a_masked_row_fits_twenty_thousand_people(number, ages):
    """N14.2, quality: whatever a public page shows beside the number: region, name and with it the sex,
    an age that the training asks for."""
    assert list(reasons_against_number(number, TODAY)) == []
    masked = mask(number, settings.ID_MASK)
    youngest, oldest = ages
    assert fitting(masked, youngest=youngest, oldest=oldest, sex=int(number[16]) % 2) >= 20_000


def test_a_day_of_birth_would_give_it_away():
    """Why pages show the year alone beside a masked number."""
    masked = mask(card("320102"), settings.ID_MASK)
    shape = re.compile(masked.replace("*", "[0-9X]"))
    numbers = [card("320102", serial=f"{n:03}") for n in range(1000)]
    assert sum(shape.fullmatch(one) is not None for one in numbers) < 20
    assert rules.shown_birth(date(1990, 1, 1)) == "1990"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (card("810000"), "hk-macao-taiwan"),
        (card("820000"), "hk-macao-taiwan"),
        (card("830000"), "hk-macao-taiwan"),
        (card("911156"), "foreign-permanent"),
        (card("320102"), "citizen"),
    ],
)
def test_every_kind_of_card_is_registered_and_masked(client, settings, number, kind):
    """N3.1: and no page or answer shows the number or the day of birth."""
    settings.DEMO = True
    person = actions.register(by=None, name="陈大文", number=number, now=NOW, region_code="320102")
    assert (person.id_kind, kind_of(number)) == (kind, kind)
    assert person.birth_on == date(1990, 1, 1)
    client.force_login(AccountFactory())
    listed = client.get(reverse("persons:person_list"), {"id_kind": kind})
    pages = [
        listed.text,
        client.get(reverse("persons:person_detail", args=[person.pk])).text,
        client.get(f"/api/persons/{person.pk}").text,
    ]
    assert person.id_masked in listed.text
    assert all(number not in page and "1990-01-01" not in page for page in pages)
    assert person not in client.get(reverse("persons:person_list"), {"id_kind": "other"}).context["listing"].filters
