from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.faces import actions


class Command(BaseCommand):
    help = "Delete templates whose time is over, count what is stored, seal anew what an older key sealed."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        ended, sealed = actions.expire(now=now), actions.rotate()
        actions.count_templates(now=now)
        if ended or sealed:
            self.stdout.write(f"{ended} consents ended, {sealed} templates sealed anew")
