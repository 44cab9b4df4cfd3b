"""Every requirement that the system claims to meet is held by a test that names it (requirements.md)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLAIMED = [
    "N1.1",
    "N1.2",
    "N1.3",
    "N2.1",
    "N2.2",
    "N3.1",
    "N3.3",
    "N3.5",
    "N3.6",
    "N3.7",
    "N4.1",
    "N4.2",
    "N4.3",
    "N4.4",
    "N4.5",
    "N4.6",
    "N5.1",
    "N5.2",
    "N5.3",
    "N6.2",
    "N6.4",
    "N7.2",
    "N7.4",
    "N7.5",
    "N10.1",
    "N11.2",
    "N11.3",
    "N11.4",
    "N12.1",
    "N12.2",
    "N12.3",
    "N13.1",
    "N14.1",
    "N14.2",
    "N16.1",
    "N16.2",
    "N16.3",
    "B1",
    "B5",
    "B3",
    "B6",
    "B7",
    "B8",
]


def named() -> dict[str, set[str]]:
    """Requirement → files of tests that name it; a range "N5.1-N5.3" names each of its ends and between."""
    found: dict[str, set[str]] = {}
    for file in [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("rollbook/*/tests/**/test_*.py")]:
        if file == Path(__file__):
            continue
        text = file.read_text(encoding="utf-8")
        ids = set(re.findall(r"\b(?:N\d+\.\d+|B\d)\b", text))
        for major, first, last in re.findall(r"\bN(\d+)\.(\d+)-N?\1?\.?(\d+)\b", text):
            ids |= {f"N{major}.{n}" for n in range(int(first), int(last) + 1)}
        for one in ids:
            found.setdefault(one, set()).add(file.name)
    return found


@pytest.mark.parametrize("requirement", CLAIMED)
def test_a_claimed_requirement_has_its_test(requirement):
    assert named().get(requirement), f"no test names {requirement}"


def test_no_test_names_a_requirement_that_does_not_exist():
    """The notice has 18 chapters; a wrong number would prove nothing."""
    assert {one for one in named() if one.startswith("N") and not 1 <= int(one[1:].split(".")[0]) <= 18} == set()
