"""Whose account is it, for how long does the bank's word count: a table of cases (N14.1, N16.3)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rollbook.funds.rules import Payee, reasons_against_payees

TODAY = date(2026, 4, 20)
NOW = datetime(2026, 4, 20, 10, tzinfo=UTC)
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
        ({"changed_at": NOW - timedelta(hours=23, minutes=59)}, ["payee-held"]),
        ({"changed_at": NOW - timedelta(hours=24)}, []),
        ({"changed_at": NOW, "ownership": "pending"}, ["payee-held", "owner-pending"]),
        ({"is_changed": True, "ownership": "closed"}, ["account-changed"]),
    ],
)
def test_payees(change, codes):
    found = list(reasons_against_payees([Payee(**(GOOD | change))], now=NOW, days=90, hours=24))
    assert [one.code for one in found] == codes
    assert all(one.clause and one.values for one in found)


def test_every_line_has_its_reason():
    payees = [Payee(**(GOOD | {"ownership": one})) for one in ("closed", "match", "mismatch")]
    assert len(list(reasons_against_payees(payees, now=NOW, days=90, hours=24))) == 2
