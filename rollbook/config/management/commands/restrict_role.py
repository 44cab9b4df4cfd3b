from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from rollbook.database.rights import restrict


class Command(BaseCommand):
    help = (
        "Give a database role the rights to run the system, and none to alter tables or to change what is append-only. "
        "Run it as the tables' owner after every `migrate`; then let DATABASE_URL of the servers name that role."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        restrict(options["role"])
        self.stdout.write(f"{options['role']} may run the system.")
