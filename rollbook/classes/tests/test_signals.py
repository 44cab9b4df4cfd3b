"""What trainees and phones say of attendance, as screening reads it (N4.1, N4.5; domain D40)."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import Attendance, CheckIn, Denial, Feedback
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.signals import telling
from rollbook.classes.tests.factories import LessonFactory
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.directory.models import Term
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db
GOOD = {"attended": "yes", "teacher": "yes", "hours": "yes", "charged": "no", "returned": "no", "useful": "4"}


@pytest.fixture
def scene():
    return running()


def codes(caught):
    return [one.code for one in caught.value.reasons]


def together(scene, **changes):
    values = {"by": scene.worker, "lesson_id": scene.lesson.pk, "direction": "in", "event_id": uuid4(), "now": NOW}
    values |= {"code": actions.code_of(scene.lesson, NOW), **changes}
    return actions.check_in_together(**values)


def test_a_check_in_that_a_phone_kept_counts_with_the_code_of_its_moment(scene):
    """Six minutes without a signal: the code had passed, the check-in had not (N7.4)."""
    later = NOW + timedelta(minutes=6)
    mark = together(scene, now=later, happened_at=NOW)
    assert mark.in_at == NOW
    row = CheckIn.objects.get()
    assert (row.happened_at, row.received_at) == (NOW, later)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"happened_at": NOW - timedelta(minutes=1)}, "wrong-code"),
        ({"now": NOW + timedelta(hours=13), "happened_at": NOW}, "kept-too-long"),
    ],
)
def test_what_a_phone_kept_wrongly_or_too_long_is_refused(scene, change, code):
    with pytest.raises(Refused) as caught:
        together(scene, **change)
    assert codes(caught) == [code]
    assert CheckIn.objects.get().set_aside == code
    assert Attendance.objects.get().in_at is None


def test_a_lesson_closed_meanwhile_still_takes_what_a_phone_kept(scene):
    actions.close_attendance(lesson_id=scene.lesson.pk, now=ENDS + timedelta(hours=2))
    assert together(scene, now=ENDS + timedelta(hours=3), happened_at=NOW).in_at == NOW


@pytest.mark.parametrize(
    ("here", "code"),
    [
        (None, "no-position"),
        (Position(39.915, 116.404, "wgs84", 10, is_mock=True), "mock-position"),
        (Position(39.915, 116.404, "wgs84", 500), "position-vague"),
        (Position(39.925, 116.404, "wgs84", 10), "outside-fence"),
        (Position(39.91640428150164, 116.41024449916938, "gcj02", 10), None),
    ],
)
def test_where_the_region_asks_for_it_the_position_must_be_within(here, code):
    scene = running(fence=2)
    site = scene.lesson.room.site
    site.latitude, site.longitude = "39.915000", "116.404000"
    site.save()
    if code is None:
        assert together(scene, position=here).in_at == NOW
        return
    with pytest.raises(Refused) as caught:
        together(scene, position=here)
    assert codes(caught) == [code]
    assert CheckIn.objects.get().set_aside == code
    assert Attendance.objects.get().in_at is None


@pytest.mark.parametrize(
    ("terms", "here", "code"),
    [
        ({"method_fence": 1}, Position(39.915, 116.404, "wgs84", 10), None),
        ({"method_fence": 1}, Position(39.925, 116.404, "wgs84", 10), "outside-fence"),
        ({"method_fence": 1}, Position(39.915, 116.404, "wgs84", 10, is_mock=True), "mock-position"),
        ({"method_fence": 0}, Position(39.915, 116.404, "wgs84", 10), "method-off"),
    ],
)
def test_the_position_alone_is_the_proof_where_the_region_takes_it(terms, here, code):
    scene = running(**terms)
    site = scene.lesson.room.site
    site.latitude, site.longitude = "39.915000", "116.404000"
    site.save()
    if code is None:
        assert together(scene, code="", position=here).in_at == NOW
    else:
        with pytest.raises(Refused) as caught:
            together(scene, code="", position=here)
        assert codes(caught) == [code]
    assert list(CheckIn.objects.values_list("means", "set_aside")) == [("fence", code or "")]
    with pytest.raises(Refused) as caught:
        together(scene, code="")  # neither code nor position
    assert codes(caught) == ["wrong-code"]


def test_a_made_up_position_and_a_journey_nobody_makes_are_signals(scene):
    """Kept for screening where the region only notes positions: nothing is refused."""
    together(scene, position=Position(32.05, 118.79, "wgs84", 10, is_mock=True))
    second = LessonFactory(
        training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher, starts_at=ENDS
    )
    away = {"lesson_id": second.pk, "now": ENDS, "code": actions.code_of(second, ENDS)}
    together(scene, **away, position=Position(39.9, 116.4, "wgs84", 10))
    assert [one.latitude for one in queries.mocked(BEGINS)] == [32.05]
    [travel] = queries.impossible_travel(BEGINS, ENDS + timedelta(days=1))
    assert travel.person_id == scene.worker.person_id
    assert 290 < travel.kmh < 310  # 897 km in 2 h 58 min
    Term.objects.filter(key="travel-kmh").update(value=320)
    assert queries.impossible_travel(BEGINS, ENDS + timedelta(days=1)) == []
    # Another region's lower figure says nothing of a class here.
    Term.objects.create(
        region_code="510000", key="travel-kmh", value=60, document="-", in_force=DateRange(date(2020, 1, 1), None)
    )
    assert queries.impossible_travel(BEGINS, ENDS + timedelta(days=1)) == []


def test_i_was_not_there(scene):
    """One tap; the mark stays, the office and screening see it; once."""
    scene.check_in()
    denial = actions.deny_attendance(by=scene.worker, lesson_id=scene.lesson.pk, now=NOW)
    assert Attendance.objects.get().in_at == NOW
    assert list(queries.denials(BEGINS)) == [denial]
    assert Entry.objects.filter(kind="attendance.denied").count() == 1
    with pytest.raises(Refused) as caught:
        actions.deny_attendance(by=scene.worker, lesson_id=scene.lesson.pk, now=NOW)
    assert codes(caught) == ["denied"]
    with pytest.raises(IntegrityError, match="denied_once_a_lesson"), transaction.atomic():
        Denial.objects.create(lesson=scene.lesson, enrolment=scene.people[0], said_at=NOW, said_by=scene.worker)


@pytest.mark.parametrize(("who", "error"), [("teacher", Forbidden), ("county", Forbidden)])
def test_nobody_denies_for_another(scene, who, error):
    scene.check_in()
    with pytest.raises(error):
        actions.deny_attendance(by=getattr(scene, who), lesson_id=scene.lesson.pk, now=NOW)
    stranger = AccountFactory(role="worker", person_id=scene.lesson.teacher_person_id)
    with pytest.raises(NotFound):
        actions.deny_attendance(by=stranger, lesson_id=scene.lesson.pk, now=NOW)
    assert not Denial.objects.exists()


def test_where_nothing_is_recorded_there_is_nothing_to_deny(scene):
    with pytest.raises(Refused) as caught:
        actions.deny_attendance(by=scene.worker, lesson_id=scene.lesson.pk, now=NOW)
    assert codes(caught) == ["not-counted"]


@pytest.mark.parametrize("how", ["correction", "roll"])
def test_a_presence_that_others_made_is_denied_on_the_page_as_well(client, scene, how, monkeypatch):
    """N4.5: also where no check-in of one's own lies behind it."""
    monkeypatch.setattr(timezone, "now", lambda: ENDS)
    url = reverse("portal:deny", args=[scene.lesson.pk])
    client.force_login(scene.worker)
    page = reverse("portal:lived", args=[scene.people[0].pk])
    if how == "correction":
        asked = actions.ask_correction(
            by=scene.teacher, lesson_id=scene.lesson.pk, enrolment_id=scene.people[0].pk, presence="present", why="x",
            now=ENDS,
        )  # fmt: skip
        assert url not in client.get(page).text  # absent: nothing to deny yet
        actions.decide_correction(by=scene.county, correction_id=asked.pk, grant=True, now=ENDS)
    else:
        ids = [one.pk for one in scene.people]
        actions.call_roll(by=scene.teacher, lesson_id=scene.lesson.pk, direction="in", enrolment_ids=ids, now=NOW)
    assert url in client.get(page).text
    client.post(url)
    assert Denial.objects.get().presence == ("present" if how == "correction" else "absent")
    assert url not in client.get(page).text


