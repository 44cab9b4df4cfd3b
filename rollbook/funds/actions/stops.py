"""A stop on a payment that waits in a batch: the batch is not released while it stands (N14.1)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from rollbook.funds import queries, rules
from rollbook.funds.models import PaymentBatch, PaymentStop
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


@transaction.atomic
def stop_payment(*, subject: str, ground: Mapping[str, object], now: datetime) -> None:
    """For contexts above, which have authorised. Its batch is locked, so that no release is under way meanwhile."""
    list(
        PaymentBatch.objects.select_for_update(of=("self",)).filter(
            lines__subject=subject, lines__state=rules.LineState.WAITING
        )
    )
    PaymentStop.objects.get_or_create(
        subject=subject, lifted_at=None, defaults={"ground": dict(ground), "placed_at": now}
    )


@transaction.atomic
def let_pay(*, subject: str, now: datetime) -> None:
    PaymentStop.objects.filter(subject=subject, lifted_at=None).update(lifted_at=now)


def reasons_stopped(batch: PaymentBatch) -> list[Message]:
    """The payments of a batch that are stopped; without them in a new batch the others can go."""
    text = _("Payment {number} to {name} is held; return the batch and prepare it without this one.")
    stopped = queries.stopped_in(batch.pk)
    return [reason("held", text, "N14.1", number=one.number, name=one.payee_name) for one in stopped]
