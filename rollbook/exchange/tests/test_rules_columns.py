"""Columns of texts from other departments are read exactly, and each wrong cell is known (N3.5, domain 4)."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.exchange.rules.columns import parsed
from rollbook.exchange.rules.contracts import WORDS, Field, Kind
from rollbook.persons.rules import check_digit


def read(kind, *texts, codes=()):
    values, wrong = parsed(Field("x", "X", kind, codes=codes), pa.array(texts, pa.string()))
    return values.to_pylist(), wrong.to_pylist()


GOOD = "32010219800101001" + check_digit("32010219800101001")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.DAY, "2026-03-01", date(2026, 3, 1)),
        (Kind.DAY, "2026/3/1", date(2026, 3, 1)),
        (Kind.DAY, "20260301", date(2026, 3, 1)),
        (Kind.DAY, "2026年3月1日", date(2026, 3, 1)),
        (Kind.DAY, "2026-03-01T00:00:00", date(2026, 3, 1)),
        (Kind.DAY, "2024-02-29", date(2024, 2, 29)),
        (Kind.DAY, "2026-02-29", None),
        (Kind.DAY, "2026-13-01", None),
        (Kind.DAY, "2026-00-10", None),
        (Kind.DAY, "01/03/2026", None),
        (Kind.MONTH, "2026-03", date(2026, 3, 1)),
        (Kind.MONTH, "202603", date(2026, 3, 1)),
        (Kind.MONTH, "2026年3月", date(2026, 3, 1)),
        (Kind.MONTH, "2026-03-01", date(2026, 3, 1)),
        (Kind.MONTH, "2026-01", date(2026, 1, 1)),
        (Kind.MONTH, "2026-00", None),
        (Kind.MONTH, "2026-03-15", None),
        (Kind.FEN, "1,234.5", 123450),
        (Kind.FEN, "0.07", 7),
        (Kind.FEN, "-3", -300),
        (Kind.FEN, "1.005", None),
        (Kind.FEN, "abc", None),
        (Kind.PERCENT, "33.33%", 3333),
        (Kind.PERCENT, "101", None),
        (Kind.INTEGER, "12", 12),
        (Kind.INTEGER, "1.5", None),
        (Kind.USCC, "91320000134752104R", None),
        (Kind.USCC, "91110000100000000K", None),
        (Kind.USCC, "91350100M000100Y43", "91350100M000100Y43"),  # the example of GB 32100
        (Kind.ACCOUNT, "6228 4800 1234 5678", "6228480012345678"),
        (Kind.ACCOUNT, "12", None),
        (Kind.PHONE, "138-1234-5678", "13812345678"),
        (Kind.NAME, "买买提•吐尔逊", "买买提·吐尔逊"),
        (Kind.NAME, " 张 三 ", "张三"),
        (Kind.NAME, "Anna  Maria", "Anna Maria"),
        (Kind.NAME, "𠮷田", "𠮷田"),
        (Kind.IDENTITY, GOOD.lower(), GOOD),
        (Kind.IDENTITY, f"  {GOOD} ", GOOD),
        (Kind.IDENTITY, "320102800101001", GOOD),  # the fifteen digits of old cards
        (Kind.IDENTITY, GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), None),
        (Kind.IDENTITY, "320102198002300019", None),
        (Kind.IDENTITY, "99", None),
        (Kind.IDENTITY, "320102８00101001", GOOD),
    ],
)
def test_one_cell(kind, text, value):
    values, wrong = read(kind, text)
    assert (values, wrong) == ([value], [value is None])


def test_an_empty_cell_is_not_wrong():
    for kind in Kind:
        assert read(kind, "", "  ", None) == ([None] * 3, [False] * 3), kind


def test_only_agreed_codes():
    assert read(Kind.CODE, "yes", "maybe", codes=("yes", "no")) == (["yes", None], [False, True])


@given(st.integers(0, 99), st.dates(date(1920, 1, 1), date(2008, 1, 1)), st.integers(0, 999))
def test_numbers_are_judged_as_the_register_judges_them(county, born, serial):
    """The columns and the register's own rule agree on every number and on every mistyped digit (N3.1)."""
    first = f"3201{county:02}{born:%Y%m%d}{serial:03}"
    number = first + check_digit(first)
    others = [first + digit for digit in "0123456789X" if digit != number[17]]
    values, wrong = read(Kind.IDENTITY, number, *others)
    assert values == [number, *[None] * 10]
    assert wrong == [False, *[True] * 10]


def test_each_code_of_the_shipped_contracts_has_a_word():
    feeds = json.loads((Path(__file__).parents[1] / "data/feeds.json").read_text(encoding="utf-8"))
    codes = {code for one in feeds for row in one["fields"] for code in row.get("codes", ()) if not code.isdigit()}
    assert codes
    assert codes <= WORDS.keys()
