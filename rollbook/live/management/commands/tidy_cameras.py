from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.live import actions


class Command(BaseCommand):
    help = "Close what nobody told the end of, and take the files that nobody told of."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        ended, taken = actions.end_silent(now=now), actions.take_left_behind(now=now)
        if ended or taken:
            self.stdout.write(f"{ended} lines closed, {taken} files taken")
