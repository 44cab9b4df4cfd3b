from typing import Any

from django.core.management.base import BaseCommand

from rollbook.accounts import actions as accounts
from rollbook.persons import actions


class Command(BaseCommand):
    help = "Seal everything anew with the newest key of SEAL_KEYS. May be stopped and run again."

    def handle(self, **options: Any) -> None:
        total = 0
        while count := actions.rotate() + accounts.reseal_factors():
            total += count
            self.stdout.write(f"{total} records sealed anew")
