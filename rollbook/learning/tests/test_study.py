"""Sessions and tests of online study, as platforms file them (N7.2, N7.4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.classes.models import TrainingClass
from rollbook.classes.tests.scenes import BEGINS, ENDS, another, running
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.learning import actions, queries, rules
from rollbook.learning.models import Quiz, QuizRestated, Restated, Session

NOW = ENDS + timedelta(days=1)


@pytest.fixture
def scene(settings, db):
    settings.DEMO = True
    return running(trainees=2)


def session(scene, number="1", of=0, **changes):
    values = {"course": "焊接安全", "starts_at": BEGINS, "ends_at": ENDS, "credited": 3600, "device": "d1", **changes}
    return rules.Session(enrolment_id=scene.people[of].pk, number=number, **values)


def file(scene, *sessions, by=None):
    return actions.file_sessions(
        by=by or scene.manager, class_id=scene.klass.pk, platform="职培云", sessions=sessions, now=NOW
    )


def test_a_session_filed_again_is_known_and_told_differently_is_noted(scene):
    """N7.4: the first word stays, the second is kept as a sign; devices are kept as digests."""
    assert file(scene, session(scene), session(scene, "2")) == actions.Filed(2, 0)
    assert file(scene, session(scene)) == actions.Filed(0, 1)
    for _twice in range(2):
        told = file(scene, session(scene, credited=9000), session(scene, "3"))
    one = actions.Conflict(scene.people[0].pk, "1", {"credited": "3600"}, {"credited": "9000"})
    assert (told.new, told.restated, told.conflicts) == (0, 0, (one,)), "answered each time, noted once"
    assert Session.objects.get(number="1").credited == 3600
    assert Restated.objects.get().said == {"credited": "9000"}
    assert "d1" not in set(Session.objects.values_list("device", flat=True))
    entry = Entry.objects.filter(kind="study.filed").order_by("pk")[2]
    assert (entry.data["sessions"], entry.data["restated"]) == (1, 1)
    for model in (Session, Restated):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            model.objects.update(filed_at=NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_at": BEGINS}, "session-times"),
        ({"ends_at": NOW + timedelta(1)}, "session-times"),
        ({"face_fails": 2, "face_checks": 1}, "session-counts"),
        ({"fails_in_a_row": 1}, "session-counts"),
        ({"click_places": 1}, "session-counts"),
    ],
)
def test_what_cannot_be_is_refused_with_all_that_came_along(scene, changes, code):
    with pytest.raises(Refused, match=code):
        file(scene, session(scene, "1"), session(scene, "2", **changes))
    assert not Session.objects.exists()


def test_only_of_the_own_roster_while_the_class_lasts(scene):
    with pytest.raises(NotFound):
        file(scene, session(another()))
    with pytest.raises(Forbidden):
        file(scene, session(scene), by=scene.county)
    TrainingClass.objects.filter(pk=scene.klass.pk).update(state="assessed")
    with pytest.raises(Refused, match="not-studying"):
        file(scene, session(scene))
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_requests_with_the_same_sessions_at_once_are_one(scene):
    gate = Barrier(2)

    def deed(_n):
        gate.wait()
        try:
            return file(scene, *(session(scene, str(n)) for n in range(50))).new
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(deed, range(2))) == [0, 50]
    assert Session.objects.count() == 50


def quiz(scene, number="1", **changes):
    values = {"course": "焊接安全", "taken_at": BEGINS, "questions": 10, "right_first": 9, "seconds": 300, **changes}
    return rules.Quiz(enrolment_id=scene.people[0].pk, number=number, **values)


def file_tests(scene, *quizzes):
    return actions.file_quizzes(by=scene.manager, class_id=scene.klass.pk, platform="职培云", quizzes=quizzes, now=NOW)


def test_tests_once_each(scene):
    assert file_tests(scene, quiz(scene), quiz(scene, "2")) == actions.Filed(2, 0)
    assert file_tests(scene, quiz(scene)) == actions.Filed(0, 1)
    with pytest.raises(Refused, match="quiz-counts"):
        file_tests(scene, quiz(scene, "3", right_first=11))
    assert Quiz.objects.count() == 2


def test_a_test_told_again_with_another_score_is_a_conflict_and_a_sign(scene):
    """N7.2, N7.4: which test, what was known, what was told; the first stays, and screening sees it (D93)."""
    file_tests(scene, quiz(scene, right_first=5), quiz(scene, "2"))
    one = actions.Conflict(
        scene.people[0].pk, "1", {"right_first": "5", "seconds": "300"}, {"right_first": "9", "seconds": "60"}
    )
    for restated in (1, 0):
        told = file_tests(scene, quiz(scene, seconds=60), quiz(scene, "2"), quiz(scene, "3"))
        assert (told.known, told.restated, told.conflicts) == (3 - restated, restated, (one,))
    both = file_tests(scene, quiz(scene, "4"), quiz(scene, "4", right_first=1))
    assert (both.new, [each.number for each in both.conflicts]) == (1, ["4"]), "also within one request"
    assert [(q.number, q.right_first) for q in Quiz.objects.order_by("pk")] == [("1", 5), ("2", 9), ("3", 9), ("4", 9)]
    assert [one.said for one in QuizRestated.objects.order_by("pk")] == [one.told, {"right_first": "1"}]
    entry = Entry.objects.filter(kind="study.tested").order_by("pk")[1]
    assert (entry.data["tests"], entry.data["restated"]) == (1, 1)
    rows = queries.screened()["quizzes"].order_by("pk").values_list("chain_holds", flat=True)
    assert list(rows) == [False, True, True, False]
    assert queries.restated_in(scene.klass.pk) == 2
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        QuizRestated.objects.update(filed_at=NOW)


def test_study_is_read_as_it_was_filed(client, scene, django_assert_max_num_queries):
    """N7.2: totals of each trainee, every session and test with how often it was told differently; a page of a list in
    the same queries whatever it holds, and nothing for trainees or other institutions."""
    file(scene, *(session(scene, str(n)) for n in range(3)))
    file(scene, session(scene, "1", credited=9000))
    file_tests(scene, quiz(scene), quiz(scene, "2", right_first=0))
    file_tests(scene, quiz(scene, right_first=1))
    url = f"/api/learning/{scene.klass.pk}"
    client.force_login(scene.manager)
    first, second = client.get(url).json()
    assert (first["sessions"], first["credited_seconds"], first["quizzes"], first["right_percent"]) == (
        3,
        10_800,
        2,
        45,
    )
    assert (second["sessions"], second["quizzes"], second["right_percent"]) == (0, 0, None)
    with django_assert_max_num_queries(8):
        rows = client.get(f"{url}/sessions?limit=2&offset=1").json()
    assert (rows["count"], [(one["number"], one["changes"]) for one in rows["items"]]) == (3, [("1", 1), ("2", 0)])
    rows = client.get(f"{url}/quizzes").json()["items"]
    assert [(one["number"], one["right_first"], one["changes"]) for one in rows] == [("1", 9, 1), ("2", 0, 0)]
    for account, status in ((scene.worker, 403), (another().manager, 404)):
        client.force_login(account)
        assert {client.get(f"{url}{path}").status_code for path in ("", "/sessions", "/quizzes")} == {status}


def test_over_the_api_with_a_key_for_it(client, scene, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    url = f"/api/learning/{scene.klass.pk}/sessions"
    one = {
        "enrolment_id": scene.people[0].pk, "number": "1", "course": "焊接安全", "starts_at": BEGINS.isoformat(),
        "ends_at": ENDS.isoformat(), "credited": 3600,
    }  # fmt: skip
    answers = []
    for scope in ("scores", "learning"):
        _, secret = make_token(by=scene.manager, name="平台", scopes=[scope], now=NOW)
        mine = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "content_type": "application/json"}
        answers.append(client.post(url, {"platform": "职培云", "sessions": [one]}, **mine))
    assert [one.status_code for one in answers] == [403, 200]
    assert answers[1].json() == {"new": 1, "known": 0, "restated": 0, "conflicts": []}
    again = client.post(url, {"platform": "职培云", "sessions": [{**one, "credited": 60}]}, **mine).json()
    said = {
        "enrolment_id": one["enrolment_id"],
        "number": "1",
        "known": {"credited": "3600"},
        "told": {"credited": "60"},
    }
    assert again == {"new": 0, "known": 1, "restated": 1, "conflicts": [said]}
    wrong = client.post(url, {"platform": "职培云", "sessions": [{**one, "credited": -1}]}, **mine)
    assert wrong.status_code == 422


def test_the_page_of_a_class(client, scene, django_assert_num_queries):
    """Three queries for the figures however many there are; every session as a file."""
    file(scene, *(session(scene, str(n)) for n in range(5)))
    file(scene, session(scene, "1", credited=9000))
    with django_assert_num_queries(3):
        rows = queries.of_class(scene.klass.pk)
    assert [(one.sessions.get("count"), one.sessions.get("credited")) for one in rows] == [(5, 18_000), (None, None)]
    client.force_login(scene.manager)
    client.cookies["django_language"] = "en"
    page = client.get(f"/learning/classes/{scene.klass.pk}/").content.decode()
    assert "Of 1 session or test the platform later said something else" in page
    assert client.get(f"/learning/classes/{scene.klass.pk}/?export=1")["Content-Type"].startswith("application/vnd")
    client.force_login(scene.worker)
    assert client.get(f"/learning/classes/{scene.klass.pk}/").status_code == 403
