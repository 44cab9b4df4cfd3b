from io import BytesIO

import pytest
from openpyxl import load_workbook

from rollbook.web.exports import safe, workbook


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\r=1", "=HYPERLINK('a')"])
def test_no_text_becomes_a_formula(text):
    assert safe(text).startswith("'")
    sheet = load_workbook(BytesIO(workbook(["A"], [[text]], "名单").content)).active
    assert sheet["A2"].data_type == "s"


@pytest.mark.parametrize("value", ["张三", 5, None, "1-2", -7])
def test_everything_else_stays_as_it_is(value):
    assert safe(value) == value


def test_the_file_has_a_header_and_says_what_was_filtered():
    response = workbook(["Name", "Money"], [["张三", 12]], "名单", note="2026 · q=张")
    book = load_workbook(BytesIO(response.content))
    assert len(list(book.worksheets[0].rows)) == 2
    assert book.worksheets[1]["A1"].value == "2026 · q=张"
    assert response["Content-Disposition"].endswith(".xlsx")
