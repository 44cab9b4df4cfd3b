"""The pages of classes: steps of a draft, review beside the checks, lists, and what they cost (N4.1, N4.2)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import TrainingClass
from rollbook.classes.rules.steps import CODES, Step, step_of
from rollbook.classes.tests.applications import BEGINS, NOW, START, ready
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    load_terms(class_min=1)
    return ready(trainees=1)


@pytest.fixture
def visit(client):
    def visited(account, path, **query):
        client.force_login(account)
        type(account).objects.filter(pk=account.pk).update(session_key="")
        client.cookies["django_language"] = "en"
        return client.get(path, query)

    return visited


def grown(asked):
    """40 trainees, and 40 lessons more, in the same class; 40 classes beside it."""
    EnrolmentFactory.create_batch(39, training_class=asked.klass)
    lesson = asked.klass.lessons.first()
    for n in range(40):
        LessonFactory(
            training_class=asked.klass, room=lesson.room, teacher=lesson.teacher, is_binding=False,
            starts_at=BEGINS + timedelta(n + 5),
        )  # fmt: skip
    ClassFactory.create_batch(
        40, institution=asked.klass.institution, item=asked.klass.item, state=asked.klass.state, trainees=1,
        submitted_at=asked.klass.submitted_at, decide_by=asked.klass.decide_by,
    )  # fmt: skip


def cost(visit, account, path, **query):
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert visit(account, path, **query).status_code == 200
    return len([one for one in made if "SAVEPOINT" not in one["sql"]])


PAGES = {
    "list": (lambda a: "/classes/", "manager", "draft"),
    "draft: project": (lambda a: f"/classes/{a.klass.pk}/?step=project", "manager", "draft"),
    "draft: plan": (lambda a: f"/classes/{a.klass.pk}/?step=plan", "manager", "draft"),
    "draft: roster": (lambda a: f"/classes/{a.klass.pk}/?step=roster", "manager", "draft"),
    "draft: commitments": (lambda a: f"/classes/{a.klass.pk}/?step=commitment", "manager", "draft"),
    "draft: check": (lambda a: f"/classes/{a.klass.pk}/?step=check", "manager", "draft"),
    "queue": (lambda a: "/classes/queue/", "county", "submitted"),
    "review": (lambda a: f"/classes/{a.klass.pk}/", "county", "submitted"),
    "detail": (lambda a: f"/classes/{a.klass.pk}/", "manager", "submitted"),
    "grid": (lambda a: f"/classes/{a.klass.pk}/attendance/", "manager", "submitted"),
    "api roster": (lambda a: f"/api/classes/{a.klass.pk}/roster", "manager", "submitted"),
    "api lessons": (lambda a: f"/api/classes/{a.klass.pk}/lessons", "manager", "submitted"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_the_same_with_1_trainee_and_with_40(asked, visit, page):
    path, who, state = PAGES[page]
    account = getattr(asked, who)
    if state == "submitted":
        asked.klass = asked.submit()
    visit(account, path(asked))  # what is kept in memory is read
    before = cost(visit, account, path(asked))
    grown(asked)
    assert cost(visit, account, path(asked)) <= before
    assert before <= 45


def test_the_first_step_that_lacks_something_is_shown(asked, visit):
    path = f"/classes/{asked.klass.pk}/"
    assert visit(asked.manager, path).context["step"] == Step.CHECK
    asked.klass.lessons.all().delete()
    assert visit(asked.manager, path).context["step"] == Step.PLAN
    assert visit(asked.manager, path, step="roster").context["step"] == Step.ROSTER
    assert visit(asked.manager, path, step="fly").context["step"] == Step.PLAN
    TrainingClass.objects.update(item=None, starts_on=None, ends_on=None)
    page = visit(asked.manager, path)
    assert page.context["step"] == Step.PROJECT
    assert {one.code for one in page.context["stops_here"]} == {"no-dates", "no-project"}


def test_every_reason_of_a_step_stands_in_one_step_alone():
    assert sum(len(codes) for codes in CODES.values()) == len(frozenset().union(*CODES.values()))
    assert step_of("no-dates") == step_of("something new") == Step.PROJECT


def test_a_draft_saves_as_it_goes(asked, client):
    """A change is sent by itself; the answer says when it was saved and what is still missing."""
    client.force_login(asked.manager)
    client.cookies["django_language"] = "en"
    url = f"/classes/{asked.klass.pk}/save/"
    answer = client.post(url, {"assessment_plan": "", "head": "李"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Saved at 10:00:00" in text
    assert "Describe how the class will be assessed." in text
    assert "<html" not in text
    asked.klass.refresh_from_db()
    assert (asked.klass.head, asked.klass.assessment_plan) == ("李", "")

    before = Entry.objects.count()
    wrong = {"starts_on": "2026-03-16", "ends_on": "2026-03-01"}
    answer = client.post(url, wrong, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#reasons")
    assert "before the first day" in answer.content.decode()
    asked.klass.refresh_from_db()
    assert (asked.klass.ends_on, Entry.objects.count()) == (START + timedelta(1), before)


def test_the_draft_is_saved_without_scripts_too(asked, client):
    client.force_login(asked.manager)
    url = f"/classes/{asked.klass.pk}/save/"
    assert client.post(url, {"head": "李", "next": "1"})["Location"].endswith("?step=plan")
    assert client.post(url, {"head": "李"})["Location"].endswith("?step=project")


def test_no_phone_stands_in_the_journal(asked, client):
    client.force_login(asked.manager)
    client.post(f"/classes/{asked.klass.pk}/save/", {"phone": "13912345678"})
    assert "13912345678" not in str(list(Entry.objects.values_list("data", flat=True)))


def test_the_review_page_shows_asked_beside_found_before_the_buttons(asked, visit):
    """N4.1: the working days left, every check with its result, reasons for and against, then the decision."""
    asked.submit()
    page = visit(asked.county, f"/classes/{asked.klass.pk}/")
    text = page.content.decode()
    assert page.context["days_left"] == 5
    assert [one.stops for one in page.context["compared"]] == [False] * 12
    assert text.index("Asked for, and found") < text.index("What the checks found") < text.index('value="approve"')

    asked.klass.enrolments.update(dropped_at=NOW)
    page = visit(asked.county, f"/classes/{asked.klass.pk}/")
    assert [one.label for one in page.context["compared"] if one.stops] == ["Class size"]
    assert 'value="approve" disabled' in page.content.decode()
    assert "may_decide" not in visit(asked.manager, f"/classes/{asked.klass.pk}/").context


def test_working_days_left_turn_negative_and_end_with_the_decision(asked):
    klass = asked.submit()
    assert queries.working_days_left(klass, NOW.date()) == 5
    assert queries.working_days_left(klass, klass.decide_by) == 0
    assert queries.working_days_left(klass, klass.decide_by + timedelta(5)) == -4  # a Saturday
    assert queries.working_days_left(asked.review(), NOW.date()) is None


def test_a_second_officer_sees_what_is_theirs(visit, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    load_terms(class_min=2, second_review=1)
    asked = ready()
    asked.submit()
    assert visit(asked.county, f"/classes/{asked.klass.pk}/").context["passes_on"]
    asked.review()
    assert "may_decide" not in visit(asked.county, f"/classes/{asked.klass.pk}/").context
    second = AccountFactory(role="county-second-reviewer")
    assert visit(second, f"/classes/{asked.klass.pk}/").context["may_decide"]
    assert [one.pk for one in visit(second, "/classes/queue/").context["listing"].rows] == [asked.klass.pk]


def shown(page):
    return [one.pk for one in page.context["listing"].rows]


def test_the_list_is_searched_filtered_sorted_paged_and_exported(asked, visit):
    institution = asked.klass.institution
    later = ClassFactory(
        institution=institution, item=asked.klass.item, starts_on=START + timedelta(60), state="running"
    )
    foreign = ClassFactory(institution=equipped(), item=asked.klass.item)
    page = lambda **query: shown(visit(asked.manager, "/classes/", **query))  # noqa: E731
    assert page() == [later.pk, asked.klass.pk]
    assert foreign.pk not in page()
    assert page(sort="start") == [asked.klass.pk, later.pk]
    assert page(sort="-start") == page(sort="nonsense") == [later.pk, asked.klass.pk]
    assert page(state="running") == page(q=later.number) == page(month="2026-05") == [later.pk]
    assert page(q="焊工") == page(level="4") == [later.pk, asked.klass.pk]
    assert page(q="nothing of the kind") == page(level="1") == []
    assert page(state="unknown") == [later.pk, asked.klass.pk]
    assert page(after="99") == page()

    answer = visit(asked.manager, "/classes/", state="running", export="1")
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    assert [row[0] for row in rows] == ["Number", later.number]
    assert rows[1][9] == "In training"


def test_the_queue_is_exported_and_the_nearest_limit_stands_first(asked, visit):
    asked.submit()
    near = ClassFactory(
        institution=asked.klass.institution, item=asked.klass.item, state="submitted", submitted_at=NOW,
        decide_by=NOW.date() - timedelta(3),
    )  # fmt: skip
    page = visit(asked.county, "/classes/queue/")
    assert [(one.pk, one.days_left) for one in page.context["listing"].rows] == [(near.pk, -1), (asked.klass.pk, 5)]
    assert "overdue" in page.content.decode()
    assert shown(visit(asked.county, "/classes/queue/", sort="-limit")) == [asked.klass.pk, near.pk]
    answer = visit(asked.county, "/classes/queue/", export="1")
    assert len(list(load_workbook(BytesIO(answer.content)).active.values)) == 3


def test_a_class_by_silence_is_marked_wherever_it_is_shown(asked, visit):
    asked.submit()
    actions.approve_by_silence(class_id=asked.klass.pk, now=NOW + timedelta(8))
    assert "By silence" in visit(asked.county, f"/classes/{asked.klass.pk}/").content.decode()
    assert shown(visit(asked.county, "/classes/", deemed="1")) == [asked.klass.pk]


def test_a_change_of_plan_is_shown_as_it_is_and_would_be(asked, visit):
    asked.submit()
    asked.review()
    lesson = asked.klass.lessons.order_by("starts_at").first()
    room = Room.objects.filter(site__institution=asked.klass.institution).last()
    teacher = Teacher.objects.filter(institution=asked.klass.institution).last()
    actions.ask_plan_change(
        by=asked.manager, lesson_id=lesson.pk, room_id=room.pk, teacher_id=teacher.pk, why="停电",
        starts_at=BEGINS + timedelta(hours=4), now=NOW,
    )  # fmt: skip
    page = visit(asked.county, "/classes/asks/")
    ((_change, rows),) = page.context["changes"]
    assert rows == [
        ("Time", BEGINS, BEGINS + timedelta(hours=4)),
        ("Room", lesson.room.name, room.name),
        ("Teacher", lesson.teacher.person.name, teacher.person.name),
    ]
    assert "room_id" not in page.content.decode()
