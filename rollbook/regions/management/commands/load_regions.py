from typing import Any

from django.core.management.base import BaseCommand

from rollbook.regions import actions


class Command(BaseCommand):
    help = "Load the divisions of Jiangsu and the working-day calendar."

    def handle(self, **options: Any) -> None:
        divisions, days = actions.load_divisions(), actions.load_calendar()
        self.stdout.write(f"{divisions} divisions, {days} days")
