from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rollbook.exchange import actions, queries


class Command(BaseCommand):
    help = "Compare every batch's file of columns with the digest in its row; fails where one differs. Clears strays."

    def handle(self, **options: Any) -> None:
        if cleared := actions.tidy_lake(now=timezone.now()):
            self.stdout.write(f"{cleared} files that no batch has were removed")
        wrong = [f"{batch.pk} {batch}: {what}, {batch.lake_path}" for batch, what in queries.damaged()]
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write("every batch's file is as it was written")
