"""Files of scores through the page that takes them: careless, wrong and hostile (N5.2)."""

import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Score
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.journal.models import Entry
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
HEADER = ("身份证号", "姓名", "理论成绩", "实操成绩", "缺考")


@pytest.fixture
def klass():
    load_terms()
    return ClassFactory(state="ended", trainees=2)


@pytest.fixture
def send(client, klass):
    client.force_login(AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id))
    client.cookies["django_language"] = "en"

    def sent(content, name="scores.xlsx"):
        file = SimpleUploadedFile(name, content)
        return client.post(f"/assessments/classes/{klass.pk}/import/", {"file": file})

    return sent


def people(klass):
    """Number and name of everyone on the roster."""
    found = Person.objects.filter(pk__in=klass.enrolments.values("person")).order_by("pk")
    return [(number(int(one.name.removeprefix("学员"))), one.name) for one in found]


def excel(*rows, header=HEADER, merged=""):
    book, content = Workbook(), BytesIO()
    for row in (header, *rows):
        book.worksheets[0].append(row)
    if merged:
        book.worksheets[0].merge_cells(merged)
    book.save(content)
    return content.getvalue()


def good(klass):
    return [(pk, name, 70, 80, "否") for pk, name in people(klass)]


def bomb(klass):
    content = BytesIO(excel(*good(klass)))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.xml", b"0" * 50_000_000)
    return content.getvalue()


def hundred_thousand(klass):
    row = ",".join(map(str, good(klass)[0]))
    return "\n".join([",".join(HEADER), *([row] * 100_000)]).encode()


def hundred_thousand_in_excel(klass):
    book, content = Workbook(write_only=True), BytesIO()
    sheet = book.create_sheet()
    sheet.append(HEADER)
    for _ in range(100_000):
        sheet.append(("x", "y", 1, 1, "否"))
    book.save(content)
    return content.getvalue()


HOSTILE = {
    "nothing in it": (lambda _: b"", "file"),
    "another header": (lambda k: excel(*good(k), header=("甲", "乙", "丙", "丁", "戊")), "身份证号"),
    "a column twice": (lambda k: excel(*good(k), header=(*HEADER[:4], "理论成绩")), "理论成绩"),
    "a header alone": (lambda _: excel(), "no rows"),
    "merged cells": (lambda k: excel(*good(k), merged="C2:C3"), "merged"),
    "100 000 rows": (hundred_thousand, "1000"),
    "100 000 rows in Excel": (hundred_thousand_in_excel, "1000"),
    "a zip bomb": (bomb, "unpacks"),
    "half a file": (lambda k: excel(*good(k))[:3000], "Excel"),
    "a picture": (lambda _: b"\x89PNG\r\n\x1a\n" + bytes(200), ""),
    "a formula": (lambda k: excel((*good(k)[0][:2], "=30+40", 80, "否"), good(k)[1]), "formula"),
    "a formula for a name": (lambda k: excel((good(k)[0][0], '=HYPERLINK("http://x","y")', 70, 80, "否")), "formula"),
    "a mark of 101": (lambda k: excel((*good(k)[0][:2], 101, 80, "否"), good(k)[1]), "101"),
    "a negative mark": (lambda k: excel((*good(k)[0][:2], -1, 80, "否"), good(k)[1]), "-1"),
    "a mark with a fraction": (lambda k: excel((*good(k)[0][:2], 59.5, 80, "否"), good(k)[1]), "59.5"),
    "absent with marks": (lambda k: excel((*good(k)[0][:4], "是"), good(k)[1]), ""),
    "somebody twice": (lambda k: excel(*good(k), good(k)[0]), ""),
    "nobody of this class": (lambda _: excel((number(9999), "没有", 70, 80, "否")), "roster"),
    "another name": (lambda k: excel((good(k)[0][0], "别人", 70, 80, "否")), "another name"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_cannot_be_taken_is_refused_whole_and_says_why(case, klass, send):
    """N5.2: 422, a page that says what to mend, and nothing written."""
    make, told = HOSTILE[case]
    before = Entry.objects.count()
    answer = send(make(klass))
    assert answer.status_code == 422
    assert told in answer.text
    assert not Score.objects.exists()
    assert Entry.objects.count() == before


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_csv_is_taken_in_the_encodings_that_offices_use(encoding, klass, send):
    lines = [",".join(HEADER), *(",".join(map(str, row)) for row in good(klass))]
    assert send("\r\n".join(lines).encode(encoding), "成绩.csv").status_code == 302
    assert list(Score.objects.values_list("theory", "practice", "result")) == [(70, 80, "passed")] * 2


def test_the_same_file_again_changes_nothing(klass, send):
    content = excel(*good(klass))
    assert [send(content).status_code for _ in range(2)] == [302, 302]
    assert Score.objects.count() == 2


def test_absence_and_english_headers_are_understood(klass, send):
    first, second = people(klass)
    rows = ((*first, "", "", "yes"), (*second, 60, 60, "no"))
    assert send(excel(*rows, header=("Id number", "Name", "Theory", "Practice", "Absent"))).status_code == 302
    assert sorted(Score.objects.values_list("result", flat=True)) == ["absent", "passed"]


def test_a_file_for_locked_results_or_for_another_s_class_is_not_read(client, klass, send):
    other = ClassFactory(item=klass.item, state="ended", trainees=1)
    content = SimpleUploadedFile("a.xlsx", excel(*good(other)))
    assert client.post(f"/assessments/classes/{other.pk}/import/", {"file": content}).status_code == 404
    assert not Score.objects.exists()
    klass.state = "assessed"
    klass.save()
    assert send(excel(*good(klass))).status_code == 422
    assert not Score.objects.exists()


def test_the_page_costs_the_same_however_long_the_roster(client, klass, django_assert_max_num_queries):
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER))
    large = ClassFactory(item=klass.item, state="ended", trainees=8)
    with django_assert_max_num_queries(100) as few:
        client.get(f"/assessments/classes/{klass.pk}/")
    with django_assert_max_num_queries(len(few)):
        client.get(f"/assessments/classes/{large.pk}/")
    with django_assert_max_num_queries(40):
        client.get("/assessments/")
