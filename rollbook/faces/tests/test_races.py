import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.faces import actions
from rollbook.faces.models import Consent, Deletion, Likeness, Permit, Template
from rollbook.faces.tests import drawn
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import PersonFactory

pytestmark = [pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def matcher(monkeypatch):
    load_terms()
    return drawn.set_up(monkeypatch)


def agreed():
    by = AccountFactory(role=Role.WORKER, person_id=PersonFactory().pk)
    actions.give_consent(by=by, agrees=True, now=NOW)
    return by


def at_once(*deeds):
    """Run deeds at the same moment; what each was refused for."""
    gate, codes = threading.Barrier(len(deeds)), []

    def run(deed):
        try:
            gate.wait()
            deed()
        except Refused as refused:
            codes.append(refused.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return codes


def test_withdrawing_while_the_face_is_looked_at_leaves_no_template(matcher):
    """S69: the pictures were sent with consent, and it is gone when they have been looked at."""
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    pictures = drawn.answering(asked.moves)

    def withdraw():
        matcher.before = lambda: None
        assert at_once(lambda: actions.withdraw_consent(by=by, now=NOW)) == []

    matcher.before = withdraw
    with pytest.raises(Refused) as refused:
        actions.enrol(by=by, nonce=asked.nonce, pictures=pictures, now=NOW)
    assert refused.value.reasons[0].code == "no-consent"
    assert not Template.objects.exists()
    assert not Permit.objects.exists()


def test_withdrawing_and_setting_up_at_once_never_leave_a_template_without_consent():
    for _ in range(5):
        by = agreed()
        asked = actions.challenge_account(by=by, now=NOW)
        pictures = drawn.answering(asked.moves)
        at_once(
            lambda: actions.enrol(by=by, nonce=asked.nonce, pictures=pictures, now=NOW),  # noqa: B023 run within the loop
            lambda: actions.withdraw_consent(by=by, now=NOW),  # noqa: B023
        )
        assert Consent.objects.get(person_id=by.person_id).cause == "withdrawn"
    assert not Template.objects.exists()
    assert not Permit.objects.exists()
    assert {one.cause for one in Deletion.objects.all()} <= {"withdrawn"}


def test_two_people_of_one_face_at_once_are_found():
    """B7: of two who are set up in the same moment, the second sees the first."""
    deeds = []
    for _ in range(2):
        by = agreed()
        asked = actions.challenge_account(by=by, now=NOW)
        values = {"by": by, "nonce": asked.nonce, "pictures": drawn.answering(asked.moves, 9), "now": NOW}
        deeds.append(lambda values=values: actions.enrol(**values))
    assert at_once(*deeds) == []
    assert Likeness.objects.count() == 1


def test_agreeing_twice_at_once_is_once():
    by = AccountFactory(role=Role.WORKER, person_id=PersonFactory().pk)
    agree = lambda: actions.give_consent(by=by, agrees=True, now=NOW)  # noqa: E731
    assert at_once(agree, agree) == ["agreed-already"]
    assert Consent.objects.count() == 1


def test_one_challenge_answered_twice_at_once_is_spent_once():
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    answer = lambda: actions.enrol(by=by, nonce=asked.nonce, pictures=drawn.answering(asked.moves), now=NOW)  # noqa: E731
    assert at_once(answer, answer) == ["challenge-used"]
    assert Template.objects.count() == 1


def test_many_tries_at_once_are_no_more_than_one_after_the_other():
    """N7.2: three may fail in a day, however they come."""
    by = agreed()
    asked = [actions.challenge_account(by=by, now=NOW) for _n in range(5)]
    still = [drawn.picture()] * 6
    deeds = [lambda one=one: actions.enrol(by=by, nonce=one.nonce, pictures=still, now=NOW) for one in asked]
    assert sorted(at_once(*deeds)) == ["face-tries"] * 2 + ["move-missing"] * 3
    assert not Template.objects.exists()
