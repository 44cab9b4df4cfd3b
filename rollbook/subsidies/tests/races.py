"""Many who claim for one person at once: in several counties, at several levels, by several codes, from two funds."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from random import Random

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, OccupationFactory
from rollbook.funds import actions as funds
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions, rules
from rollbook.subsidies.models import Claim, PolicyVersion
from rollbook.subsidies.tests import factories as f

EDITIONS = [(2022, "6-18-02-04"), (1999, "6-04-02-05"), (2015, "6-18-02-04")]  # one occupation, three codes
IDENTITY = 6180204
REGIONS = ["320102", "320104", "320583"]
CLASS_SIZE = 25


def upgrade_policy() -> PolicyVersion:
    """The unemployment fund's skill-upgrade subsidy as a region without the condition of insured months has it."""
    policy = rules.Policy(
        subsidy="upgrade", document="文件", selector="start", fund="unemployment",
        amounts=tuple(rules.Amount(kind="upgrade", level=n, amount_fen=fen) for n, fen in ((5, 100_000), (4, 150_000), (3, 200_000))),
    )  # fmt: skip
    drafter, finance = f.account("province-officer", region_code="320000"), f.account("province-finance")
    last = PolicyVersion.objects.filter(region_code="320000", subsidy="upgrade").count()
    return PolicyVersion.objects.create(
        region_code="320000", subsidy="upgrade", version=last + 1, title="技能提升补贴", content=policy.json(),
        state="published", in_force=DateRange(date(2025, 1, 1), None), drafted_by=drafter, agreed_by=finance,
        agreed_at=f.NOW, published_at=f.NOW, created_at=f.NOW,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to claim for the person of a round."""

    manager_id: int
    enrolment_id: int
    subsidy: str
    level: str
    label: str


@dataclass(slots=True)
class Round:
    person_id: int
    attempts: list[Attempt] = field(default_factory=list)


def prepare(rounds: int, *, seed: int = 7, budget_fen: int = 10**12) -> list[Round]:
    """In even rounds all claim at one level, in odd ones at three; regions, codes and funds differ in all."""
    f.load_policies()
    upgrade_policy()
    dice = Random(seed)  # noqa: S311 the same each time
    listed = DemandListFactory()
    items = {
        (edition, level): DemandItemFactory(
            demand_list=listed, level=level,
            occupation=OccupationFactory(edition=edition, code=code, identity=IDENTITY, name=f"焊工{edition}"),
        )
        for edition, code in EDITIONS
        for level in "543"
    }  # fmt: skip
    managers: dict[int, int] = {}
    for region in REGIONS:
        for fund in ("employment", "unemployment"):
            officer = f.account("county-finance", region_code=region)
            funds.set_budget(
                by=officer, region_code=region, fund=fund, year=2026, amount_fen=budget_fen, document="文", now=f.NOW
            )
    people = [f.payee(100_000 + n) for n in range(rounds)]
    made = {one.pk: Round(one.pk) for one in people}
    for kind in (0, 1):
        some = people[kind::2]
        for start in range(0, len(some), CLASS_SIZE):
            for n in range(6):
                level = "4" if kind == 0 else "543"[n % 3]
                (edition, _code), region = EDITIONS[n % 3], REGIONS[(n + start) % 3]
                klass = f.assessed_class(
                    persons=some[start : start + CLASS_SIZE], institution__region_code=region, budget_fen=0,
                    item=items[edition, level],
                )  # fmt: skip
                manager = managers.setdefault(klass.institution_id, f.manager_of(klass).pk)
                for one in klass.enrolments.all():
                    for subsidy in ("training", "upgrade"):
                        label = f"{region} {edition} {level} {subsidy}"
                        made[one.person_id].attempts.append(Attempt(manager, one.pk, subsidy, level, label))
    for one in made.values():
        dice.shuffle(one.attempts)
    return list(made.values())


def attempt(one: Attempt) -> str:
    from rollbook.accounts.models import Account

    try:
        actions.file_claim(
            by=Account.objects.get(pk=one.manager_id), enrolment_id=one.enrolment_id, now=f.NOW, subsidy=one.subsidy
        )
    except Refused as refusal:
        return refusal.reasons[0].code
    return "filed"


def run(rounds: list[Round], workers: int, together: object = None, offset: int = 0, step: int = 1) -> Counter[str]:
    """Each round at once: worker n makes the attempt n (again from the start where there are fewer)."""
    barrier = together or threading.Barrier(workers)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def work(n: int) -> None:
        try:
            for one in rounds:
                barrier.wait()  # type: ignore[attr-defined]
                outcome = attempt(one.attempts[(n * step + offset) % len(one.attempts)])
                with lock:
                    outcomes[outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[n]) for n in range(workers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return outcomes


def broken(rounds: list[Round]) -> list[str]:
    """Rounds in which not exactly one won at a level, or a level was won after a higher one."""
    found = []
    for one in rounds:
        won = list(Claim.objects.filter(person_id=one.person_id).order_by("pk").values_list("level", flat=True))
        levels = {attempt.level for attempt in one.attempts}
        if not won or (len(levels) == 1 and len(won) != 1) or won != sorted(set(won), reverse=True):
            found.append(f"person {one.person_id}: {won} of {sorted(levels)}")
    return found


__all__ = ["Attempt", "Round", "attempt", "broken", "prepare", "run", "upgrade_policy"]
