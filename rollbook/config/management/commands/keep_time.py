"""What the clock sets off, for as long as the site is served."""

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import close_old_connections

# Command, and how often in seconds. Each does nothing when nothing is due, so often is harmless.
SCHEDULE = (
    ("exchange_with_bank", 15),
    ("send_notices", 60),
    ("receive_facts", 30),
    ("find_likely", 86_400),
    ("daily_classes", 300),
    ("keep_check_ins", 3600),
    ("daily_subsidies", 300),
    ("daily_funds", 300),
    ("verify_pending", 120),
    ("seal_journal", 3600),
    ("expire_evidence", 3600),
    ("scrub_evidence", 86_400),
    ("verify_lake", 86_400),
    ("verify_check_ins", 86_400),
    ("tidy_cameras", 120),
    ("file_gaps", 3600),
    ("sample_classrooms", 120),
    ("tidy_jobs", 600),
    ("tidy_faces", 3600),
    ("find_candidates", 86_400),
    ("screen_everyone", 1800),
)


class Command(BaseCommand):
    help = "Run what is due, again and again, until stopped."

    def handle(self, **options: Any) -> None:
        due = dict.fromkeys((name for name, _ in SCHEDULE), time.monotonic() + 10)
        while True:
            for name, seconds in SCHEDULE:
                if time.monotonic() >= due[name]:
                    due[name] = time.monotonic() + seconds
                    self.run_due(name)
            time.sleep(1)

    def run_due(self, name: str) -> None:
        """A command that fails is told and tried again at its next time."""
        close_old_connections()
        try:
            call_command(name, stdout=self.stdout, stderr=self.stderr)
        except Exception as error:
            self.stderr.write(f"{name}: {error!r}")
