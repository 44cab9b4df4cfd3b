"""Who the people of a county are: identity numbers, names, telephones and cards that nobody has, sealed as the register
seals them. All follow from the number of a person, so that a county can be loaded by itself."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
from django.conf import settings

from rollbook.institutions.rules import LETTERS
from rollbook.persons import rules
from rollbook.persons.actions.notices import masked_account, masked_phone
from rollbook.persons.sealing import digest, seal

SURNAMES, GIVEN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉建文国红春",
)
FIELDS = [
    "person_id",
    "name",
    "sex",
    "birth_on",
    "id_digest",
    "id_masked",
    "phone_masked",
    "phone_digest",
    "bank_masked",
    "bank_digest",
    "category",
    "region_code",
    "verification",
    "number",
]


@dataclass(slots=True)
class Numbers:
    """Identity numbers: of places that are none, the next of the day for each."""

    taken: Counter[str] = field(default_factory=Counter)

    def of(self, home: str, born: date, sex: str) -> str:
        start = f"{home}{born:%Y%m%d}"
        nth = self.taken[start + sex]
        self.taken[start + sex] += 1
        first = f"{start}{nth * 2 + int(sex) % 2:03}"
        return first + rules.check_digit(first)


def place(home_code: str) -> str:
    """A county that is none, for one that is: 320102 is 320192 in numbers of people who do not exist."""
    return f"{home_code[:4]}9{home_code[5]}" if home_code.startswith("32") else f"{home_code[:2]}{home_code[4:]}99"


def name(number: int) -> str:
    rest, surname = divmod(number * 7919, len(SURNAMES))
    rest, first = divmod(rest, len(GIVEN))
    return SURNAMES[surname] + GIVEN[first] + GIVEN[rest % len(GIVEN)]


def phone(word: str | None) -> str:
    """`ph1000000` as a telephone: equal where the simulator's are equal."""
    return f"13{int(word[2:]):09}" if word else ""


def card(word: str | None) -> str:
    """`a1000000` as a card number with its check digit."""
    if not word:
        return ""
    first = f"62{int(word[1:]):013}"
    return next(first + end for end in "0123456789" if rules.luhn(first + end))


def firm(number: int) -> str:
    """A unified social credit code (GB 32100)."""
    first = f"91320000{number:09}"
    total = sum(LETTERS.index(one) * pow(3, n, 31) for n, one in enumerate(first))
    return first + LETTERS[-total % 31]


def people(rows: list[dict[str, Any]], numbers: Numbers) -> tuple[pa.Table, pa.Table]:
    """The persons of a county as columns of the register, and their sealed records."""
    found, boxes = [], []
    for one in rows:
        number = numbers.of(place(one["home_code"]), one["birth_on"], one["sex"])
        told, account = phone(one["phone"]), card(one["account"])
        found.append((
            one["person_id"], name(one["person_id"]), one["sex"], one["birth_on"], digest(number),
            rules.mask(number, settings.ID_MASK), masked_phone(told), digest(told) if told else "",
            masked_account(one["bank"] or "", account), digest(account) if account else "", one["category"] or "",
            one["region_code"], one["verification"], number,
        ))  # fmt: skip
        version, box = seal(
            one["person_id"],
            {"number": number, "phone": told, "bank": one["bank"] or "", "bank_account": account},
        )
        boxes.append((one["person_id"], version, "\\x" + box.hex()))
    columns = list(zip(*found, strict=True))
    sealed = list(zip(*boxes, strict=True))
    return (
        pa.table(dict(zip(FIELDS, map(pa.array, columns), strict=True))),
        pa.table(dict(zip(("person_id", "key_version", "box"), map(pa.array, sealed), strict=True))),
    )
