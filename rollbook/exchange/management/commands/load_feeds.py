from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from rollbook.accounts import queries as accounts
from rollbook.exchange import actions


class Command(BaseCommand):
    help = "Enter a source and a contract for each feed that comes with the project, in the name of an official."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", default="province-officer")

    def handle(self, **options: Any) -> None:
        made = actions.load_feeds(by=accounts.by_username(options["by"]), now=timezone.now())
        if options["verbosity"]:
            self.stdout.write(f"{len(made)} contracts entered")
