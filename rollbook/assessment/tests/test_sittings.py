"""Sittings, who was on duty, and answers question by question (N6.2, S59, S64, S66)."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from openpyxl import Workbook

from rollbook.accounts.actions import make_token
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions, queries
from rollbook.assessment.actions import Examiner, Marks
from rollbook.assessment.models import AnswerSheet, Duty, Sitting
from rollbook.assessment.rules import Answers, chosen
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.models import Room
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
BEGAN = datetime(2026, 3, 16, 1, tzinfo=UTC)
KEY = ["A", "B", "CD", "对"]


@pytest.fixture
def klass(settings):
    load_terms()
    settings.DEMO = True
    return ClassFactory(institution=equipped(), state="ended", trainees=2)


@pytest.fixture
def manager(klass):
    made = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id)
    actions.plan_assessment(
        by=made, class_id=klass.pk, held_on=date(2026, 3, 16), place="考场", assessors="甲", now=NOW
    )
    return made


def staff(*ns, duty="invigilator"):
    return [Examiner(f"监考{n}", number(60_000 + n), duty) for n in ns]


def filed(manager, klass, **changes):
    room = Room.objects.filter(site__institution=klass.institution).first()
    values = {
        "by": manager, "class_id": klass.pk, "part": "theory", "room_id": room.pk, "starts_at": BEGAN,
        "ends_at": BEGAN + timedelta(hours=2), "minutes": 90, "paper": "T-7", "drawn_on": date(2026, 3, 15), "key": KEY,
        "examiners": staff(801, 802), "now": NOW, **changes,
    }  # fmt: skip
    return actions.file_sitting(**values)


def ids(klass):
    return list(klass.enrolments.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("text", "choices"),
    [("a,C，bd,,对", ["A", "C", "BD", "", "对"]), ("abcd", ["A", "B", "C", "D"]), ("", []), ("A ; B", ["A", "B"])],
)
def test_choices_as_they_are_typed(text, choices):
    assert chosen(text) == choices


def test_a_sitting_filed_again_takes_the_place_of_the_first(manager, klass):
    first = filed(manager, klass)
    again = filed(manager, klass, examiners=staff(803, duty="assessor"), paper="T-8")
    assert (again.pk, Sitting.objects.get().paper) == (first.pk, "T-8")
    assert [(one.person.name, one.kind) for one in queries.duties_of(again.pk)] == [("监考803", "assessor")]
    assert Entry.objects.filter(kind="assessment.sitting-filed").count() == 2


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"part": "oral"}, {"which-part"}),
        ({"ends_at": BEGAN}, {"sitting-times"}),
        ({"starts_at": BEGAN - timedelta(2), "drawn_on": None}, {"before-held"}),
        ({"minutes": 0}, {"no-minutes"}),
        ({"drawn_on": date(2026, 3, 17)}, {"drawn-later"}),
        ({"key": ["A", "Z"]}, {"bad-choice"}),
        ({"examiners": staff(801, 801)}, {"examiner-twice"}),
    ],
)
def test_refused_and_nothing_filed(manager, klass, changes, codes):
    with pytest.raises(Refused) as refusal:
        filed(manager, klass, **changes)
    assert {one.code for one in refusal.value.reasons} == codes
    assert not Sitting.objects.exists()
    assert not Duty.objects.exists()


def test_the_room_is_of_the_institution(manager, klass):
    elsewhere = Room.objects.filter(site__institution=equipped()).first()
    with pytest.raises(NotFound):
        filed(manager, klass, room_id=elsewhere.pk)
    with pytest.raises(Forbidden):
        filed(AccountFactory(role=Role.COUNTY_REVIEWER), klass)


def test_answers_filed_again_are_the_later_ones(manager, klass):
    sitting = filed(manager, klass)
    one, other = ids(klass)
    for minutes in (80, 81):
        sheets = {one: Answers(minutes, ("A", "B", "CD", "错")), other: Answers(70, ("", "B", "C", "对"))}
        assert actions.file_answers(by=manager, sitting_id=sitting.pk, sheets=sheets, now=NOW) == 2
    assert list(queries.sheets_of(sitting.pk).values_list("minutes", "choices")) == [(81, "A,B,CD,错"), (70, ",B,C,对")]
    with pytest.raises(Refused, match="key-length"):
        filed(manager, klass, key=KEY[:2])


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (Answers(80, ("A",)), "answers-count"),
        (Answers(91, ("A", "B", "C", "D")), "took-longer"),
        (Answers(0, ("A", "B", "C", "D")), "took-longer"),
        (Answers(80, ("A", "B", "C,D", "D")), "bad-choice"),
    ],
)
def test_wrong_answers_are_refused_whole(manager, klass, answers, code):
    sitting = filed(manager, klass)
    one, other = ids(klass)
    good = Answers(80, ("A", "B", "C", "D"))
    with pytest.raises(Refused, match=code):
        actions.file_answers(by=manager, sitting_id=sitting.pk, sheets={one: good, other: answers}, now=NOW)
    stranger = ClassFactory(item=klass.item, trainees=1).enrolments.get().pk
    with pytest.raises(NotFound):
        actions.file_answers(by=manager, sitting_id=sitting.pk, sheets={stranger: good}, now=NOW)
    assert not AnswerSheet.objects.exists()


def test_after_the_lock_nothing_of_it_changes(manager, klass):
    sitting = filed(manager, klass)
    actions.enter_scores(by=manager, class_id=klass.pk, marks={pk: Marks(70, 80) for pk in ids(klass)}, now=NOW)
    actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    with pytest.raises(Refused, match="not-to-assess"):
        filed(manager, klass)
    for change in (
        lambda: Sitting.objects.update(minutes=10),
        lambda: sitting.duties.all().delete(),
        lambda: sitting.sheets.create(
            enrolment_id=ids(klass)[0], minutes=1, choices="", filed_at=NOW, filed_by=manager
        ),
    ):
        with pytest.raises(DatabaseError, match="final once the results are locked"), transaction.atomic():
            change()


def book(*rows):
    made, content = Workbook(), BytesIO()
    for row in (("身份证号", "姓名", "用时（分钟）", "答案"), *rows):
        made.worksheets[0].append(row)
    made.save(content)
    return content.getvalue()


def test_a_file_of_answers(manager, klass):
    """Every wrong cell is named and nothing written; the right file is."""
    sitting = filed(manager, klass)
    people = [one.person for one in klass.enrolments.select_related("person").order_by("pk")]
    numbers = [number(int(one.name.removeprefix("学员"))) for one in people]
    wrong = book(
        (numbers[0], people[0].name, 95, "ABCD"),
        (numbers[1], people[1].name, 70, "A,B"),
        (number(9999), "没有", "一小时", "ABCD"),
    )
    sheet = actions.preview_answers(by=manager, sitting_id=sitting.pk, content=wrong)
    assert {(one.row, one.column) for one in sheet.wrong} == {
        (2, "用时（分钟）"), (3, "答案"), (4, "身份证号"), (4, "用时（分钟）")
    }  # fmt: skip
    with pytest.raises(Refused):
        actions.import_answers(by=manager, sitting_id=sitting.pk, content=wrong, now=NOW)
    assert not AnswerSheet.objects.exists()
    right = book(*((n, one.name, 75, "A,B,CD,对") for n, one in zip(numbers, people, strict=True)))
    assert actions.import_answers(by=manager, sitting_id=sitting.pk, content=right, now=NOW) == 2


def test_over_the_api_as_by_hand(client, manager, klass):
    """The same PUT is the same sitting; a foreign class is not there."""
    _, secret = make_token(by=manager, name="考务系统", scopes=["scores"], now=timezone.now())
    mine = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "content_type": "application/json"}
    room = Room.objects.filter(site__institution=klass.institution).first()
    given = {
        "part": "theory", "room_id": room.pk, "starts_at": BEGAN.isoformat(), "minutes": 90, "key": KEY,
        "ends_at": (BEGAN + timedelta(hours=2)).isoformat(),
        "examiners": [{"name": "监考1", "number": number(60_801), "duty": "invigilator"}],
    }  # fmt: skip
    url = f"/api/assessments/{klass.pk}/sittings"
    [one, again] = [client.put(url, given, **mine).json() for _ in range(2)]
    assert one["id"] == again["id"]
    sheets = {pk: {"minutes": 60, "choices": KEY} for pk in ids(klass)}
    answer = client.put(f"/api/assessments/sittings/{one['id']}/answers", sheets, **mine)
    assert (answer.status_code, answer.json()) == (200, {"people": 2})
    assert client.put(url, {**given, "starts_at": "2026-03-16T09:00:00"}, **mine).status_code == 422
    assert client.get(url, **mine).json()[0]["part"] == "theory"
    foreign = ClassFactory(item=klass.item, state="ended")
    assert client.put(f"/api/assessments/{foreign.pk}/sittings", given, **mine).status_code == 404


def test_the_pages_of_a_sitting(client, manager, klass):
    """Filed by form, with names and numbers a line; the sign-in sheet is evidence of it (D109)."""
    client.force_login(manager)
    client.cookies["django_language"] = "en"
    room = Room.objects.filter(site__institution=klass.institution).first()
    form = {
        "part": "practice", "room_id": room.pk, "starts_at": "2026-03-16T09:00", "ends_at": "2026-03-16T11:00",
        "minutes": 60, "assessors": f"张三 {number(60_801)}\n古丽·阿依 {number(60_802)}", "key": "",
    }  # fmt: skip
    answer = client.post(f"/assessments/classes/{klass.pk}/sittings/", form)
    one = Sitting.objects.get()
    assert answer.url == f"/assessments/sittings/{one.pk}/"
    assert [duty.person.name for duty in queries.duties_of(one.pk)] == ["张三", "古丽·阿依"]
    assert client.post(f"/assessments/classes/{klass.pk}/sittings/", {**form, "assessors": "张三"}).status_code == 422
    pdf = BytesIO(b"%PDF-1.4\n% signed in\n%%EOF\n")
    pdf.name = "sheet.pdf"
    client.post(f"/assessments/sittings/{one.pk}/record/", {"what": "sign_in", "sent": pdf})
    assert len(queries.records_of(one.pk)["sign_in"]) == 1
    assert "Sign-in sheet" in client.get(answer.url).content.decode()
    assert client.get("/assessments/answers/").status_code == 200
