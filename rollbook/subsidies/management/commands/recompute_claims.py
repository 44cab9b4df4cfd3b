from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from rollbook.subsidies import actions, queries


class Command(BaseCommand):
    help = "Nightly: work every live claim out again, open and close discrepancies, hold paid against due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", default="320000", help="code of the division (default: the province)")

    def handle(self, **options: Any) -> None:
        run = actions.recompute(region_code=options["region"], now=timezone.now())
        self.stdout.write(f"{run.claims} claims worked out again, {run.discrepancies} discrepancies open")
        for one in queries.out_of_band(run):
            self.stdout.write(f"  out of band: {one.region_code}: {one.paid_fen} fen paid of {one.due_fen} due")
