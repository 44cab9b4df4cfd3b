import csv
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import chinese_calendar
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from pypinyin import Style, lazy_pinyin

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, Refused, reason
from rollbook.regions.models import CalendarDay, Region

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

DATA = Path(__file__).parent / "data"
KINDS = {"区": "District", "县": "County", "市": "City", "省": "Province"}
# Codes that are no more, which identity numbers and old papers still carry, and until when.
ABOLISHED = (
    ("320602", "崇川区", date(2020, 7, 1)),
    ("320611", "港闸区", date(2020, 7, 1)),
    ("320684", "海门市", date(2020, 7, 1)),
    ("320621", "海安县", date(2018, 5, 1)),
)


@transaction.atomic
def load_divisions() -> int:
    """Jiangsu's divisions (GB/T 2260) from our file, and codes that were abolished; once."""
    if Region.objects.exists():
        return 0
    with (DATA / "jiangsu.csv").open(encoding="utf-8") as file:
        rows = [_division(**row) for row in csv.DictReader(file)]
    for code, name, until in ABOLISHED:
        one = _division(code=code, name=name, parent=f"{code[:4]}00")
        one.in_force = DateRange(None, until)
        rows.append(one)
    return len(Region.objects.bulk_create(rows))


def _division(code: str, name: str, parent: str) -> Region:
    stem = name[:-1] if len(name) > 2 else name
    words = "".join(lazy_pinyin(stem)).capitalize()
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return Region(
        code=code,
        name=name,
        name_en=f"{words} {KINDS.get(name[-1], '')}".strip(),
        parent_code=parent,
        pinyin=f"{''.join(lazy_pinyin(name))} {initials}",
        in_force=DateRange(None, None),
    )


@transaction.atomic
def load_calendar() -> int:
    """Holidays and make-up days that the package knows (2004-2026); days we have are kept."""
    chinese = {one.value: one.chinese for one in chinese_calendar.Holiday}
    days = [
        CalendarDay(day=day, is_working=False, name=chinese.get(name, name), document="chinesecalendar")
        for day, name in chinese_calendar.holidays.items()
    ]
    days += [
        CalendarDay(day=day, is_working=True, name=chinese.get(name, name), document="chinesecalendar")
        for day, name in chinese_calendar.workdays.items()
    ]
    return len(CalendarDay.objects.bulk_create(days, ignore_conflicts=True))


@transaction.atomic
def add_day(*, by: "Account", day: date, is_working: bool, name: str, document: str, now: datetime) -> CalendarDay:
    """Enter a day that a notice moved; for the system administrator."""
    if by.role != "system-administrator":
        raise Forbidden("calendar.extend")
    if CalendarDay.objects.filter(day=day).exists():
        raise Refused(reason("day-known", _("{day} is in the calendar already."), day=day))
    if not name.strip() or not document.strip():
        raise Refused(reason("day-document", _("Give the day its name and the notice that moved it.")))
    return CalendarDay.objects.create(day=day, is_working=is_working, name=name, document=f"{document} {now:%F}"[:64])
