import pytest

from rollbook.certificates import rules


@pytest.mark.parametrize(
    ("serial", "number"),
    [(1, "P32202600000001"), (99_999_999, "P32202699999999")],
)
def test_a_number_has_its_province_year_serial_and_check_digit(serial, number):
    """N5.3: one series a province and year."""
    made = rules.number_of("320000", 2026, serial)
    assert made[:15] == number
    assert rules.is_possible(made)


def test_a_mistyped_digit_is_found():
    good = rules.number_of("320000", 2026, 4711)
    wrong = [
        good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
        for place in range(1, 16)
        for step in range(1, 10)
    ]
    assert not [one for one in wrong if rules.is_possible(one)]


@pytest.mark.parametrize(
    ("_case", "given", "codes"),
    [
        ("all is well", {}, []),
        ("just enough", {"attended_percent": 80}, []),
        ("one per cent too few", {"attended_percent": 79}, ["attendance"]),
        ("not passed", {"passed": False}, ["not-passed"]),
        ("nothing signed", {"committed": False}, ["no-commitment"]),
        (
            "every reason is told",
            {"passed": False, "attended_percent": 0, "committed": False},
            ["not-passed", "attendance", "no-commitment"],
        ),
    ],
)
def test_reasons_against_a_certificate(_case, given, codes):
    facts = {"passed": True, "attended_percent": 100, "least_percent": 80, "document": "", "committed": True} | given
    assert [one.code for one in rules.reasons_against_certificate(**facts)] == codes
