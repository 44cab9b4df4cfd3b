"""Policies: drafted by the office, agreed by finance of the same level, published, then final (N13.1)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory import queries as directory
from rollbook.directory.rules import LISTS, ListMove, ListState
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import PolicyVersion

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

DATA = Path(__file__).parents[1] / "data" / "policies"


def _note(kind: str, one: PolicyVersion, *, by: "Account", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, subsidy=one.subsidy, version=one.version, **data)


@transaction.atomic
def draft_policy(*, by: "Account", subsidy: str, title: str, document: str, now: datetime) -> PolicyVersion:
    """Begin the next version of the own region's policy: from its last, else from the upper level's."""
    code = by.region_code
    authorise(by, Permission.DEMAND_DRAFT, region_code=code)
    if subsidy not in rules.Subsidy.values() or not title.strip() or not document.strip():
        raise Refused(reason("policy-head", _("Give the kind of subsidy, a title and the document."), "N13.1"))
    latest = queries.policy_versions(code, subsidy).select_for_update().first()
    if latest is not None and latest.state != ListState.PUBLISHED:
        text = _("Version {version} is not published yet; finish it first.")
        raise Refused(reason("draft-open", text, "N13.1", version=latest.version))
    base = latest or queries.policy_above(code, subsidy, localdate(now))
    content = base.content if base else rules.Policy(subsidy=subsidy, document=document).json()
    try:
        with transaction.atomic():
            made = PolicyVersion.objects.create(
                region_code=code,
                subsidy=subsidy,
                version=latest.version + 1 if latest else 1,
                title=title.strip()[:128],
                content=content | {"document": document.strip()},
                based_on=base,
                drafted_by=by,
                created_at=now,
            )
    except IntegrityError:
        raise Refused(reason("draft-open", _("Somebody began this version a moment ago."))) from None
    _note("policy.drafted", made, by=by, at=now, based_on=base and str(base))
    return made


@transaction.atomic
def set_content(*, by: "Account", version_id: int, content: Mapping[str, Any], now: datetime) -> PolicyVersion:
    """Write what a draft says. What is not sound yet may be kept, and is refused on submission;
    what cannot even be read is refused at once."""
    one, _before = _open(by, version_id)
    try:
        policy = rules.Policy.of({**content, "subsidy": one.subsidy})
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(reason("unreadable", _("Not a policy: {error}."), "N13.1", error=str(error))) from error
    return _rewritten(one, policy, by, now, rows=sum(len(getattr(policy, part)) for part in rules.PARTS))


@transaction.atomic
def set_policy_head(
    *,
    by: "Account",
    version_id: int,
    title: str,
    head: Mapping[str, Any],
    limits: Mapping[str, Any],
    now: datetime,
) -> PolicyVersion:
    """Write the title, the single figures and the limits of a draft."""
    one, policy = _open(by, version_id)
    if not title.strip():
        raise Refused(reason("policy-head", _("Give the kind of subsidy, a title and the document."), "N13.1"))
    changed = replace(policy, **head, limits=rules.Limits(**limits))
    figures = rules.figures(policy, changed)
    was = {field.name: before for field, before, _after in figures}
    after = {field.name: value for field, _before, value in figures}
    one.title = title.strip()[:128]
    return _rewritten(one, changed, by, now, part="head", was=_line(was), now=_line(after))


@transaction.atomic
def set_policy_row(
    *, by: "Account", version_id: int, part: str, place: int, row: Mapping[str, Any], seen: str, to: int, now: datetime
) -> PolicyVersion:
    """Write one row of a part of a draft: in place of the one that was seen there, or a new one at the end."""
    one, policy = _open(by, version_id)
    rows = list(getattr(policy, part))
    made = rules.PARTS[part](**row)
    before = _taken(rows, place, seen) if place <= len(rows) else None
    rows.insert(min(to, len(rows) + 1) - 1, made)
    was, after = (_line(asdict(before)) if before else "", _line(asdict(made)))
    return _rewritten(one, policy.having(part, rows), by, now, part=part, row=to, was=was, now=after)


@transaction.atomic
def remove_policy_row(
    *, by: "Account", version_id: int, part: str, place: int, seen: str, now: datetime
) -> PolicyVersion:
    one, policy = _open(by, version_id)
    rows = list(getattr(policy, part))
    if place > len(rows):
        raise Refused(_moved())
    before = _taken(rows, place, seen)
    changed = policy.having(part, rows)
    return _rewritten(one, changed, by, now, part=part, row=place, was=_line(asdict(before)), now="")


def _taken(rows: list[Any], place: int, seen: str) -> Any:
    """Take the row from its place, if it still is the one that the page showed."""
    if rules.mark(rows[place - 1]) != seen:
        raise Refused(_moved())
    return rows.pop(place - 1)


def _moved() -> Message:
    return reason("row-changed", _("Somebody changed this table meanwhile; look at it again."), "N13.1")


def _line(values: Mapping[str, Any]) -> str:
    """The values of a row that say something, for the journal."""
    return ", ".join(f"{name} {value}" for name, value in values.items() if value not in ("", 0, (), False))


def _open(by: "Account", version_id: int) -> tuple[PolicyVersion, rules.Policy]:
    """A draft of the own region, locked, with what it says."""
    one = _own(by, version_id, Permission.DEMAND_DRAFT)
    if one.state != ListState.DRAFT:
        raise Refused(reason("not-draft", _("Only a draft can be changed; draft the next version."), "N13.1"))
    return one, rules.Policy.of(one.content)


def _rewritten(one: PolicyVersion, policy: rules.Policy, by: "Account", at: datetime, **data: Any) -> PolicyVersion:
    one.content = identified(policy).json()
    one.save(update_fields=["content", "title"])
    _note("policy.changed", one, by=by, at=at, **data)
    return one


def identified(policy: rules.Policy) -> rules.Policy:
    """Each row's occupation found in the classification, whatever the edition of its code."""
    known = directory.identities()
    rows = [replace(row, identity=_identity(row, known)) for row in policy.amounts]
    return replace(policy, amounts=tuple(rows))


