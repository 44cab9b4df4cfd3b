"""A policy as an Excel file: out and back the same, every wrong cell told (N13.1)."""

from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rollbook.kernel.reasons import Refused
from rollbook.subsidies import files, rules
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import identified, shipped, shipped_all

HERE = "320102"


def changed(policy, change):
    """The policy's file after somebody worked on it in a spreadsheet."""
    book = openpyxl.load_workbook(BytesIO(files.written(policy)))
    change(book)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("content", shipped_all(), ids=lambda one: one["document"][:16])
def test_every_shipped_policy_comes_back_from_its_file(content):
    policy = rules.Policy.of(content)
    book = files.read(files.written(policy))
    assert book.wrong == []
    assert rules.Policy.of(files.content_of(book, policy.subsidy)) == policy


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "code"),
    [
        ("补贴标准", "A2", "技能", "no-word"),
        ("补贴标准", "E2", "六级", "no-word"),
        ("补贴标准", "I2", "一千", "number"),
        ("补贴标准", "I2", "1000.005", "fen"),
        ("补贴标准", "I2", "-5", "range"),
        ("补贴标准", "F2", "40.5", "whole"),
        ("补贴标准", "F2", "9999", "range"),
        ("补贴标准", "A2", None, "missing"),
        ("系数", "B2", "=1+1", "formula"),
        ("系数", "C2", "技能等级培训、打字", "no-word"),
        ("系数", "I2", "也许", "yes-no"),
        ("次数上限", "A2", "0", "range"),
        ("总则与期限", "A3", "第二行", "one-row"),
        ("总则与期限", "A2", "文" * 200, "too-long"),
    ],
)
def test_a_wrong_cell_is_told_with_its_sheet_row_and_column(sheet, cell, value, code):
    def change(book):
        book[sheet][cell] = value

    book = files.read(changed(shipped("320000", "training"), change))
    assert {(one.message.code, one.column.split(" · ")[0]) for one in book.wrong} == {(code, sheet)}
    assert {one.row for one in book.wrong} <= {2, 3}


def test_words_are_taken_in_both_languages_and_numbers_as_people_write_them():
    def change(book):
        book["补贴标准"]["A2"], book["补贴标准"]["E2"], book["补贴标准"]["I2"] = (
            "Skill-level training",
            "4",
            "¥1,234.50",
        )
        book["系数"]["C2"], book["系数"]["H2"] = "level，special", "yes"

    book = files.read(changed(shipped("320000", "training"), change))
    assert book.wrong == []
    policy = rules.Policy.of(files.content_of(book, "training"))
    assert (policy.amounts[0].level, policy.amounts[0].amount_fen) == (4, 123_450)
    assert (policy.factors[0].kinds, policy.factors[0].is_public_base) == (("level", "special"), True)


def test_a_missing_sheet_or_another_kind_of_file_is_refused():
    def change(book):
        del book["系数"]

    for content, code in (
        (changed(shipped("320000", "training"), change), "sheet-missing"),
        (b"a,b\n1,2", "unreadable"),
        (b"PK", "unreadable"),
    ):
        with pytest.raises(Refused) as refused:
            files.read(content)
        assert [one.code for one in refused.value.reasons] == [code]


@pytest.mark.django_db
def test_a_file_shows_what_it_would_change_before_it_is_written(client, settings):
    settings.DEMO = True
    office = f.account("county-reviewer", region_code=HERE)
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    client.force_login(office)
    detail, address = (reverse(f"subsidies:{name}", args=[one.pk]) for name in ("policy_detail", "policy_file"))
    content = client.get(detail, {"export": 1}).content

    def change(book):
        book["补贴标准"]["I2"] = 1250
        book["次数上限"].append([3, "累计"])

    book = openpyxl.load_workbook(BytesIO(content))
    change(book)
    out = BytesIO()
    book.save(out)
    page = client.post(
        address, {"file": SimpleUploadedFile("a.xlsx", out.getvalue())}, headers={"accept-language": "en"}
    ).content.decode()
    assert ("1,250" in page, "+25.0 %" in page) == (True, True)
    one.refresh_from_db()
    assert one.content["amounts"][0]["amount_fen"] == 100_000
    kept = page.split('name="kept" value="')[1].split('"')[0]
    assert client.post(address, {"kept": kept, "confirm": "1"}).status_code == 302
    one.refresh_from_db()
    policy = rules.Policy.of(one.content)
    assert (policy.amounts[0].amount_fen, policy.caps[0].limit, policy.caps[0].period) == (125_000, 3, "ever")

    book["补贴标准"]["I2"] = "一千"
    out = BytesIO()
    book.save(out)
    sent = {"file": SimpleUploadedFile("a.xlsx", out.getvalue())}
    wrong = client.post(address, sent, headers={"accept-language": "en"})
    assert (wrong.status_code, "“一千” is no number." in wrong.content.decode()) == (422, True)
    marked = client.post(address, {"marked": "1", "file": SimpleUploadedFile("a.xlsx", out.getvalue())})
    cell = openpyxl.load_workbook(BytesIO(marked.content))["补贴标准"]["I2"]
    assert cell.fill.fgColor.rgb == "00FBE6E6"
    one.refresh_from_db()
    assert one.content["amounts"][0]["amount_fen"] == 125_000


def test_a_share_of_the_cost_stays_per_cent():
    policy = identified(shipped("500000", "training", "2020-01-01"))
    book = files.read(files.written(policy))
    [share] = [row for row in files.content_of(book, "training")["amounts"] if row.get("unit") == "cost"]
    assert share["amount_fen"] == 100
