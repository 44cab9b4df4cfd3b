from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rollbook.classes import actions, queries
from rollbook.classes.queries import clock
from rollbook.kernel.reasons import Refused


class Command(BaseCommand):
    help = (
        "Do what the calendar does: consent by silence, start, freeze, close attendance, end; go on with files cut off."
    )

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        today = timezone.localdate(now)
        deemed = sum(actions.approve_by_silence(class_id=pk, now=now) for pk in clock.past_limit(today))
        started = [actions.start_class(by=None, class_id=pk, now=now) for pk in clock.to_start(today)]
        frozen = sum(actions.freeze_roster(class_id=pk, now=now) for pk in clock.to_freeze())
        closed = [actions.close_attendance(lesson_id=pk, now=now) for pk in clock.to_close(now)]
        ended = 0
        for pk in clock.to_end(now):
            try:
                actions.end_class(by=None, class_id=pk, now=now)
                ended += 1
            except Refused:
                continue
        for pk in queries.event_files_cut_off(now):
            actions.go_on_with_file(by=None, file_id=pk, now=now)
        if deemed or started or frozen or closed or ended:
            self.stdout.write(
                f"{deemed} deemed approved, {len(started)} started, {frozen} rosters frozen, "
                f"{len(closed)} lessons closed, {ended} ended"
            )
