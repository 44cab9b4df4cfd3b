from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollbook.kernel.money import yuan
from rollbook.subsidies import queries
from rollbook.web.words import said


class Command(BaseCommand):
    help = "Replay past decisions from the stored facts and policy; a difference is shown line by line (B1)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("claims", nargs="*", type=int, help="numbers of claims (default: all of the region)")
        parser.add_argument("--region", default="320000", help="code of the division (default: the province)")

    def handle(self, **options: Any) -> None:
        count = differing = 0
        for claim in queries.to_replay(options["region"], options["claims"]):
            count += 1
            again = queries.again(claim)
            if not again.apart:
                continue
            differing += 1
            self.stdout.write(f"claim {claim.pk}: {yuan(claim.amount_fen)} decided, {yuan(again.amount_fen)} again")
            for one in again.apart:
                self.stdout.write(f"  {said(one.label)}: {one.was} → {one.now} ({one.aspect})")
        self.stdout.write(f"{count} decisions replayed, {differing} differ")
        if differing:
            raise CommandError(f"{differing} decisions do not come out again")
