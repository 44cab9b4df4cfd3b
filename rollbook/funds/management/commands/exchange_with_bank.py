from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.funds import actions, adapters, queries
from rollbook.kernel.reasons import Refused

if TYPE_CHECKING:
    from rollbook.funds.models import PaymentBatch


class Command(BaseCommand):
    help = (
        "Ask whose accounts are, hand over batches that the bank has not got, take what it returns, and ask about "
        "payments that it has not answered for."
    )

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        for batch_id in queries.batches_to_ask():
            actions.ask_owners(batch_id=batch_id, now=now)
        try:
            sent = sum(actions.send_batch(batch_id=one.pk, now=now) for one in queries.released_batches())
            settled = sum(self._returns(one, now) for one in queries.sent_batches())
        except httpx.HTTPError as error:
            self.stderr.write(f"The bank does not answer: {error!r}")
            return
        settled += sum(actions.ask_outcomes(batch_id=one, now=now) for one in queries.batches_unanswered(now))
        if sent or settled:
            self.stdout.write(f"{sent} batches handed over, {settled} payments settled")

    def _returns(self, batch: "PaymentBatch", now: datetime) -> int:
        settled = 0
        for content in adapters.returns_for(batch.number):
            try:
                settled += actions.take_return(batch_id=batch.pk, content=content, now=now)
            except Refused as refusal:
                told = "; ".join(map(str, refusal.reasons))
                if actions.keep_refused(batch_id=batch.pk, content=content, why=told, now=now):
                    self.stderr.write(f"A return for {batch.number} was refused: {told}")
        return settled
