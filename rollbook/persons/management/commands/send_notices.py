from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.persons import actions


class Command(BaseCommand):
    help = "Send the messages that old contacts have not been told yet."

    def handle(self, **options: Any) -> None:
        if sent := actions.send_notices(now=timezone.now()):
            self.stdout.write(f"{sent} messages sent")
