"""Whose account is it, for how long does the bank's word count: a table of cases (N14.1, N16.3)."""

from datetime import date

import pytest

from rollbook.funds.rules import Payee, reasons_against_payees

TODAY = date(2026, 4, 20)
GOOD = {"name": "张三", "account": "江苏银行 0001", "ownership": "match", "asked_on": TODAY, "is_changed": False}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"asked_on": date(2026, 1, 20)}, []),  # 90 days
        ({"asked_on": date(2026, 1, 19)}, ["owner-old"]),
        ({"ownership": "pending", "asked_on": None}, ["owner-pending"]),
        ({"ownership": "match", "asked_on": None}, ["owner-pending"]),
        ({"ownership": "mismatch"}, ["owner-wrong"]),
        ({"ownership": "closed"}, ["owner-wrong"]),
        ({"ownership": "unknown"}, ["owner-wrong"]),
        ({"is_changed": True}, ["account-changed"]),
        ({"is_changed": True, "ownership": "closed"}, ["account-changed"]),
    ],
)
def test_payees(change, codes):
    found = list(reasons_against_payees([Payee(**(GOOD | change))], on=TODAY, days=90))
    assert [one.code for one in found] == codes
    assert all(one.clause and one.values for one in found)


def test_every_line_has_its_reason():
    payees = [Payee(**(GOOD | {"ownership": one})) for one in ("closed", "match", "mismatch")]
    assert len(list(reasons_against_payees(payees, on=TODAY, days=90))) == 2
