from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.subsidies import actions, queries


class Command(BaseCommand):
    help = "Close the publicity whose days are over."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        ended = queries.ended_publicities(timezone.localdate(now))
        count = sum(actions.finish_publicity(publicity_id=pk, now=now) for pk in ended)
        if ended:
            self.stdout.write(f"{len(ended)} notices closed, {count} claims approved for payment")
