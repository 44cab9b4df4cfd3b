"""What other departments say of the people of a simulated province: files, taken in by the action that takes in theirs."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from rollbook.accounts.models import Account
from rollbook.exchange import actions, queries
from rollbook.exchange.models import Batch
from rollbook.exchange.rules import Way

WHO = "p.number AS identity, p.name AS name"
OF = "JOIN people p USING (person_id)"
# By feed: the fields of its contract as texts. A pension, payroll or list of the simulator says less than a contract asks.
FEEDS = {
    "deaths": f"SELECT {WHO}, died_on::text AS died_on, 'cremation' AS ground FROM deaths {OF}",
    "detention": f"SELECT {WHO}, from_on::text AS from_on, until_on::text AS until_on FROM detentions {OF}",
    "border": f"SELECT {WHO}, from_on::text AS left_on, until_on::text AS returned_on FROM travels {OF}",
    "hospital-stays": f"SELECT {WHO}, from_on::text AS admitted_on, until_on::text AS left_on FROM stays {OF}",
    "pensions": f"""SELECT {WHO}, 'employee' AS kind, strftime(from_on, '%Y-%m') AS from_month, strftime(until_on, '%Y-%m') AS until_month
        FROM pensions t {OF}""",
    "schooling": f"""SELECT {WHO}, '模拟学院' AS school, from_on::text AS entered_on, until_on::text AS left_on,
        year(graduates_on)::text AS graduates_in, 'yes' AS full_time FROM school_rolls {OF}""",
    "payroll": f"""SELECT {WHO}, '模拟单位' AS unit, strftime(from_on, '%Y-%m') AS from_month, strftime(until_on, '%Y-%m') AS until_month
        FROM payrolls {OF}""",
    "low-income": f"""SELECT {WHO}, 'minimum-living' AS kind, strftime(from_on, '%Y-%m') AS from_month, NULL AS until_month
        FROM lists t {OF} WHERE t.kind = 'difficulty'""",
    "monitored": f"""SELECT {WHO}, 'unstable' AS kind, strftime(from_on, '%Y-%m') AS from_month, NULL AS until_month
        FROM lists t {OF} WHERE t.kind = 'monitored'""",
    "unemployed": f"""SELECT {WHO}, from_on::text AS from_on, until_on::text AS until_on FROM lists t {OF}
        WHERE t.kind = 'unemployed'""",
    "company-people": f"""SELECT {WHO}, f.code AS firm, role, least(share, 100)::decimal(5, 2)::text AS share, from_on::text AS from_on, until_on::text AS until_on
        FROM positions t {OF} JOIN firms f ON f.company = t.company""",
    "other-payments": f"""SELECT {WHO}, 'R' || row_number() OVER () || '-{{first}}' AS reference, fund, nullif('9-99-99-' || lpad(occupation::text, 2, '0'), '9-99-99-00') AS occupation,
        level, t.number AS certificate, (amount_fen // 100)::text AS amount, paid_on::text AS paid_on FROM other_subsidies t {OF}""",
    "insurance-months": f"""SELECT p.number AS identity, strftime(month, '%Y-%m') AS month, f.code AS employer, '5000' AS base, 'both' AS kind
        FROM insured_months t {OF} JOIN firms f ON f.company = t.company""",
}


def write(lake: Any, folder: Path, first: int) -> None:
    """The files of one county."""
    for feed, query in FEEDS.items():
        (folder / feed).mkdir(exist_ok=True)
        lake.execute(f"COPY ({query.format(first=first)}) TO '{folder / feed / str(first)}.parquet' (COMPRESSION zstd)")


def deliver(lake: Any, folder: Path, by: Account, now: datetime) -> list[Batch]:
    """One batch of each feed, from a department of its own. All its rows are of the register: that would stop a real one."""
    taken = []
    for feed in FEEDS:
        path = folder / f"{feed}.parquet"
        lake.execute(f"COPY (FROM '{folder / feed}/*.parquet') TO '{path}' (COMPRESSION zstd)")
        if not lake.execute(f"SELECT count(*) FROM '{path}'").fetchall()[0][0]:
            continue
        row = queries.catalogue()[feed]
        source = actions.add_source(
            by=by, code=f"simulated-{feed}", name=row["department"], public_key="", url="", now=now
        )
        terms = actions.terms_of(row) | {"matched_percent": 100}
        actions.set_contract(by=by, source_id=source.pk, feed=feed, from_on=actions.BEGAN, now=now, **terms)
        taken.append(actions.receive(
            source=source, feed=feed, number="1", as_of=date(2026, 12, 31), path=path, name=path.name, way=Way.PUSH, now=now,
        ))  # fmt: skip
    return taken
