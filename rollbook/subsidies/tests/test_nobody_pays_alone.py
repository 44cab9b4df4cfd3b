"""Every reachable state of a claim, its batch and those who act: no path leads to "paid" with fewer than four officials of
two organisations, one of them finance; none to money given up with fewer than three (quality plan, N14.1, N6.4); and a hole
that is made on purpose is found."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from rollbook.accounts.models import Account
from rollbook.classes.models import TrainingClass
from rollbook.funds import actions as funds
from rollbook.funds import queries as ledger
from rollbook.funds import rules as fund_rules
from rollbook.funds.models import Netting, PaymentBatch, PaymentLine, Plan, Recovery, Resolution, Signature, WriteOff
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim, Publicity
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import TODAY, ordered, paying
from rollbook.subsidies.tests.test_apprentices import OTHER, apprentices, filed
from rollbook.subsidies.tests.test_apprentices import account as enterprise_account
from rollbook.subsidies.tests.test_apprentices import policy as apprentice_policy
from rollbook.subsidies.tests.test_payments import answer

pytestmark = pytest.mark.django_db
FINANCE = {"county-finance", "county-finance-releaser", "city-finance"}


class Done(Exception):
    """A path was found."""


def deeds(by: Account) -> Iterator[tuple[str, Callable[[], object]]]:
    """Whatever this account could try now."""
    now, claim = f.LATER, Claim.objects.get()
    for move in ("pass-first", "pass-second", "return"):
        yield move, lambda move=move: actions.review_claim(by=by, claim_id=claim.pk, move=move, why="x", now=now)
    yield "publish", lambda: actions.publish_claims(by=by, now=f.NOW)
    yield "batch", lambda: actions.make_batch(by=by, claim_ids=[claim.pk], now=now)
    for batch in PaymentBatch.objects.exclude(state="cancelled"):
        key = {"by": by, "batch_id": batch.pk, "now": now}
        yield "check", lambda key=key: funds.check_batch(**key)
        yield "confirm", lambda key=key: funds.confirm_batch(**key)
        yield "cosign", lambda key=key: funds.cosign_batch(**key)
        yield "release", lambda key=key: funds.release_batch(**key)
        yield "send back", lambda key=key: funds.return_batch(why="x", **key)
        forged = answer(batch, ["PAID"])
        yield "forge a return", lambda key=key, forged=forged: funds.upload_return(content=forged, **key)
        for line in batch.lines.filter(state="sent"):
            yield (
                "say it was paid",
                lambda line=line: funds.ask_resolution(by=by, line_id=line.pk, outcome="paid", evidence="x", now=now),
            )
    for one in Resolution.objects.filter(state="asked"):
        yield (
            "agree it was paid",
            lambda one=one: funds.decide_resolution(by=by, resolution_id=one.pk, granted=True, finding="", now=now),
        )


def clock() -> None:
    """What happens by itself: publicity ends, the bank takes a released batch."""
    for notice in Publicity.objects.filter(finished_at=None):
        actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    for batch in PaymentBatch.objects.filter(state="released"):
        PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.NOW, tried_at=f.NOW)


def where() -> tuple[object, ...]:
    claim = Claim.objects.get()
    hands = Signature.objects.filter(voided_at=None).order_by("pk").values_list("step", "by_id")
    return (
        claim.state, claim.first_by_id,
        tuple(PaymentBatch.objects.order_by("pk").values_list("state", "made_by_id", "checked_by_id")),
        tuple(PaymentLine.objects.order_by("pk").values_list("state", flat=True)),
        tuple(Resolution.objects.order_by("pk").values_list("state", "asked_by_id")),
        tuple(hands),
    )  # fmt: skip


def too_few(people: frozenset[tuple[int, str]]) -> bool:
    return len(people) < 4 or {office for _who, office in people} != {"office", "finance"}


def is_paid() -> bool:
    return PaymentLine.objects.filter(state="paid", subject=queries.subject_of(Claim.objects.get())).exists()


def walk(
    accounts: list[Account], *, bad: Callable[[frozenset[tuple[int, str]]], bool],
    tried: Callable[[Account], Iterator[tuple[str, Callable[[], object]]]] = deeds,
    at: Callable[[], tuple[object, ...]] = where, goal: Callable[[], bool] = is_paid,
) -> tuple[list[str], int]:  # fmt: skip
    """A path to the goal by people of whom `bad` holds, and how many states were seen."""
    seen: set[object] = set()
    path: list[str] = []

    def go(people: frozenset[tuple[int, str]]) -> None:
        clock()
        key = (at(), people)
        if key in seen or not bad(people):
            return
        seen.add(key)
        if goal():
            raise Done
        for by in accounts:
            acting = people | {(by.person_id, "finance" if by.role in FINANCE else "office")}
            for name, deed in tried(by):
                mark = transaction.savepoint()
                with suppress(Refused, Forbidden, NotFound, DatabaseError):
                    try:
                        with transaction.atomic():
                            deed()
                    except (Refused, Forbidden, NotFound, DatabaseError):
                        transaction.savepoint_rollback(mark)
                        continue
                    path.append(f"{by.role}: {name}")
                    go(acting)
                    path.pop()
                transaction.savepoint_rollback(mark)

    with suppress(Done):
        go(frozenset())
    return path, len(seen)


def office(*roles: str, count: int = 1) -> list[Account]:
    return [f.account(role, person_id=PersonFactory().pk) for role in roles for _ in range(count)]


@pytest.mark.slow
def test_no_path_leads_to_paid_with_fewer_than_four_of_two_organisations():
    [claim] = f.claims(1)
    ordered(paying(claim.person, 50_000))  # so that part of the payment is set off
    accounts = [
        *office("county-reviewer", "county-second-reviewer", "county-finance", "county-finance-releaser"),
        *office("county-reviewer", "city-officer", "city-finance", "auditor"),
    ]
    path, states = walk(accounts, bad=too_few)
    assert path == []
    assert states > 10
    assert Netting.objects.count() == 0, "all that was tried is undone"


def advance() -> Claim:
    """Half of an apprentice's subsidy, claimed ahead for an enterprise whose account is known."""
    klass = apprentices(1)
    apprentice_policy()
    filed(klass)
    enterprise_account(klass)
    [claim], _against = actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    return claim


