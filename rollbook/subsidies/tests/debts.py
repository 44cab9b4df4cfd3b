"""Payments that were made, and what of them is to come back, as tests of both need them."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import transaction

from rollbook.directory.tests.factories import load_terms
from rollbook.funds import actions, rules
from rollbook.funds.models import (
    LedgerAccount,
    LedgerEntry,
    Netting,
    PaymentBatch,
    PaymentLine,
    Plan,
    Receipt,
    Recovery,
    Reopening,
    WriteOff,
)
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.persons.models import Notice
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_payments import answer

LATER = f.LATER
TODAY = date(2026, 4, 20)
K = rules.AccountKind


def funded():
    """Terms and a budget."""
    load_terms()
    f.grant()


def paying(person, amount_fen=150_000, *, region_code="320102", fund="employment", statuses=("PAID",)):
    """A payment of an amount as it comes to be, to where `statuses` has it: prepared, with the bank, answered."""
    subject = f"a:{uuid4().hex[:12]}"
    place = {"region_code": region_code, "fund": fund, "year": 2026}
    actions.reserve(by=None, subject=subject, amount_fen=amount_fen, now=LATER, **place)
    return paid_again(person, subject, amount_fen, statuses=statuses, **place)


def paid_again(person, subject, amount_fen, *, statuses=("PAID",), **place):
    code = place["region_code"]
    draft = actions.LineDraft(subject, person.pk, amount_fen)
    by = f.account("county-reviewer", region_code=code)
    batch = actions.make_batch(by=by, lines=[draft], now=LATER, **place)
    if statuses:
        sent(batch, code)
        actions.take_return(batch_id=batch.pk, content=answer(batch, statuses), now=LATER)
    return batch.lines.get()


def sent(batch, region_code="320102"):
    actions.check_batch(by=f.account("county-finance", region_code=region_code), batch_id=batch.pk, now=LATER)
    releaser = f.account("county-finance-releaser", region_code=region_code)
    actions.release_batch(by=releaser, batch_id=batch.pk, now=LATER)
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=LATER)


def ordered(line, amount_fen=None, *, confirmed=True, now=LATER):
    code = line.batch.region_code
    by = f.account("county-reviewer", region_code=code)
    one = actions.order_recovery(
        by=by, reference=line.reference, ground="revoked", why="证书作废", document="宁人社〔2026〕5号",
        amount_fen=amount_fen or line.due_fen, now=now,
    )  # fmt: skip
    if confirmed:
        finance = f.account("county-finance", region_code=code)
        one = actions.decide_recovery(by=finance, recovery_id=one.pk, granted=True, finding="", now=now)
    return one


def receive(one, amount_fen, document="回单1", on=TODAY, now=LATER):
    by = f.account("county-finance")
    return actions.receive(
        by=by, recovery_id=one.pk, amount_fen=amount_fen, received_on=on, document=document, now=now
    )  # fmt: skip


def agree(one, *parts, by=None, now=LATER):
    by = by or f.account("county-finance")
    return actions.agree_plan(by=by, recovery_id=one.pk, parts=parts, document="还款协议1", now=now)


def give_up(one, by=None, **values):
    wanted = {"ground": "untraceable", "why": "两次登门未果", "document": "宁财〔2026〕8号"} | values
    return actions.ask_write_off(by=by or f.account("county-finance"), recovery_id=one.pk, now=LATER, **wanted)


def decide(asked, by=None, *, granted=True, finding=""):
    by = by or f.account("county-finance-releaser")
    return actions.decide_write_off(by=by, write_off_id=asked.pk, granted=granted, finding=finding, now=LATER)


def state():
    return (
        list(Recovery.objects.order_by("pk").values_list("pk", "state", "received_fen", "due_on")),
        list(PaymentLine.objects.order_by("pk").values_list("state", "amount_fen", "netted_fen")),
        list(WriteOff.objects.order_by("pk").values_list("state", "cosigners")),
        (Receipt.objects.count(), Netting.objects.count(), Plan.objects.count(), Reopening.objects.count()),
        (LedgerEntry.objects.count(), Notice.objects.count(), Entry.objects.count()),
    )


def refuses(code, deed, *args, **values):
    before = state()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **values)
    assert code in [one.code for one in refusal.value.reasons]
    assert state() == before


def held(kind):
    return sum(LedgerAccount.objects.filter(kind=kind).values_list("balance_fen", flat=True))


def told():
    return list(Notice.objects.order_by("pk").values_list("kind", "was", "now"))
