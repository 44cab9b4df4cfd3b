"""Hostile and careless files: each is refused with what to do, or read with every wrong cell marked (N4.1)."""

import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import sheets
from rollbook.web.sheets import Column


def hours(text):
    if not text.isdigit():
        raise ValueError(reason("bad-hours", Message("“{text}” is no number.").template, text=text))
    return int(text)


COLUMNS = [
    Column("name", "姓名", ("Name",), required=True, example="张三"),
    Column("hours", "学时", ("Hours",), required=True, parse=hours, example="8"),
    Column("note", "备注", ("Note",)),
]
HEADER = ["姓名", "学时", "备注"]


def excel(*rows, merged="", change=None):
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def with_part(content, name, data):
    changed = BytesIO(content)
    with zipfile.ZipFile(changed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return changed.getvalue()


def codes(content, **limits):
    with pytest.raises(Refused) as refused:
        sheets.read(content, COLUMNS, **limits)
    return [one.code for one in refused.value.reasons]


GOOD = excel(HEADER, ["张三", 8, "好"], ["李四", 4.0, None])


def test_excel_is_read():
    sheet = sheets.read(GOOD, COLUMNS)
    assert sheet.wrong == []
    assert [(row["row"], row["name"], row["hours"]) for row in sheet.rows] == [(2, "张三", 8), (3, "李四", 4)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_offices_use(encoding):
    sheet = sheets.read("姓名,学时,备注\r\n张三,8,䶮\r\n".encode(encoding), COLUMNS)
    assert [(row["name"], row["hours"], row["note"]) for row in sheet.rows] == [("张三", 8, "䶮")]


@pytest.mark.parametrize("header", [["Name", "Hours", "Note"], [" 姓名 ", "Hours", "x"], ["备注", "学时", "姓名"]])
def test_headers_in_either_language_and_any_order(header):
    assert [one.key for one in COLUMNS if one.key in sheets.read(excel(header, ["a", "1", "b"]), COLUMNS).rows[0]]


def test_the_template_can_be_read_back():
    assert sheets.read(sheets.template(COLUMNS), COLUMNS).rows[0]["hours"] == 8


def test_the_same_file_is_recognised():
    assert sheets.read(GOOD, COLUMNS).digest == sheets.read(GOOD, COLUMNS).digest
    assert sheets.read(GOOD, COLUMNS).digest != sheets.read(excel(HEADER, ["张三", 9]), COLUMNS).digest


HOSTILE = [
    ("nothing", b"", ["empty-file"]),
    ("a sheet without cells", excel(), ["empty-file"]),
    ("a header alone", excel(HEADER), ["no-rows"]),
    ("empty rows alone", excel(HEADER, ["", None, " "]), ["no-rows"]),
    ("a column missing", excel(["姓名", "备注"], ["张三", ""]), ["column-missing"]),
    ("all columns missing", excel(["a", "b"], ["1", "2"]), ["column-missing", "column-missing"]),
    ("a column twice", excel(["姓名", "姓名", "学时"], ["a", "b", "1"]), ["column-twice"]),
    ("a column in both languages", excel(["姓名", "Name", "学时"], ["a", "b", "1"]), ["column-twice"]),
    ("missing and twice at once", excel(["备注", "Note", "学时"], ["a", "b", "1"]), ["column-missing", "column-twice"]),
    ("merged cells", excel(HEADER, ["张三", 1], ["", 2], merged="A2:A3"), ["merged-cells"]),
    ("macros", with_part(GOOD, "xl/vbaProject.bin", b"Sub"), ["macros"]),
    ("links to other files", with_part(GOOD, "xl/externalLinks/externalLink1.xml", b"<x/>"), ["external-links"]),
    ("a zip bomb", with_part(GOOD, "xl/media/a.xml", b"0" * 30_000_000), ["bomb"]),
    ("an entity bomb", with_part(GOOD, "xl/theme/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]>'), ["entities"]),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(200), ["unreadable-csv"]),
    ("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ["unreadable-csv"]),
    ("half an Excel file", GOOD[: len(GOOD) // 2], ["unreadable"]),
    ("a zip that is no Excel file", with_part(b"PK\x05\x06" + bytes(18), "a.txt", b"x"), ["unreadable"]),
    ("a quote that never ends", '姓名,学时\n"张三,8\n'.encode(), ["unreadable-csv"]),
    ("a page", b"<html><body>no</body></html>", ["no-rows-or-columns"]),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_cannot_be_taken_is_refused_with_every_reason(content, expected):
    got = codes(content)
    if expected == ["no-rows-or-columns"]:
        assert set(got) <= {"no-rows", "column-missing"}
    else:
        assert sorted(got) == sorted(expected)


def test_too_many_rows_are_refused_without_reading_them_all():
    content = "\n".join(["姓名,学时", *(f"张{n},1" for n in range(100_000))]).encode()
    assert codes(content, max_rows=5000) == ["too-many-rows"]
    assert codes(excel(HEADER, *([f"张{n}", 1] for n in range(60))), max_rows=50) == ["too-many-rows"]


def test_a_file_too_large_is_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_BYTES", 100)
    assert codes(b"x" * 101) == ["file-too-large"]


def test_too_many_parts_are_a_bomb():
    content = BytesIO(GOOD)
    with zipfile.ZipFile(content, "a") as archive:
        for n in range(1100):
            archive.writestr(f"xl/{n}", b"")
    assert codes(content.getvalue()) == ["bomb"]


def test_a_wrong_kind_of_content_in_a_sheet_is_refused():
    content = BytesIO()
    with zipfile.ZipFile(BytesIO(GOOD)) as old, zipfile.ZipFile(content, "w") as new:
        for part in old.infolist():
            data = b"not xml at all <<<" if part.filename.endswith("sheet1.xml") else old.read(part)
            new.writestr(part, data)
    assert codes(content.getvalue()) in (["unreadable"], ["empty-file"])


WRONG_CELLS = [
    ("missing", ["", "8"], [(2, "姓名", "missing")]),
    ("wrong kind", ["张三", "many"], [(2, "学时", "bad-hours")]),
    ("both", [None, "x"], [(2, "姓名", "missing"), (2, "学时", "bad-hours")]),
    ("formula in Excel", ["张三", "=1+1"], [(2, "学时", "formula")]),
    ("link formula", ['=HYPERLINK("http://x","y")', "1"], [(2, "姓名", "formula")]),
    ("at sign", ["@SUM(A1)", "1"], [(2, "姓名", "formula")]),
]


@pytest.mark.parametrize(("cells", "expected"), [row[1:] for row in WRONG_CELLS], ids=[row[0] for row in WRONG_CELLS])
def test_every_wrong_cell_is_told_with_its_place(cells, expected):
    sheet = sheets.read(excel(HEADER, cells), COLUMNS)
    assert [(one.row, one.column, one.message.code) for one in sheet.wrong] == expected


def test_a_formula_in_csv_is_a_wrong_cell():
    sheet = sheets.read("姓名,学时\n=cmd|' /C calc'!A0,1\n".encode(), COLUMNS)
    assert [one.message.code for one in sheet.wrong] == ["formula"]


def test_rows_are_numbered_as_the_spreadsheet_numbers_them():
    sheet = sheets.read(excel(HEADER, ["张三", 1], [None, None], ["李四", "x"]), COLUMNS)
    assert [one.row for one in sheet.wrong] == [4]


def test_the_marked_file_shows_each_wrong_cell_and_a_sentence():
    sheet = sheets.read(excel(HEADER, ["张三", "x"], ["李四", "=1"], ["王五", 3]), COLUMNS)
    out = load_workbook(BytesIO(sheets.marked(sheet))).active
    assert out["B2"].fill.fgColor.rgb.endswith("FBE6E6")
    assert out["A2"].fill.fill_type is None
    assert out["B4"].fill.fill_type is None
    assert "学时" in out["D2"].value
    assert out["D4"].value in (None, "")


def test_the_marked_file_carries_no_formula_and_can_be_sent_again():
    sheet = sheets.read(excel(HEADER, ["张三", "=1+1"]), COLUMNS)
    out = load_workbook(BytesIO(sheets.marked(sheet))).active
    assert [cell.data_type for row in out.rows for cell in row if cell.data_type == "f"] == []
    again = sheets.read(sheets.marked(sheet), COLUMNS)
    assert [row["name"] for row in again.rows] == ["张三"]