def _identity(row: rules.Amount, known: Mapping[str, int]) -> int:
    if row.occupation:
        return known.get(row.occupation, known.get(row.name, 0))
    if row.name:
        return known.get(row.name, rules.project_identity(row.name))
    return 0


@transaction.atomic
def submit_policy(*, by: "Account", version_id: int, now: datetime) -> PolicyVersion:
    """Hand a draft to finance of the same level; a draft that contradicts itself stays."""
    one = _own(by, version_id, Permission.DEMAND_DRAFT)
    refuse_if(rules.reasons_against_policy(rules.Policy.of(one.content)))
    return _move(one, ListMove.SUBMIT, "policy.submitted", by, now)


@transaction.atomic
def agree_policy(*, by: "Account", version_id: int, now: datetime) -> PolicyVersion:
    one = _own(by, version_id, Permission.DEMAND_AGREE)
    if one.drafted_by_id == by.pk:
        raise Refused(reason("same-officer", _("Whoever drafted it cannot agree to it."), "N14.1"))
    one.agreed_by, one.agreed_at = by, now
    return _move(one, ListMove.AGREE, "policy.agreed", by, now)


@transaction.atomic
def return_policy(*, by: "Account", version_id: int, why: str, now: datetime) -> PolicyVersion:
    one = _own(by, version_id, Permission.DEMAND_AGREE)
    if not why.strip():
        raise Refused(reason("why", _("Say on what ground."), "N14.1"))
    one.agreed_by = one.agreed_at = None
    return _move(one, ListMove.RETURN, "policy.returned", by, now, why=why)


@transaction.atomic
def publish_policy(*, by: "Account", version_id: int, from_on: date, now: datetime) -> PolicyVersion:
    """Put the agreed version in force from a day; the former version ends the day before."""
    one = _own(by, version_id, Permission.DEMAND_PUBLISH)
    state = LISTS.after(ListState(one.state), ListMove.PUBLISH)
    if from_on < localdate(now):
        text = _("{day} has passed; a version begins today or later.")
        raise Refused(reason("publish-past", text, "N13.1", day=from_on))
    versions = queries.policy_versions(one.region_code, one.subsidy).select_for_update()
    former = versions.filter(in_force__upper_inf=True).first()
    if former is not None:
        if former.in_force.lower >= from_on:
            text = _("The version now in force began on {day}; the new one must begin later.")
            raise Refused(reason("publish-date", text, "N13.1", day=former.in_force.lower))
        former.in_force = DateRange(former.in_force.lower, from_on)
        former.save(update_fields=["in_force"])
    one.state, one.in_force, one.published_at = state, DateRange(from_on, None), now
    one.save(update_fields=["state", "in_force", "published_at"])
    _note("policy.published", one, by=by, at=now, from_on=str(from_on))
    return one


def _own(by: "Account", version_id: int, permission: Permission) -> PolicyVersion:
    """The version, locked, for the office of its own level."""
    one = queries.policy(by, version_id, lock=True)
    authorise(by, permission, region_code=one.region_code)
    if by.region_code != one.region_code:
        raise Refused(reason("other-level", _("This is for the office of the same level."), "N13.1"))
    return one


def _move(one: PolicyVersion, move: ListMove, kind: str, by: "Account", now: datetime, **data: Any) -> PolicyVersion:
    one.state = LISTS.after(ListState(one.state), move)
    one.save(update_fields=["state", "agreed_by", "agreed_at"])
    _note(kind, one, by=by, at=now, **data)
    return one


def shipped() -> list[dict[str, Any]]:
    """The policies of real regions that come with the project, as their files have them."""
    return [one for path in sorted(DATA.glob("*.json")) for one in json.loads(path.read_text("utf-8"))]


@transaction.atomic
def load_policies(*, drafter: "Account", finance: "Account", now: datetime, regions: str = "") -> None:
    """Publish the shipped policies of regions whose code begins so, as they were in force; once."""
    if PolicyVersion.objects.exists():
        return
    for one in shipped():
        if not one["region_code"].startswith(regions):
            continue
        before = queries.policy_versions(one["region_code"], one["content"]["subsidy"]).count()
        policy = identified(rules.Policy.of(one["content"]))
        refuse_if(rules.reasons_against_policy(policy))
        until = date.fromisoformat(one["until"]) if one.get("until") else None
        PolicyVersion.objects.create(
            region_code=one["region_code"],
            subsidy=policy.subsidy,
            version=before + 1,
            title=one["title"],
            content=policy.json(),
            state=ListState.PUBLISHED,
            in_force=DateRange(date.fromisoformat(one["since"]), until),
            drafted_by=drafter,
            agreed_by=finance,
            agreed_at=now,
            published_at=now,
            created_at=now,
        )
