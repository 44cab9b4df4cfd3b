import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate
from pypinyin import Style, lazy_pinyin

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory import files, queries, rules
from rollbook.directory.models import DemandItem, DemandList, Occupation, Term
from rollbook.journal.actions import record
from rollbook.journal.queries import taken_at
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.regions import actions as regions
from rollbook.regions.queries import name_of
from rollbook.web.sheets import Sheet, read, refuse_taken, refuse_wrong

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.regions.models import CalendarDay

ITEMS_IMPORTED = "demand.items-imported"
FIGURES = ("training_type", "level", "hours", "practice_percent", "amount_fen")
WRONG_IN = {
    "level-missing": "等级", "level-unknown": "等级", "item-hours": "学时", "item-practice": "实操比例（%）",
    "item-amount": "补贴标准（元）", "scarce-below": "紧缺补贴标准（元）",
}  # fmt: skip
DATA = Path(__file__).parent / "data"
EDITION = 2022
SINCE = date(2020, 1, 1)


@transaction.atomic
def draft_list(*, by: "Account", document: str, now: datetime) -> DemandList:
    """Begin the next version of the own region's list: from its last, else from the upper level's (N1.2)."""
    code = by.region_code
    authorise(by, Permission.DEMAND_DRAFT, region_code=code)
    latest = queries.versions(code).select_for_update().first()
    if latest is not None and latest.state != rules.ListState.PUBLISHED:
        raise Refused(
            reason("draft-open", _("Version {version} is not published yet; finish it first."), version=latest.version)
        )
    base = latest or queries.list_in_force(code, localdate(now))
    try:
        with transaction.atomic():
            made = DemandList.objects.create(
                region_code=code,
                version=latest.version + 1 if latest else 1,
                title=f"{name_of(code)}职业技能培训需求指导目录",
                document=document.strip(),
                based_on=base,
                drafted_by=by,
                created_at=now,
            )
    except IntegrityError:
        raise Refused(reason("draft-open", _("Somebody began this version a moment ago."))) from None
    if base is not None:
        _copy_items(base, made)
    record("demand.drafted", made, by=by, at=now, region_code=code, based_on=base and str(base))
    return made


def _copy_items(base: DemandList, made: DemandList) -> None:
    items = list(base.items.all())
    for item in items:
        item.pk, item.demand_list = None, made
    DemandItem.objects.bulk_create(items)


@transaction.atomic
def set_item(*, by: "Account", list_id: int, occupation_id: int, now: datetime, **values: Any) -> DemandItem:
    """Add a project to a draft, or change it, within the upper level's limits (N1.1, N1.2)."""
    draft = _draft(by, list_id, Permission.DEMAND_DRAFT)
    key = {"training_type": values.pop("training_type"), "level": values.pop("level")}
    occupation = Occupation.objects.get(pk=occupation_id)
    ours = rules.Project(
        key=(key["training_type"], occupation.code, key["level"]),
        name=occupation.name,
        hours=values["hours"],
        practice_percent=values["practice_percent"],
        amount_fen=values["amount_fen"],
        scarce_amount_fen=values.get("scarce_amount_fen"),
    )
    terms = queries.terms_for(draft.region_code, localdate(now))
    upper = queries.upper_projects(draft.region_code, localdate(now)).get(ours.key)
    refuse_if(rules.reasons_against_project(ours, upper, terms[rules.TermKey.FLOAT_PERCENT]))
    item, _new = DemandItem.objects.update_or_create(demand_list=draft, occupation=occupation, **key, defaults=values)
    record("demand.item-set", draft, by=by, at=now, region_code=draft.region_code, item=str(item), **values)
    return item


