from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from rollbook.classes import actions, queries


class Command(BaseCommand):
    help = "Work out the attendance of a class again from its check-ins, leave and corrections."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("class_id", type=int)
        parser.add_argument("--check", action="store_true", help="only say what differs, and fail if anything does")

    def handle(self, class_id: int, check: bool, **options: Any) -> None:
        if not check:
            changed = actions.recompute_attendance(class_id=class_id, now=timezone.now())
            self.stdout.write(f"{changed} marks changed")
            return
        found = queries.differences(class_id)
        for one in found:
            self.stdout.write(f"lesson {one.lesson_id}, enrolment {one.enrolment_id}: {one.was} → {one.presence}")
        if found:
            raise CommandError(f"{len(found)} marks differ")
        self.stdout.write("Every mark agrees with its events.")
