from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from rollbook.risk import actions, queries


class Command(BaseCommand):
    help = "Read what is new into the lake and run every detector over it; goes on where a broken night ended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--whole", action="store_true", help="read every table anew, from its first row")
        parser.add_argument("--again", action="store_true", help="also if this night was screened already")

    def handle(self, *, whole: bool, again: bool, **options: Any) -> None:
        now = timezone.now()
        if not again and not queries.is_due(now):
            return
        run = actions.screen_everyone(now=now, whole=whole)
        if run is None:
            self.stdout.write("another process is screening")
            return
        steps = list(run.steps.all())
        found, failed = sum(step.findings for step in steps), [step.detector for step in steps if step.error]
        self.stdout.write(f"{len(steps)} detectors, {found} findings, {run.milliseconds / 1000:.1f} s")
        if failed:
            self.stderr.write(f"failed: {', '.join(failed)}")
