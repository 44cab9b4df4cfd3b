"""The bank's statements beside the ledger; payments without an answer; hostile and unlucky returns (N14.1, N16.3)."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.funds import actions, files, queries
from rollbook.funds.models import (
    BankStatement,
    Difference,
    LedgerEntry,
    PaymentBatch,
    PaymentLine,
    Resolution,
)
from rollbook.funds.rules import Compared, DifferenceKind, difference
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_bank_faults import bank_at  # noqa: F401 a fixture
from rollbook.subsidies.tests.test_payments import answer, sent, take
from simulators import bank

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 20)  # of f.LATER
NEXT = f.LATER + timedelta(days=1)
K = DifferenceKind


@pytest.mark.parametrize(
    ("state", "outs", "out_fen", "in_fen", "kind"),
    [
        ("paid", 1, 100, 0, None),
        ("paid", 0, 0, 0, K.MISSING),
        ("paid", 2, 200, 0, K.TWICE),
        ("paid", 2, 200, 100, None),  # the bank took the second back
        ("paid", 1, 99, 0, K.AMOUNT),
        ("paid", 1, 100, 100, K.BACK),
        ("sent", 0, 0, 0, None),  # in transit
        ("sent", 1, 100, 0, None),  # paid, its return is on the way
        ("sent", 1, 50, 0, K.AMOUNT),
        ("sent", 2, 200, 0, K.TWICE),
        ("failed", 0, 0, 0, None),
        ("failed", 1, 100, 100, None),
        ("failed", 1, 100, 0, K.AGAINST),
        ("corrected", 1, 100, 0, K.AGAINST),
        (None, 1, 100, 0, K.UNKNOWN),
        (None, 1, 100, 100, None),
    ],
)
def test_what_differs(state, outs, out_fen, in_fen, kind):
    one = Compared(state=state, amount_fen=100 if state else 0, outs=outs, out_fen=out_fen, in_fen=in_fen)
    assert difference(one) == kind


def movement(line, way="OUT", amount=None, suffix=""):
    amount = line.amount_fen if amount is None else amount
    return files.Moved(f"B{line.pk}{way}{suffix}", line.batch.number, line.reference, way, amount)


def statement(*moved, day=DAY, now=NEXT, by=None, region="320102"):
    return actions.take_statement(content=files.write_statement(region, day, moved), now=now, by=by)


def lines_of(batch):
    return list(queries.lines_of(batch.pk).select_related("batch"))


def refuses(code, deed, *args, **kwargs):
    def state():
        return (
            list(PaymentLine.objects.order_by("pk").values_list("pk", "state")),
            list(Difference.objects.order_by("pk").values_list("pk", "state", "bank_fen")),
            list(Resolution.objects.order_by("pk").values_list("pk", "state")),
            BankStatement.objects.count(),
            LedgerEntry.objects.count(),
        )

    before = state()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **kwargs)
    assert code in [one.code for one in refusal.value.reasons]
    assert state() == before


def test_ledger_is_statement_and_transit_per_batch_and_day():
    """Quality plan: 3 sent, 1 paid and told, 1 paid and not told yet, 1 not paid yet."""
    batch = sent(3)
    one, other, _last = lines_of(batch)
    take(batch, answer(batch, ["PAID"], lines=[one]))
    taken = statement(movement(one), movement(other))
    [row] = queries.by_batch(taken)
    assert (row["ledger_fen"], row["statement_fen"], row["transit_fen"]) == (450_000, 300_000, 150_000)
    assert row["difference_fen"] == 0
    assert not Difference.objects.exists()
    assert queries.broken_invariants() == []


def test_paid_twice_is_found_shown_and_made_good_when_the_bank_takes_it_back():
    batch = sent(1)
    [one] = lines_of(batch)
    take(batch, answer(batch, ["PAID"]))
    taken = statement(movement(one), movement(one, suffix="-2"))
    found = Difference.objects.get()
    assert (found.kind, found.ledger_fen, found.bank_fen, found.line) == ("twice", 150_000, 300_000, one)
    assert [row["difference_fen"] for row in queries.by_batch(taken)] == [-150_000]
    assert queries.broken_invariants() == []  # it is on record
    statement(movement(one, "IN"), day=DAY + timedelta(days=1), now=NEXT + timedelta(days=1))
    found.refresh_from_db()
    assert found.state == "settled"
    assert queries.broken_invariants() == []


def test_a_difference_is_looked_into_by_one_and_settled_by_another():
    batch = sent(2)
    other = lines_of(batch)[1]
    take(batch, answer(batch, ["PAID", "FAIL"]))
    statement(movement(other))  # what was told paid is missing, what was told refused was paid
    found = {row.kind: row for row in Difference.objects.all()}
    assert set(found) == {"missing", "against"}
    by, second = f.account("county-finance"), f.account("county-finance-releaser")
    row = found["missing"]
    refuses("no-owner", actions.settle_difference, by=by, difference_id=row.pk, now=NEXT)
    refuses("outcome", actions.own_difference, by=by, difference_id=row.pk, outcome=" ", now=NEXT)
    actions.own_difference(by=by, difference_id=row.pk, outcome="银行次日入账", now=NEXT)
    refuses("same-person", actions.settle_difference, by=by, difference_id=row.pk, now=NEXT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Difference.objects.filter(pk=row.pk).update(state="settled", settled_by=by, settled_at=NEXT)
    with pytest.raises(Forbidden):
        actions.own_difference(by=f.account("county-reviewer"), difference_id=row.pk, outcome="x", now=NEXT)
    elsewhere = f.account("county-finance", region_code="320104")
    with pytest.raises(NotFound):
        actions.own_difference(by=elsewhere, difference_id=row.pk, outcome="x", now=NEXT)
    actions.settle_difference(by=second, difference_id=row.pk, now=NEXT)
    refuses("decided", actions.settle_difference, by=second, difference_id=row.pk, now=NEXT)
    statement(day=DAY + timedelta(days=1), now=NEXT + timedelta(days=1))  # settled once is not found again
    assert Difference.objects.count() == 2
    finance = f.account("city-finance")
    refuses(
        "differences-open", actions.close_month, by=finance, fund="employment", month=DAY,
        now=NEXT + timedelta(days=30),
    )  # fmt: skip


def test_a_statement_is_taken_once_whole_and_of_a_day_that_is_over():
    batch = sent(1)
    [one] = lines_of(batch)
    good = files.write_statement("320102", DAY, [movement(one)])
    by = f.account("county-finance-releaser")
    refuses("day-not-over", actions.take_statement, content=good, now=f.LATER)
    refuses("bank-digest", actions.take_statement, content=good[:-30], now=NEXT)
    refuses("statement-header", actions.take_statement, content=answer(batch, ["PAID"]), now=NEXT)
    refuses("bank-record", actions.take_statement, content=_edited(good, "OUT", "SIDEWAYS"), now=NEXT)
    refuses("bank-sum", actions.take_statement, content=_edited(good, "|150000\n", "|150001\n"), now=NEXT)
    with pytest.raises(Forbidden):
        actions.take_statement(content=good, now=NEXT, by=f.account("county-finance-releaser", region_code="320104"))
    actions.take_statement(content=good, now=NEXT, by=by)
    refuses("statement-there", actions.take_statement, content=good, now=NEXT)
    refuses("statement-there", statement, now=NEXT)
    later = DAY + timedelta(days=1)
    refuses("movement-twice", statement, movement(one), day=later, now=NEXT + timedelta(days=1))
    assert queries.broken_invariants() == []


def test_what_the_bank_tells_after_its_statement_is_compared_at_once():
    """The statement has it paid; then a return refuses it, or tells it paid: only the first differs."""
    batch = sent(2)
    one, other = lines_of(batch)
    statement(movement(one), movement(other))
    actions.take_return(batch_id=batch.pk, content=answer(batch, ["PAID", "FAIL"]), now=NEXT)
    assert [(row.kind, row.reference) for row in Difference.objects.all()] == [("against", other.reference)]
    assert queries.broken_invariants() == []


def _edited(content, old, new):
    body = content[: content.rfind(b"T|")].decode("gb18030").replace("\r\n", "\n").replace(old, new)
    return files.closed(body.rstrip("\n").split("\n"))


def test_what_the_statements_say_otherwise_is_an_invariant_broken_unless_it_is_on_record():
    batch = sent(1)
    [one] = lines_of(batch)
    take(batch, answer(batch, ["PAID"]))
    statement(movement(one, amount=1))
    assert queries.broken_invariants() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        cursor.execute("DELETE FROM funds_difference")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert [told.partition(":")[0] for told in queries.broken_invariants()] == ["ledger-is-the-banks"]


def resolve(line, by=None, outcome="paid", evidence="江苏银行回单 7788", now=None):
    now = now or f.LATER + timedelta(hours=48)
    by = by or f.account("county-finance")
    return actions.ask_resolution(by=by, line_id=line.pk, outcome=outcome, evidence=evidence, now=now)


def decide(one, by=None, *, granted=True, finding=""):
    by = by or f.account("county-finance-releaser")
    return actions.decide_resolution(by=by, resolution_id=one.pk, granted=granted, finding=finding, now=NEXT)


def test_a_payment_without_an_answer_is_settled_by_two_people_after_its_time():
    batch = sent(2)
    one, other = lines_of(batch)
    refuses("too-early", resolve, one, now=f.LATER + timedelta(hours=47))
    refuses("evidence", resolve, one, evidence=" ")
    refuses("outcome", resolve, one, outcome="lost")
    with pytest.raises(Forbidden):
        resolve(one, by=f.account("county-reviewer"))
    asked = resolve(one)
    refuses("asked-before", resolve, one)
    refuses("why", decide, asked, granted=False)
    decide(asked)
    refuses("decided", decide, asked)
    refuses("answered", resolve, one)
    decide(resolve(other, outcome="failed"))
    assert [row.state for row in queries.lines_of(batch.pk)] == ["paid", "failed"]
    batch.refresh_from_db()
    assert batch.state == "settled"
    assert queries.broken_invariants() == []


def test_one_person_does_not_resolve_alone_by_two_accounts():
    person = PersonFactory()
    batch = sent(1)
    [one] = lines_of(batch)
    asked = resolve(one, by=f.account("county-finance", person_id=person.pk))
    with pytest.raises(IntegrityError), transaction.atomic():
        Resolution.objects.filter(pk=asked.pk).update(
            state="done", decided_by=f.account("city-finance"), decided_person=person, decided_at=NEXT
        )


def test_the_banks_answer_comes_before_the_hand():
    """The return arrives while two people still look at papers: nothing is posted twice."""
    batch = sent(1)
    [one] = lines_of(batch)
    asked = resolve(one, outcome="failed")
    take(batch, answer(batch, ["PAID"]))
    refuses("answered", decide, asked)
    assert queries.lines_of(batch.pk).get().state == "paid"


@pytest.mark.parametrize(
    ("state", "new"),
    [
        ("failed", "paid"),
        ("failed", "sent"),
        ("paid", "sent"),
        ("paid", "failed"),
        ("corrected", "paid"),
        ("paid", "waiting"),
    ],
)
def test_the_database_lets_payments_go_forward_only(state, new):
    batch = sent(1)
    for one in ("failed", "corrected") if state == "corrected" else (state,):
        batch.lines.update(state=one)
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.lines.update(state=new)


def test_what_is_with_the_bank_stays_as_it_was_signed():
    batch = sent(1)
    for change in ({"amount_fen": 1}, {"bank_digest": "x"}, {"reference": "x"}, {"person": PersonFactory()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            batch.lines.update(**change)


def test_the_pages_of_the_bank_do_what_the_actions_do(client, settings):
    settings.DEMO = True
    batch = sent(2)
    one, other = lines_of(batch)
    take(batch, answer(batch, ["PAID"], lines=[one]))
    by, second = f.account("county-finance"), f.account("county-finance-releaser")
    client.force_login(second)
    content = files.write_statement("320102", DAY, [movement(one, amount=1)])
    posted = client.post(reverse("funds:statement_list"), {"file": SimpleUploadedFile("a.txt", content)})
    assert posted["Location"] == reverse("funds:statement", args=[BankStatement.objects.get().pk])
    assert "1,499.99" in client.get(posted["Location"]).text
    found = Difference.objects.get()
    client.post(reverse("funds:own_difference", args=[found.pk]), {"outcome": "银行少付，已补付"})
    assert "银行少付" in client.get(reverse("funds:difference_list")).text
    client.force_login(by)
    client.post(reverse("funds:settle_difference", args=[found.pk]))
    found.refresh_from_db()
    assert found.state == "settled"
    wanted = {"line_id": other.pk, "outcome": "paid", "evidence": "回单"}
    client.post(reverse("funds:ask_resolution", args=[batch.pk]), wanted)
    client.force_login(second)
    assert "回单" in client.get(reverse("funds:batch_detail", args=[batch.pk])).text
    client.post(reverse("funds:decide_resolution", args=[Resolution.objects.get().pk]), {"move": "grant"})
    assert [row.state for row in queries.lines_of(batch.pk)] == ["paid", "paid"]


def test_which_statements_are_asked_for():
    """Yesterday's where there is none yet, else every day since the last; nothing of regions that pay nothing."""
    batch = sent(1)
    at = f.LATER + timedelta(days=3)
    assert queries.statements_to_ask(at) == [("320102", DAY + timedelta(days=2))]
    statement(movement(lines_of(batch)[0]))
    assert queries.statements_to_ask(at) == [("320102", DAY + timedelta(days=n)) for n in (1, 2)]
    assert queries.statements_to_ask(f.LATER + timedelta(days=90)) == []


def test_what_was_paid_before_the_first_statement_is_not_missing_from_it():
    batch = sent(1)
    take(batch, answer(batch, ["PAID"]))
    statement(day=DAY + timedelta(days=1), now=NEXT + timedelta(days=1))
    assert not Difference.objects.exists()
    assert queries.broken_invariants() == []


@pytest.mark.enable_socket
def test_a_day_brings_the_statements_and_the_end_of_freezes(bank_at, monkeypatch):  # noqa: F811
    out = StringIO()
    call_command("daily_funds", stdout=out)
    assert out.getvalue().strip() == "0 freezes ended, 0 instalments told of, 0 statements taken"
    batch = sent(1)
    PaymentBatch.objects.filter(pk=batch.pk).update(sent_at=timezone.now() - timedelta(days=2))
    monkeypatch.setattr(bank.Handler.vault, "opened", timezone.localdate() - timedelta(days=3))
    out = StringIO()
    call_command("daily_funds", stdout=out)
    assert out.getvalue().strip() == "0 freezes ended, 0 instalments told of, 1 statements taken"
