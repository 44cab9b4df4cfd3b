"""Who may do what (N14.1)."""

import pytest

from rollbook.accounts import rules
from rollbook.accounts.rules import Permission, Role
from rollbook.kernel.reasons import Forbidden


class By:
    def __init__(self, role, region="320102", institution=None):
        self.role, self.region_code, self.institution_id = role, region, institution


@pytest.mark.parametrize(
    ("by", "permission", "where", "allowed"),
    [
        (By("county-reviewer"), Permission.CLASS_REVIEW, {"region_code": "320102"}, True),
        (By("county-reviewer"), Permission.CLASS_REVIEW, {"region_code": "320281"}, False),
        (By("county-reviewer"), Permission.CLASS_SECOND_REVIEW, {"region_code": "320102"}, False),
        (By("city-officer", "320100"), Permission.PERSON_SHOW, {"region_code": "320102"}, True),
        (By("city-officer", "320100"), Permission.PERSON_SHOW, {"region_code": "320281"}, False),
        (By("province-officer", "320000"), Permission.PERSON_MERGE, {"region_code": "320281"}, True),
        (By("institution-manager", institution=1), Permission.CLASS_APPLY, {"institution_id": 1}, True),
        (By("institution-manager", institution=1), Permission.CLASS_APPLY, {"institution_id": 2}, False),
        (By("institution-manager", institution=1), Permission.CLASS_APPLY, {"region_code": "320102"}, False),
        (By("worker"), Permission.CHECK_IN, {}, True),
        (By("system-administrator"), Permission.ACCOUNT_SECURE, {"region_code": "320102"}, False),
        (By("audit-administrator"), Permission.ACCOUNT_MANAGE, {"region_code": "320102"}, False),
    ],
)
def test_permission_and_scope(by, permission, where, allowed):
    if allowed:
        rules.authorise(by, permission, **where)
    else:
        with pytest.raises(Forbidden):
            rules.authorise(by, permission, **where)


def test_administrators_are_apart():
    """N14.1: accounts, their security and the journal are in three hands."""
    three = [Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR]
    granted = [rules.GRANTS[role] for role in three]
    assert not granted[0] & granted[1]
    assert not granted[0] & granted[2]
    assert not granted[1] & granted[2]
    assert all((min(a, b), max(a, b)) in rules.TOXIC_PAIRS for a in three for b in three if a != b)


@pytest.mark.parametrize("role", Role)
def test_no_role_goes_with_its_own_check(role):
    assert (role, role) not in rules.TOXIC_PAIRS
    assert role in rules.GRANTS


@pytest.mark.parametrize(
    ("role", "person", "institution", "codes"),
    [
        ("county-reviewer", True, False, []),
        ("county-reviewer", True, True, ["role-institution"]),
        ("teacher", True, False, ["role-institution"]),
        ("worker", False, False, ["role-person"]),
        ("emperor", True, False, ["unknown-role"]),
    ],
)
def test_what_a_role_belongs_to(role, person, institution, codes):
    found = rules.reasons_against_role(role, has_person=person, has_institution=institution)
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("name", "password", "toxic", "codes"),
    [
        ("zhang-san_1", "long enough", [], []),
        ("张三", "long enough", [], []),
        ("", "long enough", [], ["bad-username"]),
        ("a b", "short", ["auditor"], ["bad-username", "short-password", "toxic-pair"]),
    ],
)
def test_accounts(name, password, toxic, codes):
    assert [one.code for one in rules.reasons_against_account(name, password, toxic)] == codes