def preview_items(*, by: "Account", list_id: int, content: bytes, today: date) -> Sheet:
    """Read a file of projects for a draft; every wrong cell is marked, and nothing is written (N1.1, N1.2)."""
    draft = queries.get(by, list_id)
    authorise(by, Permission.DEMAND_DRAFT, region_code=draft.region_code)
    sheet = read(content, files.PROJECTS, max_rows=5000)
    refuse_taken(taken_at(draft, ITEMS_IMPORTED, sheet.digest))
    coded = queries.occupations_coded({row["code"] for row in sheet.rows if row["code"]})
    upper = queries.upper_projects(draft.region_code, today)
    float_percent = queries.terms_for(draft.region_code, today)[rules.TermKey.FLOAT_PERCENT]
    seen: dict[tuple[str, int, str], int] = {}
    for row in sheet.rows:
        one = row["occupation_row"] = queries.meant(coded.get(row["code"], ()), row["occupation"])
        if row["code"] and one is None:
            text = _("The classification of 2022 has no occupation “{given} {name}”.")
            sheet.mark(row["row"], "职业编码", reason("no-occupation", text, given=row["code"], name=row["occupation"]))
        if one is None or any(row[name] == "" for name in FIGURES):
            continue
        key = (row["training_type"], one.pk, row["level"])
        if key in seen:
            sheet.mark(
                row["row"], "职业编码", reason("twice", _("The same project stands in row {row}."), row=seen[key])
            )
        seen.setdefault(key, row["row"])
        ours = rules.Project(
            key=(row["training_type"], one.code, row["level"]), name=one.name, hours=row["hours"],
            practice_percent=row["practice_percent"], amount_fen=row["amount_fen"],
            scarce_amount_fen=None if row["scarce_amount_fen"] == "" else row["scarce_amount_fen"],
        )  # fmt: skip
        for wrong in rules.reasons_against_project(ours, upper.get(ours.key), float_percent):
            sheet.mark(row["row"], WRONG_IN.get(wrong.code, "类型"), wrong)
    return sheet


@transaction.atomic
def import_items(*, by: "Account", list_id: int, content: bytes, now: datetime) -> int:
    """Add the projects of a file without a wrong cell to a draft; what the draft has of them is replaced."""
    draft = _draft(by, list_id, Permission.DEMAND_DRAFT)
    sheet = preview_items(by=by, list_id=list_id, content=content, today=localdate(now))
    refuse_wrong(sheet)
    made = [
        DemandItem(
            demand_list=draft, training_type=row["training_type"], occupation=row["occupation_row"], level=row["level"],
            hours=row["hours"], hours_basis=row["hours_basis"], practice_percent=row["practice_percent"],
            amount_fen=row["amount_fen"], urgency=row["urgency"] or rules.Urgency.ORDINARY,
            scarce_amount_fen=None if row["scarce_amount_fen"] == "" else row["scarce_amount_fen"],
            priority_sector=row["priority_sector"], labour_brand=row["labour_brand"],
        )
        for row in sheet.rows
    ]  # fmt: skip
    changed = ("hours", "hours_basis", "practice_percent", "amount_fen", "scarce_amount_fen", "urgency")
    DemandItem.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["demand_list", "training_type", "occupation", "level"],
        update_fields=[*changed, "priority_sector", "labour_brand"],
    )  # fmt: skip
    record(ITEMS_IMPORTED, draft, by=by, at=now, region_code=draft.region_code, rows=len(made), file=sheet.digest)
    return len(made)


@transaction.atomic
def remove_item(*, by: "Account", list_id: int, item_id: int, now: datetime) -> None:
    draft = _draft(by, list_id, Permission.DEMAND_DRAFT)
    item = draft.items.filter(pk=item_id).first()
    if item is not None:
        record("demand.item-removed", draft, by=by, at=now, region_code=draft.region_code, item=str(item))
        item.delete()


def _draft(by: "Account", list_id: int, permission: Permission) -> DemandList:
    one = queries.get(by, list_id, lock=True)
    authorise(by, permission, region_code=one.region_code)
    if one.state != rules.ListState.DRAFT:
        raise Refused(reason("not-a-draft", _("This version is no longer a draft; return it first."), "N1.1"))
    return one


@transaction.atomic
def submit_list(*, by: "Account", list_id: int, now: datetime) -> DemandList:
    draft = _draft(by, list_id, Permission.DEMAND_DRAFT)
    if not draft.items.exists():
        raise Refused(reason("empty-list", _("The list has no projects yet.")))
    return _move(draft, rules.ListMove.SUBMIT, "demand.submitted", by, now)


