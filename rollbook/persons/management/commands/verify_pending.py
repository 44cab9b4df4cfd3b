from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.persons import actions, queries


class Command(BaseCommand):
    help = "Ask the population service again about everyone who is still pending."

    def handle(self, **options: Any) -> None:
        outcomes = [actions.verify(person_id=person_id, now=timezone.now()) for person_id in queries.pending()]
        still = outcomes.count("pending")
        if outcomes:
            self.stdout.write(f"{len(outcomes) - still} answered, {still} still pending")
