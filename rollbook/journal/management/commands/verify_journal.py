from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollbook.journal import queries


class Command(BaseCommand):
    help = "Compare the journal with its seals; fails where anything was changed."

    def handle(self, **options: Any) -> None:
        if broken := queries.broken_seals():
            raise CommandError("\n".join(broken))
        self.stdout.write("The journal is what was sealed.")
