from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.classes import actions
from rollbook.classes.queries import months


class Command(BaseCommand):
    help = "Make the months of the table of check-ins ahead, and move old ones into Parquet files. Daily."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        made = actions.make_months(now=now)
        actions.tidy_event_files(now=now)
        moved = [actions.archive_month(month=one, now=now) for one in months.months_to_archive(timezone.localdate(now))]
        if made or moved:
            self.stdout.write(
                f"{len(made)} months made, {len(moved)} moved out ({sum(one.rows for one in moved)} rows)"
            )
