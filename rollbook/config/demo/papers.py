"""A roster to import, for whoever tries the demo: people that it does not know yet."""

import random
from datetime import date
from pathlib import Path

from django.conf import settings
from openpyxl import Workbook

from rollbook.classes.files import CATEGORIES, ROSTER
from rollbook.config.demo import people
from rollbook.persons.rules import Category

SIZE = 24
SERIALS = 980_000  # after everybody else's


def roster(rng: random.Random, region_code: str, today: date) -> Path:
    """Write the file and give its place."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([column.header for column in ROSTER])
    for n in range(SIZE):
        one = people.make(rng, region_code, SERIALS + n, today)
        row = {
            "number": one.number, "name": one.name, "category": CATEGORIES[Category(one.category)],
            "phone": one.phone, "bank": one.bank, "account_name": one.name, "bank_account": one.account,
        }  # fmt: skip
        sheet.append([row.get(column.key, "") for column in ROSTER])
    place = Path(settings.MEDIA_ROOT) / "demo" / "roster.xlsx"
    place.parent.mkdir(parents=True, exist_ok=True)
    book.save(place)
    return place