@transaction.atomic
def agree_list(*, by: "Account", list_id: int, now: datetime) -> DemandList:
    """Finance of the same level agrees; never who drafted it (N1.1)."""
    one = queries.get(by, list_id, lock=True)
    _same_level(by, one, Permission.DEMAND_AGREE)
    one.agreed_by, one.agreed_at = by, now
    return _move(one, rules.ListMove.AGREE, "demand.agreed", by, now)


@transaction.atomic
def return_list(*, by: "Account", list_id: int, why: str, now: datetime) -> DemandList:
    one = queries.get(by, list_id, lock=True)
    _same_level(by, one, Permission.DEMAND_AGREE)
    if not why.strip():
        raise Refused(reason("why", _("Say what is to be changed.")))
    one.agreed_by = one.agreed_at = None
    return _move(one, rules.ListMove.RETURN, "demand.returned", by, now, why=why)


@transaction.atomic
def publish_list(*, by: "Account", list_id: int, from_on: date, now: datetime) -> DemandList:
    """Put the agreed version in force from a day; the former version ends the day before (N1.3)."""
    one = queries.get(by, list_id, lock=True)
    _same_level(by, one, Permission.DEMAND_PUBLISH)
    state = rules.LISTS.after(rules.ListState(one.state), rules.ListMove.PUBLISH)
    if from_on < localdate(now):
        raise Refused(reason("publish-past", _("{day} has passed; a version begins today or later."), day=from_on))
    former = queries.versions(one.region_code).select_for_update().filter(in_force__upper_inf=True).first()
    if former is not None:
        if former.in_force.lower >= from_on:
            text = _("The version now in force began on {day}; the new one must begin later.")
            raise Refused(reason("publish-date", text, day=former.in_force.lower))
        former.in_force = DateRange(former.in_force.lower, from_on)
        former.save(update_fields=["in_force"])
    one.state, one.in_force, one.published_at = state, DateRange(from_on, None), now
    one.save(update_fields=["state", "in_force", "published_at"])
    record("demand.published", one, by=by, at=now, region_code=one.region_code, from_on=str(from_on))
    return one


def _same_level(by: "Account", one: DemandList, permission: Permission) -> None:
    authorise(by, permission, region_code=one.region_code)
    if by.region_code != one.region_code:
        raise Refused(reason("other-level", _("This is for the office of the same level."), "N1.1"))


def _move(one: DemandList, move: rules.ListMove, kind: str, by: "Account", now: datetime, **data: Any) -> DemandList:
    one.state = rules.LISTS.after(rules.ListState(one.state), move)
    one.save(update_fields=["state", "agreed_by", "agreed_at"])
    record(kind, one, by=by, at=now, region_code=one.region_code, **data)
    return one


@transaction.atomic
def set_term(*, by: "Account", key: str, value: int, from_on: date, document: str, now: datetime) -> Term:
    """Set a number for the own region from a day on; what was in force before stays on record."""
    code = by.region_code
    authorise(by, Permission.TERMS_SET, region_code=code)
    rules.TermKey(key)
    if not document.strip():
        raise Refused(reason("term-document", _("Name the document that sets this."), "N13.1"))
    if from_on < localdate(now):
        raise Refused(
            reason("term-past", _("{day} has passed; a number changes today or later."), "N13.1", day=from_on)
        )
    former = Term.objects.select_for_update().filter(region_code=code, key=key, in_force__upper_inf=True).first()
    if former is not None:
        if former.in_force.lower >= from_on:
            text = _("The number now in force began on {day}; the new one must begin later.")
            raise Refused(reason("term-date", text, day=former.in_force.lower))
        former.in_force = DateRange(former.in_force.lower, from_on)
        former.save(update_fields=["in_force"])
    term = Term.objects.create(
        region_code=code, key=key, value=value, document=document.strip(), in_force=DateRange(from_on, None)
    )
    record("term.set", term, by=by, at=now, region_code=code, key=key, value=value, was=former and former.value)
    return term


