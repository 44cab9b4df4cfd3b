"""Which version binds a case, to the second; what the database itself refuses (N13.1, domain 0.1)."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import PolicyVersion
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)


def published(from_on, *, selector="start", amount_fen=100_000, **values):
    """The next version of a county's policy, in force from a day."""
    office = AccountFactory(role="county-reviewer", region_code="320102")
    finance = AccountFactory(role="county-finance", region_code="320102")
    one = actions.draft_policy(by=office, subsidy="training", title="玄武区", document="玄人社", now=NOW, **values)
    amounts = [{"kind": "level", "level": 4, "amount_fen": amount_fen}]
    content = {"document": "玄人社", "selector": selector, "amounts": amounts}
    actions.set_content(by=office, version_id=one.pk, content=content, now=NOW)
    actions.submit_policy(by=office, version_id=one.pk, now=NOW)
    actions.agree_policy(by=finance, version_id=one.pk, now=NOW)
    return actions.publish_policy(by=office, version_id=one.pk, from_on=from_on, now=NOW)


def bound(**days):
    everything = {name: date(2026, 4, 15) for name in ("start", "approval", "certificate")}
    return queries.binding("320102", "training", everything | days)


def test_the_version_changes_at_midnight_of_the_first_day():
    old, new = published(date(2026, 4, 10)), published(date(2026, 5, 1))
    assert (bound(start=date(2026, 4, 30)), bound(start=date(2026, 5, 1))) == (old, new)
    old.refresh_from_db()
    assert old.in_force.upper == date(2026, 5, 1)


@pytest.mark.parametrize(("second", "is_new"), [((15, 59, 59), False), ((16, 0, 0), True)])
def test_approval_at_the_last_second_of_the_day_falls_under_the_old_version(second, is_new):
    """Midnight is Shanghai's: 16:00 in UTC."""
    old, new = published(date(2026, 4, 10), selector="approval"), published(date(2026, 5, 1), selector="approval")
    at = datetime(2026, 4, 30, *second, tzinfo=UTC)
    assert bound(approval=localdate(at)) == (new if is_new else old)


def test_before_the_first_version_nothing_binds_and_the_upper_level_does():
    published(date(2026, 4, 10))
    with pytest.raises(Refused):
        bound(start=date(2026, 4, 9))
    PolicyVersion.objects.create(
        region_code="320000", subsidy="training", version=1, title="省", content=bound(start=date(2026, 5, 1)).content,
        in_force=DateRange(date(2020, 1, 1), None), state="published", drafted_by=AccountFactory(),
        agreed_by=AccountFactory(), agreed_at=NOW, published_at=NOW, created_at=NOW,
    )  # fmt: skip
    assert bound(start=date(2026, 4, 9)).region_code == "320000"
    assert bound(start=date(2026, 4, 10)).region_code == "320102"


def test_a_version_begins_after_the_one_before_and_not_in_the_past():
    published(date(2026, 5, 1))
    for day in (date(2026, 3, 31), date(2026, 5, 1), date(2026, 4, 20)):
        with pytest.raises(Refused), transaction.atomic():
            published(day)


SINCE_APRIL, UNTIL_MAY = DateRange(date(2026, 4, 1), None), DateRange(date(2026, 5, 1), date(2026, 5, 9))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "另一个"},
        {"content": {}},
        {"agreed_by": None},
        {"state": "draft"},
        {"in_force": SINCE_APRIL},
        {"in_force": None},
    ],
)
def test_the_database_lets_nobody_change_what_is_published(change):
    one = published(date(2026, 5, 1))
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        PolicyVersion.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=one.pk).delete()


def test_the_end_of_a_version_is_set_once():
    one = published(date(2026, 5, 1))
    PolicyVersion.objects.filter(pk=one.pk).update(in_force=UNTIL_MAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=one.pk).update(in_force=DateRange(date(2026, 5, 1), date(2026, 6, 1)))


def test_the_database_lets_nobody_agree_to_their_own_draft():
    one = f.PolicyFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=one.pk).update(agreed_by=one.drafted_by_id)


def test_the_database_lets_no_two_versions_be_in_force_at_once():
    one = published(date(2026, 5, 1))
    values = {name: getattr(one, name) for name in ("region_code", "subsidy", "title", "content", "in_force", "state")}
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.create(
            **values, version=9, drafted_by=one.drafted_by, agreed_by=one.agreed_by, published_at=NOW, created_at=NOW
        )
