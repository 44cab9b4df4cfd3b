from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollbook.journal import actions


class Command(BaseCommand):
    help = "Compare the journal with its seals; fails where anything was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("known", nargs="*", help="seals noted elsewhere, as seal_journal printed them: day:digest")

    def handle(self, **options: Any) -> None:
        pairs = (one.partition(":") for one in options["known"])
        known = {date.fromisoformat(day): digest for day, _, digest in pairs}
        if broken := actions.verify(now=timezone.now(), known=known):
            raise CommandError("\n".join(broken))
        self.stdout.write("The journal is what was sealed.")
