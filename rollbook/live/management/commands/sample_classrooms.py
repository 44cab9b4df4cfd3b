from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.live import actions


class Command(BaseCommand):
    help = "Look at pictures of lessons that are going on, and keep those with more faces than check-ins."

    def handle(self, **options: Any) -> None:
        if kept := actions.sample_classrooms(now=timezone.now()):
            self.stdout.write(f"{len(kept)} classrooms with more faces than check-ins")
