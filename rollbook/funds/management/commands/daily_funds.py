from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.funds import actions, queries


class Command(BaseCommand):
    help = "What a day brings to budgets: freezes whose day has come are over."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        ended = sum(actions.end_freeze(order_id=one, now=now) for one in queries.freezes_to_end(now))
        self.stdout.write(f"{ended} freezes ended")
