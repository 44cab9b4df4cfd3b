"""The divisions of Jiangsu, those of today and those that identity numbers still carry."""

from datetime import date

import pytest
from django.core.management import call_command

from rollbook.regions import queries
from rollbook.regions.models import CalendarDay, Region

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded():
    call_command("load_regions", verbosity=0)


def test_the_province_has_its_cities_and_counties():
    today = Region.objects.filter(in_force__contains=date(2026, 11, 24))
    assert today.filter(code__endswith="0000").count() == 1
    assert today.filter(code__endswith="00").exclude(code__endswith="0000").count() == 13
    assert today.exclude(code__endswith="00").count() == 95


def test_other_provinces_have_names_and_are_not_offered():
    """Policies of other places come with the project (domain 3.7)."""
    names = [queries.name_of(code) for code in ("120000", "350200", "630000", "120101")]
    assert names == ["天津市", "厦门市", "青海省", "120101"]
    assert {code[:2] for code, _name in queries.choices()} == {"32"}


def test_an_abolished_code_leads_to_its_successor():
    """A number of 港闸区 (320611) is of 崇川区 (320613) since 2020."""
    one = Region.objects.get(code="320611")
    assert one.successor_code == "320613"
    assert not Region.objects.filter(code="320611", in_force__contains=date(2026, 1, 1)).exists()
    lost = Region.objects.exclude(successor_code="").exclude(
        successor_code__in=Region.objects.filter(in_force__upper_inf=True).values("code")
    )
    assert list(lost) == []


@pytest.mark.parametrize(
    ("code", "name"), [("320116", "Luhe District"), ("320803", "Huai'an District"), ("320903", "Yandu District"),
                       ("320102", "Xuanwu District"), ("320321", "Feng County"), ("320685", "Hai'an City")],
)  # fmt: skip
def test_english_names(code, name):
    assert Region.objects.get(code=code).name_en == name


def test_working_days_know_holidays_and_worked_weekends():
    days = queries.working_days()
    assert not days.is_working(date(2026, 10, 1))
    assert CalendarDay.objects.filter(is_working=True, day__year=2026).exists()
    worked = CalendarDay.objects.filter(is_working=True, day__year=2026).first()
    assert worked.day.weekday() >= 5
    assert days.is_working(worked.day)


def test_loading_again_changes_nothing():
    before = (Region.objects.count(), CalendarDay.objects.count())
    call_command("load_regions", verbosity=0)
    assert (Region.objects.count(), CalendarDay.objects.count()) == before
