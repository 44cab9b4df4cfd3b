from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.exchange import actions, queries


class Command(BaseCommand):
    help = "Take the signed files that departments left, and fetch from those whose turn has come."

    def handle(self, **options: Any) -> None:
        taken, refused = actions.take_drops(now=timezone.now())
        for why in refused:
            self.stderr.write(f"Refused: {why}")
        for source_id in queries.due_lines(timezone.now()):
            taken += actions.pull(source_id=source_id, now=timezone.now()) or []
        for batch in taken:
            self.stdout.write(f"{batch}: {batch.state}, {batch.rows} rows, {batch.wrong} wrong")
