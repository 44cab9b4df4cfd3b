from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.persons import actions


class Command(BaseCommand):
    help = "Look for records that may be of one person, for the province to compare."

    def handle(self, **options: Any) -> None:
        if found := actions.find_candidates(now=timezone.now()):
            self.stdout.write(f"{found} pairs to compare")
