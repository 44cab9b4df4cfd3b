"""What the demo hears from other departments, taken as the clock takes it (N3.5)."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from rollbook.classes.tests.scenes import running
from rollbook.config.demo import departments
from rollbook.config.demo.people import Made
from rollbook.exchange import queries
from rollbook.exchange.models import Batch, Source
from rollbook.exchange.tests.factories import officer
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.enable_socket]


def test_what_departments_left_is_taken_and_one_list_waits_for_a_person(settings, tmp_path):
    """The facts are of the demo's own people; civil affairs' second list touches too many of them."""
    settings.LAKE_ROOT, settings.DROP_ROOT, settings.LAKE_MEMORY = tmp_path / "lake", tmp_path / "drop", "512MB"
    running(trainees=1)
    categories = ["rural", "unemployed", "employee", "rural", "rural", *["rural"] * 95]
    people = [PersonFactory(n=500 + n) for n in range(100)]
    made = [
        Made(one.name, number(500 + n), "", "", "", category, "320102")
        for n, (one, category) in enumerate(zip(people, categories, strict=True))
    ]
    now = timezone.now()
    departments.agree(officer(), "http://127.0.0.1:9", now)
    departments.leave(made[:5], made, timezone.localdate(now), now)
    call_command("receive_facts")
    states = Batch.objects.order_by("feed", "number").values_list("feed", "number", "state", "wrong")
    assert list(states) == [
        ("deaths", "2026-1", "loaded", 0),
        ("deaths", "2026-2", "stopped", 0),
        ("insurance-months", "2026-1", "loaded", 0),
        ("schooling", "2026-1", "loaded", 0),
    ]
    [reason] = Batch.objects.get(state="stopped").reasons
    assert reason["code"] == "batch-matches"
    assert list(queries.present("deaths").values_list("person_id", flat=True)) == [people[0].pk]
    pupils = set(queries.present("schooling").values_list("person_id", flat=True))
    assert pupils == {people[2].pk, people[3].pk}
    insured = {one for part in queries.insured(None) for one in part.column("person_id").to_pylist()}
    assert insured == {people[1].pk, people[2].pk}
    assert not list((tmp_path / "drop").glob("*.json"))
    assert set(Source.objects.values_list("failures", flat=True)) == {1}, "nobody answers at that address"
    departments.call_at("http://127.0.0.1:8", now)
    assert set(Source.objects.values_list("url", "failures")) == {
        (f"http://127.0.0.1:8/{code}/ok", 0) for code in departments.NAMES
    }
