"""Hostile and careless files sent through the pages, for the teaching plan and the roster (N4.1, N4.2).

Every file is either taken whole, or refused with every reason at once and nothing is stored.
"""

import base64
import csv
import zipfile
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import files
from rollbook.classes.models import Enrolment, Lesson
from rollbook.classes.tests.applications import NOW, ready
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.persons.models import Person
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import number
from rollbook.web import sheets

pytestmark = pytest.mark.django_db
TEACHER = number(9001)


def person_row(n, **values):
    base = {"number": number(7000 + n), "name": f"学员{n}", "category": "登记失业人员", "phone": "13800001234"}
    return base | values


def lesson_row(n, **values):
    base = {
        "day": f"2026-03-{16 + n}", "subject": "焊接操作", "hours": "4", "begins": "09:00", "ends": "12:00",
        "room": "甲室", "teacher": "王", "teacher_number": TEACHER,
    }  # fmt: skip
    return base | values


KINDS = {"lessons": (files.LESSONS, lesson_row), "roster": (files.ROSTER, person_row)}


def table(what, *rows, header=None):
    columns, _row = KINDS[what]
    return [header or [one.header for one in columns], *([row.get(one.key, "") for one in columns] for row in rows)]


def excel(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def text(rows, encoding="utf-8"):
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def with_part(content, name, data):
    changed = BytesIO(content)
    with zipfile.ZipFile(changed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return changed.getvalue()


def good(what, count=2):
    return table(what, *(KINDS[what][1](n) for n in range(count)))


def headed(what, change):
    columns = [one.header for one in KINDS[what][0]]
    change(columns)
    return excel([columns, ["x"] * len(columns)])


@pytest.fixture
def asked(settings, monkeypatch, client):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    load_terms(class_min=2)
    asked = ready()
    lesson = asked.klass.lessons.first()
    type(lesson.room).objects.filter(pk=lesson.room_id).update(name="甲室")
    Person.objects.filter(pk=lesson.teacher_person_id).update(id_digest=digest(TEACHER))
    client.force_login(asked.manager)
    client.cookies["django_language"] = "en"
    return asked


def send(client, asked, what, content, name="file.xlsx", **more):
    url = reverse("classes:import_file", args=[asked.klass.pk, what])
    return client.post(url, {"file": SimpleUploadedFile(name, content)} | more)


def stored():
    pks = list(Lesson.objects.order_by("pk").values_list("pk", flat=True))
    return Person.objects.count(), Enrolment.objects.count(), Entry.objects.count(), pks


HOSTILE = [
    ("empty", lambda what: b"", "empty"),
    ("headers of something else", lambda what: excel([["a", "b"], ["1", "2"]]), "is missing"),
    ("a column missing", lambda what: headed(what, lambda names: names.pop(0)), "is missing"),
    ("a column twice", lambda what: headed(what, lambda names: names.append(names[0])), "2 times"),
    ("100 000 rows", lambda what: text(table(what, *[KINDS[what][1](0)] * 100_000)), "100000 rows"),
    ("UTF-16", lambda what: text(good(what), "utf-16"), "Neither an Excel file nor a CSV"),
    ("macros", lambda what: with_part(excel(good(what)), "xl/vbaProject.bin", b"Sub"), "macros"),
]


@pytest.mark.parametrize("what", ["lessons", "roster"])
@pytest.mark.parametrize(("make", "told"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_is_no_table_is_refused_and_nothing_is_stored(client, asked, what, make, told):
    before = stored()

    answer = send(client, asked, what, make(what))

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert stored() == before


@pytest.mark.parametrize("what", ["lessons", "roster"])
@pytest.mark.parametrize(
    "make",
    [
        lambda what: excel(good(what)),
        lambda what: text(good(what), "utf-8-sig"),
        lambda what: text(good(what), "gbk"),
        lambda what: text(good(what), "gb18030"),
        lambda what: excel([[*row, "more"] for row in good(what)]),  # columns of their own are let be
        lambda what: excel([*good(what), [], ["", " "]]),  # empty rows at the end
    ],
    ids=["xlsx", "utf-8 with mark", "gbk", "gb18030", "extra columns", "empty rows"],
)
def test_what_offices_send_is_taken(client, asked, what, make):
    people = asked.klass.enrolments.count()

    answer = send(client, asked, what, make(what))

    assert answer.status_code == 302
    assert asked.klass.lessons.count() == 2
    assert asked.klass.enrolments.count() == people + (2 if what == "roster" else 0)


ROSTER_CELLS = [
    ({"number": number(7001)[:-1] + ("0" if number(7001)[-1] != "0" else "1")}, "身份证号", "mistyped"),
    ({"number": "320102199813010012"}, "身份证号", "19981301"),
    ({"number": "32010219800101"}, "身份证号", ""),
    ({"number": ""}, "身份证号", "must be filled in"),
    ({"number": number(7000)}, "身份证号", "row 2"),
    ({"name": ""}, "姓名", "must be filled in"),
    ({"name": "=1+1"}, "姓名", "formula"),
    ({"category": "宇航员"}, "人员类别", "宇航员"),
    ({"phone": "12345"}, "联系电话", "12345"),
    ({"bank_account": "6214830000000001"}, "银行账号", ""),
]
LESSON_CELLS = [
    ({"day": "2026-02-30"}, "日期", "2026-02-30"),
    ({"hours": "13"}, "学时", "13"),
    ({"hours": "=2+2"}, "学时", "formula"),
    ({"begins": "morning"}, "开始时间", "morning"),
    ({"ends": "08:00"}, "结束时间", "before it begins"),
    ({"room": "无此室"}, "教室", "甲室"),
    ({"teacher_number": number(8888)}, "教师身份证号", "No teacher"),
    ({"subject": ""}, "课程内容", "must be filled in"),
]


@pytest.mark.parametrize(
    ("what", "wrong", "column", "told"),
    [("roster", *row) for row in ROSTER_CELLS] + [("lessons", *row) for row in LESSON_CELLS],
)
def test_a_wrong_cell_is_told_by_row_and_column(client, asked, what, wrong, column, told):
    before = stored()
    row = KINDS[what][1]

    answer = send(client, asked, what, excel(table(what, row(0), row(1, **wrong))))

    assert answer.status_code == 422
    found = answer.context["sheet"].wrong
    assert {(one.row, one.column) for one in found} == {(3, column)}
    page = answer.content.decode()
    assert column in page
    assert told in page
    assert stored() == before


@pytest.mark.parametrize("what", ["lessons", "roster"])
def test_every_wrong_cell_is_told_at_once_and_marked_in_the_file(client, asked, what):
    """The marked workbook comes back from the page itself: no file has to be chosen again."""
    before, row = stored(), KINDS[what][1]
    wrong = {"roster": {"phone": "1", "category": "x"}, "lessons": {"hours": "0", "day": "x"}}[what]
    content = excel(table(what, row(0, **wrong), row(1), row(2, **wrong)))

    page = send(client, asked, what, content)
    assert sorted({one.row for one in page.context["sheet"].wrong}) == [2, 4]
    assert len(page.context["sheet"].wrong) == 4
    assert page.context["kept"] == base64.b64encode(content).decode()
    assert page.context["kept"] in page.content.decode()
    url = reverse("classes:import_file", args=[asked.klass.pk, what])
    for sent in ({"marked": "1", "kept": page.context["kept"]}, {"marked": "1", "file": BytesIO(content)}):
        answer = client.post(url, sent)
        assert answer.status_code == 200
        sheet = load_workbook(BytesIO(answer.content)).active
        heads = [cell.value for cell in sheet[1]]
        red = {(cell.row, heads[cell.column - 1]) for line in sheet.iter_rows() for cell in line if cell.fill.fill_type}
        assert red == {(one.row, one.column) for one in page.context["sheet"].wrong}
        assert sheet.cell(2, len(heads)).value
        assert not sheet.cell(3, len(heads)).value
    assert stored() == before


@pytest.mark.parametrize("kept", ["!!", base64.b64encode(b"PK no workbook").decode(), ""])
def test_a_forged_copy_of_the_file_is_refused(client, asked, kept):
    url = reverse("classes:import_file", args=[asked.klass.pk, "roster"])
    assert client.post(url, {"marked": "1", "kept": kept}).status_code == 422


@pytest.mark.parametrize(
    ("day", "begins"), [("2026/3/16", "9:00"), ("2026.3.16", "9：00"), ("2026年3月16日", "09:00:00"), ("2026-03-16", "9:00:00")]
)  # fmt: skip
def test_days_and_times_are_read_as_people_write_them(client, asked, day, begins):
    content = text(table("lessons", lesson_row(0, day=day, begins=begins)))

    assert send(client, asked, "lessons", content, "plan.csv").status_code == 302
    lesson = asked.klass.lessons.get()
    assert f"{timezone.localtime(lesson.starts_at):%Y-%m-%d %H:%M}" == "2026-03-16 09:00"


def test_the_example_of_the_template_is_nobodys_trainee(client, asked):
    """Whoever forgets to delete the example row is told, and it is not registered as a person."""
    content = sheets.template(files.ROSTER)
    before = stored()

    answer = send(client, asked, "roster", content)

    assert answer.status_code == 422
    assert "delete the row" in answer.content.decode()
    assert stored() == before


def test_a_number_that_the_spreadsheet_rounded_is_told_as_such(client, asked):
    """Excel keeps 15 digits of a number that was not entered as text."""
    rows = table("roster", person_row(0))
    rows[1][0] = float(320102198001019000)

    answer = send(client, asked, "roster", excel(rows))

    assert answer.status_code == 422
    assert "rounded" in answer.content.decode()


def test_a_teaching_plan_that_overlaps_itself_is_told_by_the_checks(client, asked):
    content = excel(table("lessons", lesson_row(0), lesson_row(0)))
    assert send(client, asked, "lessons", content).status_code == 302
    page = client.get(reverse("classes:class_detail", args=[asked.klass.pk]), {"step": "check"})
    assert "plan-overlaps" in [one.code for one in page.context["stops"]]


@pytest.mark.parametrize("what", ["lessons", "roster"])
@pytest.mark.parametrize(("who", "status"), [("other", 404), ("county", 403)])
def test_files_are_for_the_institution_of_the_class(client, asked, what, who, status):
    asked.submit()
    asked.review("approve")
    other = AccountFactory(role="institution-manager", institution_id=equipped().pk)
    client.force_login({"other": other, "county": asked.county}[who])
    before = stored()

    assert send(client, asked, what, excel(good(what))).status_code == status
    assert stored() == before
