"""The life of an alert: found once, told, explained, settled by one and closed by two (N3.6, N14.1)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.risk import actions, queries
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Finding, Run, Setting
from rollbook.risk.queries.screening import Group
from rollbook.risk.rules import wanted
from rollbook.subsidies.tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def klass():
    return ClassFactory(region_code="320102", state="running")


def found(klass, code="D50", digest="a", rank=None, now=NOW, count=1):
    """File what a detector would have found of a class."""
    one = DETECTORS[code]
    run = Run.objects.create(kind="night", engine="duckdb", started_at=now)
    row = dict.fromkeys(("day", "distance", "share", "hours", "count", "total", "late", "minutes", "plan", "people"), 3)
    group = Group(klass.pk, [row] * count, count, digest)
    way = wanted({} if rank is None else {"severity": rank}, one)
    return file(run, one, way, {} if rank is None else {"320000": {"severity": rank}}, [group], now)


def official(role=Role.COUNTY_REVIEWER, region="320102"):
    return AccountFactory(role=role, region_code=region)


def settle(by, alert, true=("D50",), **other):
    data = {"excuse": "", "finding": "照片重复", "consequences": ["inspection"] if true else [], **other}
    return actions.settle(by=by, alert_id=alert.pk, true_codes=list(true), now=NOW, **data)


def test_findings_of_one_subject_and_scheme_are_one_alert(klass):
    assert found(klass, "D50") == found(klass, "D54") == 1
    [alert] = Alert.objects.all()
    assert {one.detector for one in alert.findings.all()} == {"D50", "D54"}
    assert alert.score == 2050
    found(klass, "D65")  # another scheme
    assert Alert.objects.count() == 2


def test_the_next_night_finds_the_same_alert_and_not_another(klass):
    found(klass)
    found(klass, now=NOW + timedelta(1))
    [alert] = Alert.objects.all()
    assert alert.first_found_at == NOW
    assert alert.last_found_at == NOW + timedelta(1)
    assert alert.findings.count() == 1


def test_what_was_settled_is_not_found_again_but_new_evidence_is(klass):
    found(klass)
    settle(official(), Alert.objects.get(), true=(), excuse="record")
    assert Alert.objects.get().state == "closed"
    found(klass)
    assert Alert.objects.count() == 1
    found(klass, digest="b")
    assert Alert.objects.filter(state="open").count() == 1


def test_a_severity_that_a_region_set_is_its_own(klass):
    found(klass, rank=1)
    assert Alert.objects.get().severity == 1


def test_an_alert_without_money_is_closed_by_one(klass):
    found(klass)
    alert = settle(official(), Alert.objects.get())
    assert (alert.state, alert.outcome) == ("closed", "true")
    assert alert.findings.get().is_true is True


def test_money_needs_a_second_pair_of_eyes(klass):
    """N14.1: the action refuses the same officer, and so does the database."""
    found(klass)
    Alert.objects.update(amount_fen=100)
    first, second = official(Role.COUNTY_SECOND_REVIEWER), official(Role.COUNTY_SECOND_REVIEWER)
    alert = settle(first, Alert.objects.get())
    assert alert.state == "proposed"
    with pytest.raises(Refused) as refused:
        actions.close(by=first, alert_id=alert.pk, now=NOW)
    assert [one.code for one in refused.value.reasons] == ["same-officer"]
    for wrong in ({"state": "closed", "closed_at": NOW}, {"confirmed_by": first}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.update(**wrong)
    assert Alert.objects.get().state == "proposed"
    assert actions.close(by=second, alert_id=alert.pk, now=NOW).state == "closed"


def test_the_second_officer_may_send_it_back(klass):
    found(klass)
    Alert.objects.update(amount_fen=100)
    alert = settle(official(), Alert.objects.get())
    with pytest.raises(Refused):
        actions.send_back(by=official(Role.COUNTY_SECOND_REVIEWER), alert_id=alert.pk, why=" ", now=NOW)
    actions.send_back(by=official(Role.COUNTY_SECOND_REVIEWER), alert_id=alert.pk, why="证据不足", now=NOW)
    alert = Alert.objects.get()
    assert (alert.state, alert.outcome) == ("open", "")
    assert alert.findings.get().is_true is None


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"finding": " "}, "finding-missing"),
        ({"consequences": []}, "consequence-missing"),
        ({"excuse": "record"}, "excuse-of-the-true"),
        ({"true": ("D99",)}, "ground-unknown"),
        ({"true": (), "consequences": ["recovery"]}, "consequence-of-nothing"),
    ],
)
def test_it_is_not_settled_so_and_nothing_changes(klass, wrong, code):
    found(klass)
    with pytest.raises(Refused) as refused:
        settle(official(), Alert.objects.get(), **wrong)
    assert code in [one.code for one in refused.value.reasons]
    assert Alert.objects.get().state == "open"
    assert Finding.objects.get().is_true is None


def test_the_institution_sees_and_answers_only_what_it_was_asked(klass):
    found(klass)
    manager = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id)
    other = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=ClassFactory(item=klass.item).institution_id)
    [alert] = Alert.objects.all()
    with pytest.raises(NotFound):
        actions.explain(by=manager, alert_id=alert.pk, text="因停电补传", now=NOW)
    actions.ask(by=official(), alert_id=alert.pk, now=NOW)
    with pytest.raises(NotFound):
        actions.explain(by=other, alert_id=alert.pk, text="因停电补传", now=NOW)
    actions.explain(by=manager, alert_id=alert.pk, text="因停电补传", now=NOW)
    assert Alert.objects.get().state == "answered"
    assert [one.text for one in queries.explanations_of(alert)] == ["因停电补传"]


def test_hidden_relations_are_not_told_to_whom_they_concern(klass):
    found(klass)
    Alert.objects.update(scheme="collusion")
    with pytest.raises(Refused):
        actions.ask(by=official(), alert_id=Alert.objects.get().pk, now=NOW)
    assert Alert.objects.get().state == "open"


def test_another_county_and_a_worker_see_nothing(klass):
    found(klass)
    assert not queries.visible_to(official(region="320583")).exists()
    assert not queries.visible_to(AccountFactory(role=Role.TEACHER, institution_id=klass.institution_id)).exists()
    with pytest.raises(NotFound):
        settle(official(region="320583"), Alert.objects.get())


def set_limit(by, code="D50", name="distance", value=3, **other):
    day = NOW.date() + timedelta(2)
    data = {"starts_on": day, "why": "误报过多", "trial": {"now": 3, "then": 2}, **other}
    return actions.set_limit(by=by, code=code, name=name, value=value, now=NOW, **data)


def test_a_limit_is_set_from_a_day_on_without_a_release():
    """B8, N3.6: dated, of a region, tried on history before."""
    city = official(Role.CITY_OFFICER, "320100")
    set_limit(city)
    set_limit(city, value=2, starts_on=NOW.date() + timedelta(9))
    first, second = Setting.objects.order_by("pk")
    assert first.in_force.upper == second.in_force.lower
    with pytest.raises(Refused):
        set_limit(city, value=4)
    with pytest.raises(Forbidden):
        set_limit(official())
    assert Setting.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"value": 99}, "limit-bounds"),
        ({"name": "colour"}, "limit-unknown"),
        ({"trial": None}, "not-tried"),
        ({"why": ""}, "why-missing"),
        ({"starts_on": NOW.date()}, "too-soon"),
        ({"name": "severity", "value": 3}, "likelihood-stops"),
    ],
)
def test_what_may_not_be_set_is_refused_and_nothing_is_set(wrong, code):
    with pytest.raises(Refused) as refused:
        set_limit(official(Role.PROVINCE_OFFICER, "320000"), **wrong)
    assert code in [one.code for one in refused.value.reasons]
    assert not Setting.objects.exists()


def test_precision_is_learned_from_what_was_settled(klass):
    """B8: per detector, with an interval that few cases keep wide."""
    found(klass)
    settle(official(), Alert.objects.get())
    by = official(Role.CITY_OFFICER, "320100")
    [row] = [row for row in queries.performance(by) if row["one"].code == "D50"]
    assert (row["settled"], row["true"], row["precision"].percent) == (1, 1, 100)
    assert row["interval"][0] < 30
    assert queries.cases(by, "D50", "distance") == [(3, True)]
    [county] = queries.by_region(by, "D50")
    assert county["region_code"] == "320102"


def test_the_queue_has_a_fixed_number_of_queries(client, klass, django_assert_max_num_queries, settings):
    settings.DEMO = True
    found(klass)
    client.force_login(official(), backend=settings.AUTHENTICATION_BACKENDS[0])
    client.get("/alerts/")
    with django_assert_max_num_queries(14) as few:
        assert client.get("/alerts/").status_code == 200
    for n in range(5):
        found(ClassFactory(region_code="320102", state="running", item=klass.item), digest=str(n))
    with django_assert_max_num_queries(len(few)):
        assert client.get("/alerts/").status_code == 200


def test_the_queue_is_gone_through_one_after_the_other(klass):
    """Before and after in the order of the queue, of equals the oldest first; what is closed is passed over."""
    for n in range(4):
        found(ClassFactory(region_code="320102", state="running", item=klass.item), digest=str(n))
    found(klass, "D54"), found(klass, "D50")  # two grounds: the first of the queue
    by = official()
    order = [one.pk for one in queries.queue(by)]
    settle(by, Alert.objects.get(pk=order.pop(2)), true=(), excuse="record")
    at = {pk: queries.beside(by, Alert.objects.get(pk=pk)) for pk in order}
    assert at == {
        pk: (before, after) for pk, before, after in zip(order, [None, *order], [*order[1:], None], strict=False)
    }
    assert queries.beside(official(region="320104"), Alert.objects.get(pk=order[0])) == (None, None)


def test_pages_show_and_settle(client, klass, settings):
    settings.DEMO = True
    found(klass)
    [alert] = Alert.objects.all()
    client.force_login(official(), backend=settings.AUTHENTICATION_BACKENDS[0])
    page = client.get(f"/alerts/{alert.pk}/", headers={"accept-language": "zh-hans"})
    assert "照片重复使用" in page.text
    data = {"true_codes": "D50", "finding": "照片重复", "consequences": "inspection", "excuse": ""}
    assert client.post(f"/alerts/{alert.pk}/settle/", data).status_code == 302
    assert Alert.objects.get().state == "closed"
    assert client.get("/alerts/detectors/").status_code == 200
    assert client.get("/alerts/detectors/D50/").status_code == 200
    assert client.get("/alerts/detectors/D500/").status_code == 404
