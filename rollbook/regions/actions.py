import csv
from datetime import date
from pathlib import Path

import chinese_calendar
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from pypinyin import Style, lazy_pinyin

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.regions.models import CalendarDay, Region

DATA = Path(__file__).parent / "data"
KINDS = {"区": "District", "县": "County", "市": "City", "省": "Province"}
# Official spellings that a reading of the characters one by one does not give.
ENGLISH = {"320116": "Luhe", "320800": "Huai'an", "320803": "Huai'an", "320685": "Hai'an", "320903": "Yandu"}


@transaction.atomic
def load_divisions() -> int:
    """Jiangsu's divisions (GB/T 2260) from our file, and codes that were abolished; once."""
    if Region.objects.exists():
        return 0
    with (DATA / "jiangsu.csv").open(encoding="utf-8") as file:
        rows = [_division(**row) for row in csv.DictReader(file)]
    with (DATA / "abolished.csv").open(encoding="utf-8") as file:
        rows += [_abolished(**row) for row in csv.DictReader(file)]
    return len(Region.objects.bulk_create(rows))


def _division(code: str, name: str, parent: str) -> Region:
    words = ENGLISH.get(code) or "".join(lazy_pinyin(name[:-1])).capitalize()
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return Region(
        code=code,
        name=name,
        name_en=f"{words} {KINDS.get(name[-1], '')}".strip(),
        parent_code=parent,
        pinyin=f"{''.join(lazy_pinyin(name))} {initials}",
        in_force=DateRange(None, None),
    )


def _abolished(code: str, name: str, parent: str, last_year: str, successor: str) -> Region:
    """A code that is no more, in force to the end of its last year; identity numbers and papers still carry it."""
    one = _division(code, name, parent)
    one.in_force, one.successor_code = DateRange(None, date(int(last_year) + 1, 1, 1)), successor
    return one


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


def add_day(day: date, *, is_working: bool, name: str, document: str) -> CalendarDay:
    """A day that a notice moved. Who may, and that it is journalled, is for `directory.actions.extend_calendar`."""
    if CalendarDay.objects.filter(day=day).exists():
        raise Refused(reason("day-known", _("{day} is in the calendar already."), day=day))
    if not name.strip() or not document.strip():
        raise Refused(reason("day-document", _("Give the day its name and the notice that moved it.")))
    return CalendarDay.objects.create(day=day, is_working=is_working, name=name.strip(), document=document.strip()[:64])
