"""The tables of screening are filled from what the system really holds (N3.5), and read on from where one stopped."""

import pytest

from rollbook.database import lake
from rollbook.risk import actions
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Extract
from rollbook.risk.queries import sources
from rollbook.subsidies.tests.factories import NOW
from tests.world import two_counties

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path
    settings.DEMO = True


def test_every_source_has_the_columns_of_its_table_and_the_lake_goes_on_where_it_stopped():
    two_counties()
    read = actions.refresh(now=NOW)
    assert set(read) == set(sources.SOURCES) <= set(SHAPES)
    for name in (
        "persons",
        "enrolments",
        "classes",
        "lessons",
        "institutions",
        "rooms",
        "teachers",
        "claims",
        "certificates",
        "reviews",
    ):
        assert read[name] > 0, name
        assert lake.files(sources.root(), name)
    again = actions.refresh(now=NOW)
    grows = {name for name, source in sources.SOURCES.items() if source.number}
    assert {again[name] for name in grows} == {0}
    assert {name: again[name] for name in set(read) - grows} == {name: read[name] for name in set(read) - grows}
    assert Extract.objects.count() == len(sources.SOURCES)


def test_the_night_goes_on_where_it_broke_off():
    two_counties()
    run = actions.screen_everyone(now=NOW, codes=("D01", "D25"))
    assert [step.error for step in run.steps.all()] == ["", ""]
    run.finished_at = None
    run.save()
    before = set(run.steps.values_list("pk", flat=True))
    again = actions.screen_everyone(now=NOW, codes=("D01", "D25", "D66"))
    assert again.pk == run.pk
    assert before < set(again.steps.values_list("pk", flat=True))
    assert again.steps.count() == 3


def test_all_detectors_run_over_what_the_system_holds():
    two_counties()
    run = actions.screen_everyone(now=NOW)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    assert run.finished_at
