from datetime import date, datetime
from typing import Any

import httpx
from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.funds import actions, adapters, queries
from rollbook.kernel.reasons import Refused


class Command(BaseCommand):
    help = (
        "What a day brings: freezes whose day has come are over, payers are reminded of instalments, and the bank's "
        "statements of days that are over."
    )

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        ended = sum(actions.end_freeze(order_id=one, now=now) for one in queries.freezes_to_end(now))
        told = sum(actions.remind(region_code=one, now=now) for one in queries.regions_with_plans())
        taken = 0
        try:
            taken = sum(self._statement(region, day, now) for region, day in queries.statements_to_ask(now))
        except httpx.HTTPError as error:
            self.stderr.write(f"The bank does not answer: {error!r}")
        self.stdout.write(f"{ended} freezes ended, {told} instalments told of, {taken} statements taken")

    def _statement(self, region_code: str, day: date, now: datetime) -> int:
        content = adapters.statement_for(region_code, day)
        if content is None:
            return 0
        try:
            actions.take_statement(content=content, now=now)
        except Refused as refusal:
            self.stderr.write(f"A statement for {region_code} was refused: {'; '.join(map(str, refusal.reasons))}")
            return 0
        return 1
