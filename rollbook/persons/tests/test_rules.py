"""Identity numbers, names, accounts: tables of cases (N3.1, N3.2, N3.7)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.persons import rules

TODAY = date(2026, 11, 24)


def valid(first17):
    return first17 + rules.check_digit(first17)


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("11010519491231002X", []),  # the example of GB 11643
        ("440524188001010014", ["id-birth"]),  # the other example: born 1880, valid in form
        (" 11010519491231002x ", []),
        ("１１０１０５１９４９１２３１００２Ｘ", []),
        ("110105 19491231 002x", []),
        ("110105194912310021", ["id-check-digit"]),
        ("110105491231002", ["id-old-form"]),
        ("1101054912310O2", ["id-form"]),
        ("", ["id-form"]),
        ("1101051949123100", ["id-form"]),
        ("11010519491231002X1", ["id-form"]),
        ("1101051949123100AX", ["id-form"]),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", ["id-form"]),  # digits of another script
        ("11010519491231002" + "é", ["id-form"]),
        (valid("11010520260230001"), ["id-birth"]),
        (valid("11010520270101001"), ["id-birth"]),
        (valid("32010220261124001"), []),
        (valid("32010220261125001"), ["id-birth"]),
        (valid("81000019900101001"), []),
        (valid("82000019900101001"), []),
        (valid("83000019900101001"), []),
        (valid("91115619900101001"), []),
        (valid("10010519900101001"), ["id-region"]),
        (valid("71010519900101001"), ["id-region"]),
        (valid("32029919900101001"), []),  # a county code that is in no present list
        ("100105202602300019", ["id-region", "id-birth", "id-check-digit"]),
    ],
)
def test_numbers(number, codes):
    """N3.1: all reasons at once, each with a code."""
    found = [one.code for one in rules.reasons_against_number(number, TODAY)]
    assert found == codes


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_is_always_found(born, serial, place, shift):
    """GB 11643: the check digit finds every single slip."""
    number = valid(f"320102{born:%Y%m%d}{serial:03}")
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert list(rules.reasons_against_number(wrong, TODAY)) != []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("11010519491231002X", "citizen"),
        ("810000199001010012", "hk-macao-taiwan"),
        ("820000199001010012", "hk-macao-taiwan"),
        ("830000199001010012", "hk-macao-taiwan"),
        ("911156199001010012", "foreign-permanent"),
    ],
)
def test_kinds_of_card(number, kind):
    assert rules.kind_of(number) == kind


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("王小明", "王小明", True),
        ("王小明", "王 小明", True),
        ("阿卜杜拉·买买提", "阿卜杜拉•买买提", True),
        ("阿卜杜拉·买买提", "阿卜杜拉．买买提", True),
        ("阿卜杜拉·买买提", "阿卜杜拉・买买提", True),
        ("𬘬𠮷", "𬘬𠮷", True),
        ("𠮷", "吉", False),
        ("王小明", "王晓明", False),
        ("John Smith", "JOHN SMITH", True),
    ],
)
def test_names(one, other, same):
    """N3.7: rare characters are kept; the middle dot has many shapes."""
    assert rules.same_name(one, other) is same


@pytest.mark.parametrize(
    ("account", "codes"),
    [
        ("6222021234567890128", []),
        ("6222 0212 3456 7890 128", []),
        ("6222021234567890129", ["account-check-digit"]),
        ("123456789012", []),
        ("12345678901", ["account-form"]),
        ("62220212345678901A", ["account-form"]),
        ("", ["account-form"]),
    ],
)
def test_accounts(account, codes):
    """ISO/IEC 7812-1."""
    assert [one.code for one in rules.reasons_against_account(account)] == codes


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 11, 24), TODAY, 18),
        (date(2008, 11, 25), TODAY, 17),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age(born, day, age):
    assert rules.age_on(born, day) == age


def test_masks():
    """N3.2, domain 7.3."""
    assert rules.mask("11010519491231002X") == "110105**********2X"
