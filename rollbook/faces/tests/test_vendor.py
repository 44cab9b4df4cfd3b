"""An approved vendor over a real connection: what is not a clear answer is never a pass (N7.2)."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.evidence.tests.pictures import photo
from rollbook.faces import actions, adapters
from rollbook.faces.actions.checks import Claim, Noted
from rollbook.faces.adapters import vendor
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import PersonFactory
from tests.browser.parties import playing

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
pytestmark = pytest.mark.enable_socket
ME, OTHER = photo(1, size=(320, 240)), photo(2, size=(320, 240))


@pytest.fixture(scope="module")
def address():
    with playing("faces", FACE_KEY="of the test") as found:
        yield found


@pytest.fixture
def at(address, settings, monkeypatch):
    """The vendor in one of its moods."""
    monkeypatch.setattr(vendor, "SECONDS", 0.3)
    settings.FACE_KEY = "of the test"

    def turn(mood=""):
        settings.FACE_URL = f"{address}/{mood}".rstrip("/")
        return adapters.matcher()

    return turn


def test_the_same_picture_is_the_same_person(at):
    matcher = at()
    template = matcher.encode(ME).template
    assert matcher.compare(template, ME) > 0.9
    assert matcher.compare(template, OTHER) < 0.5
    assert matcher.count(ME) == 1
    assert matcher.nearest(template, ME) > 0.9


@pytest.mark.parametrize("mood", ["slow", "down", "cut", "wrong", "unclear"])
def test_no_clear_answer_is_none(at, mood):
    matcher = at(mood)
    with pytest.raises(adapters.Unavailable):
        matcher.encode(ME)
    with pytest.raises(adapters.Unavailable):
        matcher.compare(b"x" * 128, ME)
    with pytest.raises(adapters.Unavailable):
        matcher.nearest(b"x" * 128, ME)


def test_a_wrong_key_is_no_answer(at, settings):
    matcher = at()
    settings.FACE_KEY = "another"
    with pytest.raises(adapters.Unavailable, match="401"):
        matcher.encode(ME)


@pytest.mark.django_db
def test_a_sample_stays_open_until_the_vendor_answers(at):
    """Slow, down or wrong is "could not be compared", and the device may send the picture again."""
    load_terms()
    person, officer = PersonFactory(), AccountFactory()
    actions.give_consent(by=AccountFactory(role=Role.WORKER, person_id=person.pk), agrees=True, now=NOW)
    at("down")
    values = {"by": officer, "person_id": person.pk, "picture": ME, "now": NOW}
    with pytest.raises(Refused):
        actions.enrol_at_counter(**values)
    at()
    actions.enrol_at_counter(**values)
    event = uuid4()
    said = Claim(event_id=event, nonce="", happened_at=NOW, vendor="v", model="m", score=0.9, liveness=0.9)
    actions.note_checks(
        noted=[Noted(claim=said, person_id=person.pk, enrolment_id=1, lesson_id=2, institution_id=3, region_code="320102",
                     passed=True, sample_percent=100)]
    )  # fmt: skip
    capture = {"institution_id": 3, "event_id": event, "least_score": 60, "place": None, "now": NOW}
    for mood in ("down", "slow", "wrong", "unclear"):
        at(mood)
        check = actions.take_capture(**capture, picture=ME)
        assert (check.recheck, check.server_score) == ("pending", None)
    at()
    assert actions.take_capture(**capture, picture=OTHER).recheck == "differs"
    with pytest.raises(Refused) as refused:
        actions.take_capture(**capture, picture=ME)
    assert refused.value.reasons[0].code == "capture-unwanted"
