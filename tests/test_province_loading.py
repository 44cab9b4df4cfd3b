"""A simulated province in the register's own tables: what its constraints make impossible, and what screening finds of the
rest (N3.5, N3.6)."""

from collections import Counter

import pytest

from rollbook.classes.models import Attendance, CheckIn, Enrolment, Lesson, TrainingClass
from rollbook.persons import queries as persons
from rollbook.persons.models import Sealed
from rollbook.persons.sealing import unseal
from rollbook.risk import actions
from rollbook.subsidies.models import Claim
from simulators.province import making
from simulators.province.evaluate import Truth
from simulators.province.loading import ENDED, NotEmpty, load
from simulators.province.loading.report import IMPOSSIBLE, NOT_CARRIED, fates, report, told
from simulators.province.making import county
from simulators.province.schemes import LIKELY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
]


def test_a_scheme_is_refused_by_the_register_or_found_by_screening(settings, tmp_path, monkeypatch):
    """N3.5, N3.6, B1: of a county in which nearly every class is tainted, each scheme one way or the other."""
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.LAKE_ROOT.mkdir()
    root = tmp_path / "province"
    # The fourth of a province: its numbers are beyond small integers when they are spread.
    monkeypatch.setattr(making, "county", lambda number, *asked: county(number + 3, *asked))
    making.province(root, enrolments=1700, seed=31, lessons=6, rate=1, processes=1)
    said: list[str] = []
    done = load(root, said.append)

    assert done.rows["classes_trainingclass"] == TrainingClass.objects.count() >= 58
    assert done.rows["classes_enrolment"] == Enrolment.objects.count() > 1500
    assert done.rows["classes_checkin"] == CheckIn.objects.count() > 15_000
    assert Attendance.objects.filter(lesson__attendance_closed_at=None).count() == 0
    assert not [one for one in said if "stopped" in one or not one.endswith((" 0 wrong", " refused"))]
    sealed = Sealed.objects.select_related("person")[7]
    number = unseal(sealed.pk, sealed.key_version, bytes(sealed.box))["number"]
    assert persons.find_by_number(number) == sealed.person

    refused = Counter(one.constraint for one in done.refusals if not one.constraint.startswith("after "))
    assert set(refused) == set(IMPOSSIBLE.values())
    lost = {one.key for one in done.refusals if one.table == "classes_lesson"}
    assert lost
    assert not Lesson.objects.filter(pk__in=lost).exists()
    assert {one.constraint for one in done.refusals if one.table == "classes_checkin"} == {"after classes_lesson"}
    twice = Claim.objects.values_list("person", "occupation_identity", "level")
    assert len(twice) == len(set(twice))
    assert any("had_level_bars_lower" in line for line in report(root, done))
    with pytest.raises(NotEmpty):
        load(root, said.append)

    wanted = {code for _scheme, codes, _subjects in Truth.of(root).instances.values() for code in codes}
    run = actions.screen_everyone(now=ENDED, whole=True, codes=tuple(sorted(wanted)))
    assert not [one.error for one in run.steps.all() if one.error]
    found = fates(root)
    assert {one.scheme for one in found if one.is_refused} == set(IMPOSSIBLE)
    missed = {one.scheme for one in found if not (one.is_refused or one.is_found)}
    assert missed <= NOT_CARRIED.keys() | LIKELY
    assert len({one.scheme for one in found if one.is_found}) >= 20
    assert len(list(told(found))) == len({one.scheme for one in found}) + 1
