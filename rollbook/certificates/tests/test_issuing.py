"""Issuing, through the deed itself: who is entitled, whose number is whose, and the race for numbers (N5.3)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection, transaction

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Assessment, ScoreChange
from rollbook.certificates import actions, queries, rules
from rollbook.certificates.models import Certificate, Series
from rollbook.certificates.tests.scenes import NOW, passed
from rollbook.classes.models import Attendance, Commitment
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

CLASSES = 64


def serials():
    return sorted(Certificate.objects.values_list("serial", flat=True))


@pytest.mark.django_db
def test_whoever_came_signed_and_passed_gets_one():
    """N5.3: each number is in the series' order, and one entry tells of them all."""
    klass, manager = passed(3)
    made = actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
    assert [one.number for one in made] == [rules.number_of("320000", 2026, n) for n in (1, 2, 3)]
    assert all(rules.is_possible(one.number) for one in made)
    assert len({one.token for one in made}) == 3
    assert Series.objects.get().next_serial == 4
    assert Entry.objects.filter(kind="certificate.issued").count() == 1


@pytest.mark.django_db
def test_each_lack_is_told_and_the_others_get_theirs():
    """N5.3: who did not pass, come or sign gets none; the number goes to the next."""
    klass, manager = passed(4)
    first, second, third, _fourth = klass.enrolments.order_by("pk")
    change = ScoreChange.objects.create(  # a locked score changes only with a grant
        score=first.score, theory=50, practice=80, reason="x", state="granted", asked_by=manager, asked_at=NOW
    )
    first.score.theory, first.score.result = change.theory, "failed"
    first.score.save()
    Attendance.objects.filter(enrolment=second).update(presence="absent")
    Commitment.objects.filter(enrolment=third).delete()
    told = {one.pk: [r.code for r in against] for one, against in actions.reasons_by_enrolment(klass, NOW) if against}
    assert told == {first.pk: ["not-passed"], second.pk: ["attendance"], third.pk: ["no-commitment"]}
    assert [one.serial for one in actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)] == [1]


@pytest.mark.django_db
def test_what_is_refused_writes_nothing():
    klass, manager = passed(1)
    other_klass, other = passed(1, first=False)
    for deed, error in (
        ({"by": other, "class_id": klass.pk}, NotFound),
        ({"by": AccountFactory(role=Role.COUNTY_REVIEWER), "class_id": klass.pk}, Forbidden),
    ):
        with pytest.raises(error):
            actions.issue_certificates(now=NOW, **deed)
    Assessment.objects.filter(training_class=other_klass).update(locked_at=None)
    with pytest.raises(Refused, match="not-locked"):
        actions.issue_certificates(by=other, class_id=other_klass.pk, now=NOW)
    assert not Certificate.objects.exists()
    assert not Series.objects.exists()
    actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
    with pytest.raises(Refused, match="nobody"):
        actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
    assert serials() == [1]


@pytest.mark.django_db
def test_each_year_begins_anew():
    klass, manager = passed(1)
    later_klass, later_manager = passed(1, first=False)
    actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
    later = datetime(2026, 12, 31, 17, tzinfo=UTC)  # already 2027 in Shanghai
    made = actions.issue_certificates(by=later_manager, class_id=later_klass.pk, now=later)
    assert [one.number for one in made] == [rules.number_of("320000", 2027, 1)]


@pytest.mark.django_db
def test_issuing_that_is_rolled_back_leaves_no_gap():
    klass, manager = passed(2)
    with transaction.atomic():
        actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
        transaction.set_rollback(True)
    assert not Series.objects.exists()
    actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
    assert serials() == [1, 2]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_64_classes_at_once_take_unique_numbers_without_gaps():
    """N5.3: every fourth is rolled back after its numbers were taken; the rest leave no gap."""
    work = [passed(2, first=n == 0) for n in range(CLASSES)]
    barrier = Barrier(CLASSES)

    def issue(n):
        klass, manager = work[n]
        try:
            barrier.wait(60)
            with transaction.atomic():
                made = actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW)
                if n % 4 == 0:
                    raise ValueError("rolled back")
            return [one.number for one in made]
        except ValueError:
            return []
        finally:
            connection.close()

    with ThreadPoolExecutor(CLASSES) as threads:
        numbers = [number for made in threads.map(issue, range(CLASSES)) for number in made]
    assert len(numbers) == CLASSES * 3 // 4 * 2
    assert sorted(numbers) == [rules.number_of("320000", 2026, n + 1) for n in range(len(numbers))]
    assert serials() == list(range(1, len(numbers) + 1))
    assert Series.objects.get().next_serial == len(numbers) + 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_class_issued_16_times_at_once_is_issued_once():
    klass, manager = passed(2)
    barrier = Barrier(16)

    def issue(_):
        try:
            barrier.wait(30)
            return len(actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW))
        except Refused as refusal:
            return refusal.reasons[0].code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(issue, range(16)))
    assert sorted(map(str, answers)) == ["2", *["nobody"] * 15]
    assert serials() == [1, 2]


@pytest.mark.django_db
def test_pages_cost_the_same_however_long_the_roster(client, settings, django_assert_num_queries):
    """Roster and list of certificates: as many queries for two people as for six."""
    small, _ = passed(2)
    large, _ = passed(6, first=False)
    officer = AccountFactory(role=Role.COUNTY_REVIEWER)
    with django_assert_num_queries(9):
        assert all(not against for _, against in actions.reasons_by_enrolment(small, NOW))
    with django_assert_num_queries(9):
        assert all(not against for _, against in actions.reasons_by_enrolment(large, NOW))
    settings.DEMO = True  # no second factor
    client.force_login(officer)
    assert client.get(f"/certificates/classes/{large.pk}/").status_code == 200
    assert queries.of_class(large.pk) == {}
