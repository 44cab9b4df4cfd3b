"""Departments that the demo hears from: their lines, their contracts, and signed files that they left to be taken."""

import base64
import csv
import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.timezone import localdate

from rollbook.accounts.models import Account
from rollbook.config.demo.people import Made
from rollbook.exchange import actions, queries
from rollbook.exchange.models import Source
from simulators import department as played

NAMES = {"civil-affairs": "省民政厅", "social-insurance": "省社会保险中心", "education": "省教育厅"}
FIRM = "91350100M000100Y43"  # the example of GB 32100
Row = dict[str, str]


def agree(by: Account, url: str, now: datetime) -> None:
    """Three departments that answer at this address, each with its key and a contract of the catalogue's terms."""
    for code, (feed, _row) in played.DEPARTMENTS.items():
        source = actions.add_source(
            by=by, code=code, name=NAMES[code], public_key=played.public_key(code), url=f"{url}/{code}/ok", now=now
        )
        terms = actions.terms_of(queries.catalogue()[feed])
        actions.set_contract(by=by, source_id=source.pk, feed=feed, from_on=actions.BEGAN, now=now, **terms)


def call_at(url: str, now: datetime) -> None:
    """Where they answer this time."""
    for code in NAMES:
        Source.objects.filter(code=code).update(url=f"{url}/{code}/ok", failures=0, failure="", next_try_at=now)


def leave(roster: Sequence[Made], register: Sequence[Made], starts_on: date, now: datetime) -> None:
    """What they left in the folder of signed files. Of a roster one died before its class, two are pupils, and one who
    is without work is insured by an employer; and civil affairs sent a list far too long, which a person must look at."""
    today = localdate(now)
    dead, *rest = roster
    idle = next((one for one in rest if one.category in ("unemployed", "difficulty")), rest[-1])
    pupils = [one for one in rest if one is not idle][:2]
    working = [one for one in rest if one.category == "employee"]
    months = [starts_on.replace(day=1) - timedelta(1), starts_on]
    _leave("civil-affairs", "2026-1", [_death(dead, starts_on - timedelta(40))], today - timedelta(6))
    _leave("education", "2026-1", [_pupil(one, starts_on) for one in pupils], today - timedelta(20))
    insured = [_month(one, f"{month:%Y-%m}") for one in [idle, *working] for month in months]
    _leave("social-insurance", "2026-1", insured, today - timedelta(9))
    many = register[: max(len(register) // 6, 1)]
    _leave("civil-affairs", "2026-2", [_death(one, today - timedelta(30)) for one in many], today - timedelta(1))


def _death(one: Made, day: date) -> Row:
    return {"身份证号": one.number, "姓名": one.name, "死亡日期": str(day), "来源": "cremation"}


def _pupil(one: Made, starts_on: date) -> Row:
    return {
        "身份证号": one.number, "姓名": one.name, "学校": "省级职业技术学院", "入学日期": f"{starts_on.year - 1}-09-01",
        "毕业年度": str(starts_on.year + 2), "全日制": "yes",
    }  # fmt: skip


def _month(one: Made, month: str) -> Row:
    return {
        "身份证号": one.number, "费款所属期": month, "单位统一社会信用代码": FIRM, "缴费基数（元）": "4879.00",
        "险种": "both",
    }  # fmt: skip


def _leave(code: str, number: str, rows: list[Row], as_of: date) -> None:
    """The file, its manifest and the signature, as docs/adapters/exchange.md has them."""
    folder = Path(settings.DROP_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{code}-{number}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, fieldnames=list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    manifest = json.dumps({
        "source": code, "feed": played.DEPARTMENTS[code][0], "number": number, "as_of": str(as_of), "file": path.name,
        "rows": len(rows), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }).encode()  # fmt: skip
    signature = base64.b64encode(played.key_of(code).sign(manifest)).decode()
    (folder / f"{path.stem}.json.sig").write_text(signature)
    (folder / f"{path.stem}.json").write_bytes(manifest)
