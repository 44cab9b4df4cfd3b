"""What must be in a register before its first county: divisions, calendar, terms, occupations, projects, policies."""

from datetime import date, datetime

import pyarrow as pa
from django.db.backends.postgresql.psycopg_any import DateRange

from rollbook.accounts.models import Account
from rollbook.certificates.models import Series
from rollbook.directory import actions as directory
from rollbook.directory.models import DemandItem, DemandList, Occupation
from rollbook.regions import actions as regions
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.models import PolicyVersion
from simulators.province.bodies import OCCUPATIONS
from simulators.province.outcomes import FEN

PROVINCE = "320000"


def officer(role: str) -> Account:
    return Account.objects.get_or_create(
        username=f"simulated-{role}", defaults={"password": "!", "role": role, "region_code": PROVINCE}
    )[0]


def prepare(lessons: int, now: datetime) -> tuple[pa.Table, dict[str, int]]:
    """Gives the simulator's occupations and levels as projects, and what else its rows must name."""
    by, finance = officer("province-officer"), officer("province-finance")
    regions.load_divisions()
    regions.load_calendar()
    directory.load_directory(drafter=by, finance=finance, now=now)
    subsidies.load_policies(drafter=by, finance=finance, now=now, regions="32")
    policy = PolicyVersion.objects.filter(region_code=PROVINCE, subsidy="training", state="published").latest("version")
    series, _is_new = Series.objects.get_or_create(province_code=PROVINCE, year=2026)
    return _projects(lessons, by, finance, now), {"policy": policy.pk, "series": series.pk}


def _projects(lessons: int, by: Account, finance: Account, now: datetime) -> pa.Table:
    """A list of its own, of a year that is over when the register's own begins: the year of the simulator."""
    made = DemandList.objects.create(
        region_code="320001", version=1, title="模拟目录", document="模拟", state="published", drafted_by=by, agreed_by=finance,
        agreed_at=now, published_at=now, created_at=now, in_force=DateRange(date(2020, 1, 1), None),
    )  # fmt: skip
    occupations = Occupation.objects.bulk_create(
        Occupation(code=code_of(n), name=f"模拟职业{n:02}", identity=n) for n in range(1, OCCUPATIONS + 1)
    )
    hours = lessons * 4
    items = DemandItem.objects.bulk_create(
        DemandItem(
            demand_list=made, training_type="level", occupation=one, level=level, hours=hours, practice_percent=60,
            amount_fen=fen,
        )
        for one in occupations for level, fen in FEN.items()
    )  # fmt: skip
    rows = [(one.occupation.identity, one.level, one.pk, one.occupation_id) for one in items]
    names = ("occupation", "level", "item_id", "occupation_id")
    return pa.table(dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True)))


def code_of(occupation: int) -> str:
    return f"9-99-99-{occupation:02}"
