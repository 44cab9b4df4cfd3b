from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.evidence import actions


class Command(BaseCommand):
    help = "Remove the bytes of evidence that is past its time and that no case needs."

    def handle(self, **options: Any) -> None:
        if removed := actions.remove_expired(now=timezone.now()):
            self.stdout.write(f"{removed} removed")
