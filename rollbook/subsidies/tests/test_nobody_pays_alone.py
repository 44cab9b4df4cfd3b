"""Every reachable state of a claim, its batch and those who act: no path leads to "paid" with fewer than four officials of
two organisations, one of them finance (quality plan, N14.1); and a hole that is made on purpose is found."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction

from rollbook.accounts.models import Account
from rollbook.funds import actions as funds
from rollbook.funds import queries as ledger
from rollbook.funds.models import PaymentBatch, PaymentLine, Resolution, Signature
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies import actions
from rollbook.subsidies.models import Claim, Publicity
from rollbook.subsidies.tests import factories as f
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


def walk(accounts: list[Account], *, bad: Callable[[frozenset[tuple[int, str]]], bool]) -> tuple[list[str], int]:
    """A path to "paid" by people of whom `bad` holds, and how many states were seen."""
    seen: set[object] = set()
    path: list[str] = []

    def go(people: frozenset[tuple[int, str]]) -> None:
        clock()
        key = (where(), people)
        if key in seen or not bad(people):
            return
        seen.add(key)
        if PaymentLine.objects.filter(state="paid").exists():
            raise Done
        for by in accounts:
            acting = people | {(by.person_id, "finance" if by.role in FINANCE else "office")}
            for name, deed in deeds(by):
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
    f.claims(1)
    accounts = [
        *office("county-reviewer", "county-second-reviewer", "county-finance", "county-finance-releaser"),
        *office("county-reviewer", "city-officer", "city-finance", "auditor"),
    ]
    path, states = walk(accounts, bad=too_few)
    assert path == []
    assert states > 10


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
