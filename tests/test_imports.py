"""Every import, sent as a person would send it: hostile and careless files change nothing (N4.2, N5.1)."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.files import SCORES
from rollbook.assessment.models import Score
from rollbook.classes.files import LESSONS, ROSTER
from rollbook.classes.models import Enrolment, Lesson
from rollbook.classes.tests.applications import ready
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.files import PROJECTS
from rollbook.directory.models import DemandItem
from rollbook.directory.tests.factories import DemandListFactory, OccupationFactory, load_terms
from rollbook.institutions.files import ROOMS, TEACHERS
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


class Import:
    """One import with a row that it takes, and what it writes."""

    def __init__(self, client, columns, address, good, model, other=None):
        self.client, self.columns, self.address, self.good, self.model = client, columns, address, good, model
        self.other = other  # who does the like elsewhere

    def headers(self):
        return [one.header for one in self.columns]

    def row(self, **changes):
        values = {**self.good, **changes}
        return [values.get(one.key, "") for one in self.columns]

    def send(self, content, **more):
        return self.client.post(self.address, {"file": SimpleUploadedFile("a.xlsx", content), **more})

    def stored(self):
        return [list(self.model.objects.order_by("pk").values()), Person.objects.count(), Entry.objects.count()]


def excel(*rows, merged="", code=""):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    content = BytesIO()
    book.save(content)
    return with_part(content.getvalue(), *code) if code else content.getvalue()


def with_part(content, name, data):
    changed = BytesIO(content)
    with zipfile.ZipFile(changed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return changed.getvalue()


def of_an_institution(client, what):
    institution, occupation = equipped(), OccupationFactory(code="6-18-02-04", name="焊工")
    client.force_login(AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=institution.pk))
    good = {
        "teachers": {
            "name": "新老师", "number": number(901), "engaged": "专职", "years": "8", "code": occupation.code,
            "occupation": "焊工", "level": "高级", "certificate": "S0000320100001",
        },
        "rooms": {
            "site": "城东校区", "address": "栖霞区 1 号", "room": "201", "kind": "实训车间", "seats": "40",
            "equipment": "弧焊机", "quantity": "20", "work_stations": "20",
        },
    }[what]  # fmt: skip
    columns, model = (TEACHERS, Teacher) if what == "teachers" else (ROOMS, Room)
    return Import(client, columns, reverse("institutions:import_file", args=[institution.pk, what]), good, model)


def of_a_demand_list(client):
    occupation = OccupationFactory(code="6-18-02-04", name="焊工")
    draft = DemandListFactory(region_code="320102", state="draft", in_force=None, published_at=None)
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER, region_code="320102"))
    good = {
        "training_type": "技能等级培训", "code": occupation.code, "level": "高级", "hours": "56",
        "practice_percent": "60", "amount_fen": "1,500.50",
    }  # fmt: skip
    other = AccountFactory(role=Role.COUNTY_REVIEWER, region_code="320583")
    address = reverse("directory:import_items", args=[draft.pk])
    return Import(client, PROJECTS, address, good, DemandItem, other)


@pytest.fixture(params=["lessons", "roster", "scores", "teachers", "rooms", "projects"])
def imported(request, client, monkeypatch, settings):
    settings.DEMO = True  # officials need no second factor
    if request.param in ("teachers", "rooms", "projects"):
        load_terms()
        monkeypatch.setattr(timezone, "now", lambda: NOW)
        return of_a_demand_list(client) if request.param == "projects" else of_an_institution(client, request.param)
    load_terms(class_min=2)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    if request.param == "scores":
        klass = ClassFactory(state="ended", trainees=2, institution=equipped())
        manager = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id)
        person = klass.enrolments.first().person
        good = {"number": number_of(person), "name": person.name, "theory": "70", "practice": "80", "is_absent": "否"}
        address, columns, model = reverse("assessment:import_scores", args=[klass.pk]), SCORES, Score
    else:
        asked = ready()
        klass, manager = asked.klass, asked.manager
        room = Room.objects.filter(site__institution=klass.institution).first()
        teacher = Teacher.objects.filter(institution=klass.institution).first()
        good = {
            "lessons": {
                "day": "2026-03-17", "subject": "焊接安全", "hours": "4", "begins": "09:00", "ends": "12:00",
                "room": room.name, "teacher": teacher.person.name, "teacher_number": number_of(teacher.person),
            },
            "roster": {
                "number": number(900), "name": "新学员", "category": "登记失业人员", "phone": "13800001234",
            },
        }[request.param]  # fmt: skip
        address = reverse("classes:import_file", args=[klass.pk, request.param])
        columns, model = (LESSONS, Lesson) if request.param == "lessons" else (ROSTER, Enrolment)
    client.force_login(manager)
    return Import(client, columns, address, good, model)


def number_of(person):
    """The factory calls the n-th person by n."""
    return number(int(person.name.removeprefix("学员")))


def test_the_good_row_is_taken(imported):
    before = imported.stored()
    assert imported.send(excel(imported.headers(), imported.row()), confirmed="1").status_code == 302
    assert imported.stored() != before


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_csv_in_the_encodings_of_an_office_is_taken(imported, encoding):
    lines = "\r\n".join(",".join(row) for row in (imported.headers(), imported.row()))
    assert imported.send(lines.encode(encoding), confirmed="1").status_code == 302


def hostile(one):
    head, row = one.headers(), one.row()
    return {
        "nothing": b"\n",
        "wrong headers": excel(["a", "b", "c"], ["1", "2", "3"]),
        "a column missing": excel(head[1:], row[1:]),
        "a column twice": excel([*head, head[0]], [*row, row[0]]),
        "100 000 rows": "\n".join([",".join(head), *[",".join(row)] * 100_000]).encode("gb18030"),
        "formulas": excel(head, ["=1+1", *row[1:]]),
        "a command": excel(head, ["@SUM(1)", *row[1:]]),
        "merged cells": excel(head, row, row, merged="A2:A3"),
        "macros": excel(head, row, code=("xl/vbaProject.bin", b"Sub")),
        "a zip bomb": excel(head, row, code=("xl/media/a.xml", b"0" * 30_000_000)),
        "an entity bomb": excel(head, row, code=("xl/theme/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]>')),
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "half a file": excel(head, row)[:900],
        "a page": b"<html><body><script>alert(1)</script></body></html>",
        "no values at all": excel(head, [" "] * len(head)),
    }


def test_hostile_files_get_an_answer_and_change_nothing(imported):
    before = imported.stored()
    for name, content in hostile(imported).items():
        answer = imported.send(content)
        assert answer.status_code == 422, name
        shown = answer.content.decode()
        assert "<script>alert" not in shown
        assert 'class="reasons' in shown or "<td class=" in shown, name
        assert imported.stored() == before, name


def test_every_wrong_cell_at_once_with_row_and_column(imported):
    """Two wrong rows among good ones: both told, the good ones not written (ux: nothing half-done)."""
    required = [one for one in imported.columns if one.required]
    wrong = {one.key: "" for one in required[:2]}
    before = imported.stored()
    content = excel(imported.headers(), imported.row(), imported.row(**wrong))
    shown = imported.send(content).content.decode()
    assert all(one.header in shown for one in required[:2])
    assert shown.count('<td class="number">3</td>') >= 2
    assert imported.stored() == before


def test_the_same_file_comes_back_with_its_wrong_cells_marked(imported):
    key = next(one.key for one in imported.columns if one.required)
    content = excel(imported.headers(), imported.row(**{key: "=1"}))
    answer = imported.send(content, marked="1")
    assert answer["Content-Type"].startswith("application/vnd.openxml")
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet["A2"].fill.fgColor.rgb.endswith("FBE6E6")


def test_nobody_else_may_send_one(imported):
    other = imported.other or AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=equipped().pk)
    imported.client.force_login(other)
    before = imported.stored()
    assert imported.send(excel(imported.headers(), imported.row())).status_code == 404
    assert imported.stored() == before


@pytest.mark.parametrize("imported", ["teachers", "rooms", "projects"], indirect=True)
def test_a_file_in_order_is_shown_and_written_only_when_confirmed(imported):
    """The page of what would be written carries the file along; sent twice, the second is recognised."""
    before, content = imported.stored(), excel(imported.headers(), imported.row())
    page = imported.send(content)
    assert page.status_code == 200
    shown = page.content.decode()
    assert all(value in shown for key, value in imported.good.items() if key != "number")
    assert imported.good.get("number", "no number") not in shown, "numbers are masked here too"
    assert imported.stored() == before

    kept = {"confirmed": "1", "kept": page.context["kept"]}
    assert imported.client.post(imported.address, kept).status_code == 302
    after = imported.stored()
    assert after != before
    again = imported.client.post(imported.address, kept)
    assert again.status_code == 422
    assert [one.code for one in again.context["reasons"]] == ["same-file"]
    assert imported.stored() == after


@pytest.mark.parametrize("imported", ["teachers", "rooms", "projects"], indirect=True)
def test_the_template_is_taken_by_its_own_import(imported):
    """Whoever only fills in the template has every column that is asked for."""
    path = {Teacher: "/institutions/templates/teachers/", Room: "/institutions/templates/rooms/"}
    answer = imported.client.get(path.get(imported.model, "/directory/template/"))
    sheet = load_workbook(BytesIO(answer.content)).active
    assert [cell.value for cell in sheet[1]] == imported.headers()
    sheet.delete_rows(2)
    sheet.append(imported.row())
    content = BytesIO()
    sheet.parent.save(content)
    assert imported.send(content.getvalue()).status_code == 200
