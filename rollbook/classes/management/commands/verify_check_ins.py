from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollbook.classes import queries


class Command(BaseCommand):
    help = "Read every month of check-ins that was moved out and compare it with its digest; fails where one differs."

    def handle(self, **options: Any) -> None:
        if found := queries.altered_months():
            raise CommandError("not as they were written: " + ", ".join(f"{one} ({one.path})" for one in found))
        self.stdout.write("every month as it was written")
