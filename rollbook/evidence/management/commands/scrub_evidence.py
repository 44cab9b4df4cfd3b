from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rollbook.evidence import actions


class Command(BaseCommand):
    help = "Read every byte of evidence and compare it with its digest and the journal; fails where one differs."

    def handle(self, **options: Any) -> None:
        done = actions.scrub(now=timezone.now())
        for one in done.wrong:
            self.stderr.write(f"evidence {one['item']}: {one['what']}")
        if done.wrong:
            raise CommandError(f"{len(done.wrong)} of {done.items} are not as they were stored")
        self.stdout.write(f"{done.items} items, {done.bytes_read} bytes: all as stored")