def feedback(scene, answers=GOOD, **changes):
    values = {"by": scene.worker, "enrolment_id": scene.people[0].pk, "answers": answers, "remark": " ok ", "now": ENDS}
    return actions.give_feedback(**{**values, **changes})


def test_questions_after_the_class_are_answered_once(scene):
    type(scene.klass).objects.filter(pk=scene.klass.pk).update(state="ended")
    given = feedback(scene, {**GOOD, "charged": "yes"})
    assert (given.answers["charged"], given.remark) == ("yes", "ok")
    assert telling(given.answers) == ["charged"]
    assert list(queries.feedback(BEGINS)) == [given]
    with pytest.raises(Refused) as caught:
        feedback(scene)
    assert codes(caught) == ["answered"]


def test_answers_must_be_whole_and_in_time(scene):
    with pytest.raises(Refused) as caught:
        feedback(scene, {**GOOD, "useful": "6", "hours": ""})
    assert codes(caught) == ["not-over", "unanswered", "unanswered"]
    assert not Feedback.objects.exists()


def test_the_trainee_sees_each_event_and_what_does_not_count(client, scene):
    scene.check_in()
    client.force_login(scene.worker)
    page = client.get(f"/me/attendance/{scene.people[0].pk}/", headers={"accept-language": "en"}).text
    assert "09:02:00" in page
    client.post(f"/me/lessons/{scene.lesson.pk}/deny/")
    assert (
        "You said that you were not there."
        in client.get(f"/me/attendance/{scene.people[0].pk}/", headers={"accept-language": "en"}).text
    )
    assert client.get(f"/me/attendance/{scene.people[1].pk}/").status_code == 404


def test_a_ticket_stands_and_falls_with_its_session(client, scene, monkeypatch):
    """Signing out, or a newer device, ends what a phone may send (N7.4)."""
    from django.test import Client
    from django.utils import timezone

    client.force_login(scene.worker)
    data = client.get("/me/app/data/").json()

    def send(ticket=data["ticket"], **body):
        sent = {"event_id": str(uuid4()), "code": actions.code_of(scene.lesson, NOW), **body}
        answer = Client().post(
            f"/api/classes/lessons/{scene.lesson.pk}/check-in", sent, content_type="application/json",
            headers={"authorization": f"Bearer {ticket}"},
        )  # fmt: skip
        return answer.status_code

    monkeypatch.setattr(timezone, "now", lambda: NOW)
    assert send() == 200
    assert send(ticket="1.2.3.4.5") == 401
    monkeypatch.undo()
    client.post("/account/logout/")
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    assert send(direction="out") == 401
    assert CheckIn.objects.count() == 1