@transaction.atomic
def extend_calendar(
    *, by: "Account", day: date, is_working: bool, name: str, document: str, now: datetime, until: date | None = None
) -> list["CalendarDay"]:
    """Enter a day that a notice of the State Council moved, or a holiday with all its days; every limit in working
    days counts with them."""
    authorise(by, Permission.CALENDAR_EXTEND, region_code=by.region_code)
    last = until or day
    refuse_if(rules.reasons_against_days(day, last))
    days = [day + timedelta(n) for n in range((last - day).days + 1)]
    made = [regions.add_day(one, is_working=is_working, name=name, document=document) for one in days]
    record(
        "calendar.extended", made[0], by=by, at=now, region_code=by.region_code, is_working=is_working,
        document=document, days=len(made),
    )  # fmt: skip
    return made


# What every province begins with


@transaction.atomic
def load_directory(*, drafter: "Account", finance: "Account", now: datetime) -> None:
    """The classification of 2022, the default terms, and the lists of Jiangsu and Wuxi; once. A later release may
    know more terms: those that the province has none of are added each time."""
    known = set(Term.objects.filter(region_code="320000").values_list("key", flat=True))
    Term.objects.bulk_create(
        Term(
            region_code="320000",
            key=row["key"],
            value=int(row["value"]),
            document=row["document"],
            in_force=DateRange(SINCE, None),
        )
        for row in _rows("terms.csv")
        if row["key"] not in known
    )
    if Occupation.objects.exists():
        return
    Occupation.objects.bulk_create(_occupations())
    Term.objects.create(
        region_code="320500", key=rules.TermKey.SECOND_REVIEW, value=1, document="系统默认，非法定",
        in_force=DateRange(SINCE, None),
    )  # fmt: skip
    for code, title in (("320000", "江苏省"), ("320200", "无锡市")):
        made = DemandList.objects.create(
            region_code=code,
            version=1,
            title=f"{title}职业技能培训需求指导目录",
            document="苏人社 2023 补贴标准",
            state=rules.ListState.PUBLISHED,
            in_force=DateRange(date(2024, 1, 1), None),
            drafted_by=drafter,
            agreed_by=finance,
            agreed_at=now,
            published_at=now,
            created_at=now,
        )
        DemandItem.objects.bulk_create(_projects(made, scarce_column=code == "320200"))


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _occupations() -> Iterator[Occupation]:
    seen = set()
    for row in _rows("occupations-2022.csv"):
        row["name"] = row["name"].rstrip("LS")  # printed marks: green, digital
        if not row["definition"] or (row["code"], row["name"]) in seen:
            continue  # a group has no definition; a small class of one occupation has one
        seen.add((row["code"], row["name"]))
        yield _occupation(row, EDITION, row["code"])
    for row in _rows("identities.csv"):
        yield _occupation(row, int(row["edition"]), row["code_2022"])


def _occupation(row: Mapping[str, str], edition: int, code_2022: str) -> Occupation:
    name = row["name"]
    return Occupation(
        code=row["code"],
        edition=edition,
        name=name,
        pinyin=" ".join(("".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))))[:256],
        definition=row.get("definition", ""),
        identity=int(code_2022.replace("-", "")),
    )


def _projects(made: DemandList, *, scarce_column: bool) -> Iterator[DemandItem]:
    standards = {(row["grade"], row["level"]): row for row in _rows("standards.csv")}
    by_code = {one.code: one for one in Occupation.objects.filter(edition=EDITION)}
    for row in _rows("projects.csv"):
        for level in row["levels"]:
            standard = standards[row["grade"], level]
            scarce = standard["scarce_yuan"] if scarce_column else ""
            yield DemandItem(
                demand_list=made,
                training_type=rules.TrainingType.LEVEL,
                occupation=by_code[row["code"]],
                level=level,
                grade=row["grade"],
                hours=40 if level == rules.Level.JUNIOR else 56,
                hours_basis="苏人社 2023：初级不少于 40 学时，中级以上不少于 56 学时",
                practice_percent=60,
                amount_fen=int(standard["amount_yuan"]) * 100,
                urgency=rules.Urgency.SCARCE if row["scarce"] == "1" else rules.Urgency.ORDINARY,
                scarce_amount_fen=int(scarce) * 100 if scarce and row["scarce"] == "1" else None,
            )
