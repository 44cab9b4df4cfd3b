"""Simulations that were saved, what may be simulated, and a result in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from django.db.models import QuerySet
from django.utils import timezone

from rollbook.accounts.rules import Permission, holds
from rollbook.directory import queries as directory
from rollbook.directory.rules import Level, ListState
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound
from rollbook.persons.rules import Category, Sex
from rollbook.regions.queries import name_of
from rollbook.regions.rules import prefix
from rollbook.subsidies import files
from rollbook.subsidies.models import PolicyVersion, Simulation
from rollbook.subsidies.queries import extract, policies
from rollbook.subsidies.rules import simulation as sim
from rollbook.subsidies.rules.facts import WORDS
from rollbook.subsidies.rules.policy import Source

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def simulations_visible_to(by: "Account") -> QuerySet[Simulation]:
    """Those of the own office and of the offices within its region."""
    found = Simulation.objects.select_related("policy", "other", "made_by").order_by("-pk")
    if by.institution_id is not None or not holds(by, Permission.STATISTICS_READ):
        return found.none()
    return found.filter(office_code__startswith=prefix(by.region_code))


def simulation(by: "Account", simulation_id: int) -> Simulation:
    try:
        return simulations_visible_to(by).get(pk=simulation_id)
    except Simulation.DoesNotExist:
        raise NotFound from None


def to_simulate(by: "Account") -> QuerySet[PolicyVersion]:
    """Published versions that a change may be tried on, the newest of each region and kind first."""
    found = policies.policies_visible_to(by).filter(state=ListState.PUBLISHED)
    return found.order_by("region_code", "subsidy", "-version")


def in_place_of(by: "Account", version: PolicyVersion) -> QuerySet[PolicyVersion]:
    """Other versions, drafts too, that could stand in its place."""
    found = policies.policies_visible_to(by).filter(subsidy=version.subsidy).exclude(pk=version.pk)
    return found.order_by("region_code", "-version")


def worked_out(one: Simulation, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """The result, from the extract; which of its blocks are missing is written first. It only reads claims."""
    wanted = extract.blocks()
    paths = []
    for n, (block, count, filings) in enumerate(wanted):
        path = extract.path_of(block, count, filings)
        if not path.exists():
            extract.put(path, extract.rows_of_block(block), block)
        paths.append(path)
        progress(n + 1, 2 * len(wanted))
    return _over(one, paths, lambda n: progress(len(wanted) + n, 2 * len(wanted)))


def _over(one: Simulation, paths: list[Any], progress: Callable[[int], None]) -> dict[str, Any]:
    scenario, present = sim.Scenario.of(one.scenario), policies.rules_of(one.policy)
    changed = scenario.applied(policies.rules_of(one.other) if one.other else present)
    same = PolicyVersion.objects.filter(region_code=one.policy.region_code, subsidy=one.policy.subsidy)
    low = int(prefix(one.region_code).ljust(6, "0"))
    scope = sim.Scope(
        county_from=low, county_below=low + 10 ** (6 - len(prefix(one.region_code))), since=number(one.since),
        until=number(one.until), policies=tuple(same.values_list("pk", flat=True)),
    )  # fmt: skip
    parts: list[pa.Table] = []
    others = 0
    for n, table in enumerate(extract.read_blocks(paths, extract.refused()), 1):
        mine, untouched = sim.within(table, scope)
        others += untouched
        if mine.num_rows:
            parts.append(sim.decided(mine, present, changed, scenario))
        progress(n)
    return sim.result(parts, others)


def number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a dimension, named."""

    key: Any
    name: str  # an English word to translate where `is_word`
    is_word: bool
    row: dict[str, int]

    @property
    def change_fen(self) -> int:
        return self.row["after_fen"] - self.row["before_fen"]


def named(result: dict[str, Any], dimension: str) -> list[Group]:
    """The rows of a dimension with the names of their keys."""
    rows = result["groups"].get(dimension, [])
    keys = [row["key"] for row in rows]
    names, are_words = _names(dimension, keys)
    return [Group(key, names[key], are_words, row) for key, row in zip(keys, rows, strict=True)]


def _names(dimension: str, keys: list[int]) -> tuple[dict[int, str], bool]:
    match dimension:
        case sim.Dimension.CATEGORY:
            words = {one.value: one.label for one in Category}
            return {key: words.get(WORDS["category"][key], WORDS["category"][key] or "–") for key in keys}, True
        case sim.Dimension.LEVEL:
            return {key: Level(str(key)).label for key in keys}, True
        case sim.Dimension.SEX:
            return {key: Sex(str(key)).label for key in keys}, True
        case sim.Dimension.GRADE:
            return {key: WORDS["grade"][key] or "–" for key in keys}, False
        case sim.Dimension.COUNTY:
            return {key: name_of(str(key)) for key in keys}, False
        case sim.Dimension.AGE:
            return {key: _age(*sim.AGES[key]) for key in keys}, False
        case sim.Dimension.MONTH:
            return {key: f"{key // 100}-{key % 100:02}" for key in keys}, False
        case sim.Dimension.OCCUPATION:
            known = directory.names_of_identities(keys)
            return {key: known.get(key, str(key)) for key in keys}, False
    known = institutions.names_of(keys)
    return {key: known.get(key, str(key)) for key in keys}, False


def _age(low: int, below: int) -> str:
    return f"{low}–{below - 1}" if low and below < 200 else f"< {below}" if not low else f"≥ {low}"


def default_period() -> tuple[date, date]:
    """The year up to today."""
    today = timezone.localdate()
    return today.replace(month=1, day=1), today


def changes_of(one: Simulation) -> list[Message]:
    """What a simulation changes, in sentences."""
    scenario, policy = sim.Scenario.of(one.scenario), policies.rules_of(one.policy)
    found = []
    if one.other:
        found.append(Message(_("In place of it: {other}"), {"other": str(one.other)}))
    if scenario.percent != 100:
        found.append(Message(_("All amounts: {percent} %"), {"percent": scenario.percent}))
    for part, column, text in (
        ("amounts", "amount_fen", _("{row}: {now} yuan instead of {was}")),
        ("factors", "percent", _("{row}: {now} % instead of {was} %")),
        ("caps", "limit", _("{row}: {now} instead of {was}")),
    ):
        rows = getattr(policy, part)
        for n, value in getattr(scenario, part).items():
            words = ", ".join(cell.text for cell in files.table(part, rows).rows[n] if cell.text)
            pair = {"now": value, "was": getattr(rows[n], column)}
            shown = {name: f"{fen / 100:g}" for name, fen in pair.items()} if part == "amounts" else pair
            found.append(Message(text, {"row": words, **shown}))
    if scenario.source:
        found.append(Message(_("Standard from: {source}"), {"source": Source(scenario.source)}))
    if scenario.claim_days != -2:
        found.append(Message(_("Days from the certificate to claim: {days}"), {"days": scenario.claim_days}))
    if scenario.attendance_least >= 0:
        found.append(Message(_("Attendance needed: {least} %"), {"least": scenario.attendance_least}))
    if scenario.from_on:
        text = str(scenario.from_on)
        found.append(Message(_("For claims filed from {day}"), {"day": f"{text[:4]}-{text[4:6]}-{text[6:]}"}))
    return found
