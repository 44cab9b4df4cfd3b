from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.journal import actions


class Command(BaseCommand):
    help = "Seal the journal of every day that has ended."

    def handle(self, **options: Any) -> None:
        for seal in actions.seal_days(now=timezone.now()):
            self.stdout.write(f"{seal.day}:{seal.digest}")  # to be noted where this database does not reach
