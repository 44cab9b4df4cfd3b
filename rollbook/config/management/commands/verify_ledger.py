from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollbook.funds.queries import CODES, broken_invariants
from rollbook.subsidies.queries import payments_without_claim


class Command(BaseCommand):
    help = (
        "Prove the ledger's eleven invariants on what is stored; fails where one is broken, and names what breaks it."
    )

    def handle(self, **options: Any) -> None:
        broken = broken_invariants()
        if lines := payments_without_claim():
            broken.append(
                f"one-payment-a-claim: payments that no approved claim stands behind: {', '.join(lines[:10])}"
            )
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"Every invariant of the ledger holds: {', '.join(sorted(CODES))}.")
