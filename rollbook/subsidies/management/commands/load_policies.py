from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from rollbook.accounts import queries as accounts
from rollbook.subsidies import actions


class Command(BaseCommand):
    help = "Publish the policies that come with the project, in the name of two officials."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--drafter", default="province-officer")
        parser.add_argument("--finance", default="province-finance")

    def handle(self, **options: Any) -> None:
        actions.load_policies(
            drafter=accounts.by_username(options["drafter"]),
            finance=accounts.by_username(options["finance"]),
            now=timezone.now(),
        )