def advance_deeds(by: Account) -> Iterator[tuple[str, Callable[[], object]]]:
    """And whatever may be tried with the filing it rests on."""
    class_id = Claim.objects.get().enrolment.training_class_id
    yield "another enterprise", lambda: filed(TrainingClass.objects.get(pk=class_id), by, uscc=OTHER)
    yield "the class again", lambda: actions.file_class_claims(by=by, class_id=class_id, now=f.NOW)
    yield from deeds(by)


@pytest.mark.slow
def test_an_advance_to_an_enterprise_takes_four_of_two_organisations_as_well(settings, tmp_path):
    settings.MEDIA_ROOT, settings.LAKE_ROOT = tmp_path / "media", tmp_path / "lake"
    claim = advance()
    accounts = [
        *office("county-reviewer", "county-second-reviewer", "county-finance", "county-finance-releaser"),
        f.account("institution-manager", institution_id=claim.institution_id, person_id=PersonFactory().pk),
    ]
    path, states = walk(accounts, bad=too_few, tried=advance_deeds)
    assert path == []
    assert states > 5
    path, _states = walk(accounts, bad=lambda people: len(people) <= 4, tried=advance_deeds)
    assert path[0] == "county-reviewer: pass-first"
    assert PaymentLine.objects.get().organisation == claim.organisation


@pytest.mark.slow
def test_four_of_two_organisations_can_pay():
    """The walk can see it: without this it would prove nothing."""
    f.claims(1)
    accounts = office("county-reviewer", "county-second-reviewer", "county-finance", "county-finance-releaser")
    path, _states = walk(accounts, bad=lambda people: len(people) <= 4)
    assert path[0] == "county-reviewer: pass-first"
    assert len(path) >= 6
    assert ledger.broken_invariants() == []


