from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.exchange import actions


class Command(BaseCommand):
    help = "Find records of the register that may be of one person."

    def handle(self, **options: Any) -> None:
        if found := actions.find_likely(now=timezone.now()):
            self.stdout.write(f"{found} pairs to compare")
