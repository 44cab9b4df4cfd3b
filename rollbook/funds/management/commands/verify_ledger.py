from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollbook.funds import queries


class Command(BaseCommand):
    help = "Prove the ledger's invariants on what is stored; fails where one is broken."

    def handle(self, **options: Any) -> None:
        if broken := queries.broken_invariants():
            raise CommandError("\n".join(broken))
        self.stdout.write("Every invariant of the ledger holds.")
