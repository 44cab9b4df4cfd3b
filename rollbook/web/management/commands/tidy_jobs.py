from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.web import actions


class Command(BaseCommand):
    help = "Give up exports that were cut off, and delete files that were kept long enough."

    def handle(self, **options: Any) -> None:
        if tidied := actions.tidy_jobs(now=timezone.now()):
            self.stdout.write(f"{tidied} jobs tidied")