@pytest.mark.slow
def test_a_hole_is_found():
    """Posts that may never be held together, held by one person because somebody switched the trigger off."""
    f.claims(1)
    accounts = office("county-reviewer", "county-finance", "county-finance-releaser")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        accounts.append(f.account("county-second-reviewer", person_id=accounts[0].person_id))
        cursor.execute("SET session_replication_role = DEFAULT")
    path, _states = walk(accounts, bad=too_few)
    assert path, "the hole was not found"


def debt_deeds(by: Account) -> Iterator[tuple[str, Callable[[], object]]]:
    """Whatever this account could try now with what was paid; to refuse only leads back."""
    now, line = f.LATER, PaymentLine.objects.get()
    key = {"by": by, "now": now}
    yield (
        "order",
        lambda: funds.order_recovery(
            reference=line.reference, ground="revoked", why="x", document="x", amount_fen=line.due_fen, **key
        ),
    )
    for one in Recovery.objects.all():
        own = key | {"recovery_id": one.pk}
        part = fund_rules.Part(TODAY + timedelta(days=30), one.amount_fen - one.received_fen)
        yield "confirm", lambda own=own: funds.decide_recovery(granted=True, finding="", **own)
        yield "plan", lambda own=own, part=part: funds.agree_plan(parts=[part], document="x", **own)
        yield "end the plan", lambda own=own: funds.end_plan(why="x", **own)
        yield "ask", lambda own=own: funds.ask_write_off(ground="cost", why="x", document="x", **own)
        yield "reopen", lambda own=own: funds.reopen(document="x", why="x", **own)
    for asked in WriteOff.objects.filter(state="asked"):
        own = key | {"write_off_id": asked.pk}
        yield "cosign", lambda own=own: funds.cosign_write_off(**own)
        yield "write off", lambda own=own: funds.decide_write_off(granted=True, finding="", **own)


def debt_where() -> tuple[object, ...]:
    return (
        tuple(Recovery.objects.order_by("pk").values_list("state", "ordered_by_id", "decided_by_id")),
        tuple(WriteOff.objects.order_by("pk").values_list("state", "asked_by_id", "signatures__by_id")),
        Plan.objects.filter(ended_at=None).count(),
    )


def is_given_up() -> bool:
    return Recovery.objects.filter(state="written-off").exists()


def fewer_than_three(people: frozenset[tuple[int, str]]) -> bool:
    return len(people) < 3 or {office for _who, office in people} != {"office", "finance"}


def walk_debts(accounts: list[Account], bad: Callable[[frozenset[tuple[int, str]]], bool]) -> tuple[list[str], int]:
    return walk(accounts, bad=bad, tried=debt_deeds, at=debt_where, goal=is_given_up)


@pytest.fixture
def paid_line():
    f.load_terms()
    f.grant()
    return paying(f.payee(1))


@pytest.mark.slow
def test_no_path_gives_money_up_with_fewer_than_three_of_two_organisations(paid_line):
    """Ordered by the office, confirmed by finance, given up by another of finance (N6.4)."""
    accounts = office("county-reviewer", "county-finance", "county-finance-releaser", "city-finance", "auditor")
    path, states = walk_debts(accounts, fewer_than_three)
    assert path == []
    assert states > 10
    path, _states = walk_debts(accounts, lambda people: len(people) <= 3)
    assert path[0] == "county-reviewer: order"
    assert path[-1].endswith("write off")
    assert ledger.broken_invariants() == []


@pytest.mark.slow
def test_a_hole_in_giving_up_is_found(paid_line, monkeypatch):
    """One person with two posts of finance, and nobody asks who had a hand in it."""
    monkeypatch.setattr(fund_rules, "reasons_against_second", lambda *_args, **_values: [])
    accounts = office("county-reviewer", "county-finance")
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE funds_writeoff DROP CONSTRAINT write_off_is_decided_by_another"
        )
        cursor.execute("SET session_replication_role = replica")
        accounts.append(f.account("county-finance-releaser", person_id=accounts[1].person_id))
        cursor.execute("SET session_replication_role = DEFAULT")
    path, _states = walk_debts(accounts, fewer_than_three)
    assert path, "the hole was not found"
