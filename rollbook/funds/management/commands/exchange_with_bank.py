from typing import Any

import httpx
from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.funds import actions, adapters, queries
from rollbook.kernel.reasons import Refused


class Command(BaseCommand):
    help = "Ask whose accounts are, hand over batches that the bank has not got, and take what it returns."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        for batch_id in queries.batches_to_ask():
            actions.ask_owners(batch_id=batch_id, now=now)
        try:
            sent = sum(actions.send_batch(batch_id=one.pk, now=now) for one in queries.released_batches())
            returns = [(one, file) for one in queries.sent_batches() for file in adapters.returns_for(one.number)]
        except httpx.HTTPError as error:
            self.stderr.write(f"The bank does not answer: {error!r}")
            return
        settled = 0
        for batch, content in returns:
            try:
                settled += actions.take_return(batch_id=batch.pk, content=content, now=now)
            except Refused as refusal:
                told = "; ".join(map(str, refusal.reasons))
                self.stderr.write(f"A return for {batch.number} was refused: {told}")
        if sent or settled:
            self.stdout.write(f"{sent} batches handed over, {settled} payments settled")
