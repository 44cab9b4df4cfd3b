from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.live import actions


class Command(BaseCommand):
    help = "File the stretches of lessons that no camera of the room shows."

    def handle(self, **options: Any) -> None:
        if filed := actions.file_gaps(now=timezone.now()):
            self.stdout.write(f"gaps of {filed} lessons filed")
