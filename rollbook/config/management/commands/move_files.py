"""Bring proofs of leave and photographs of visits that lie as plain files among the evidence: once, after an upgrade."""

from collections.abc import Callable, Iterable

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rollbook.classes import actions as classes
from rollbook.classes import queries as class_queries
from rollbook.institutions import actions as institutions
from rollbook.institutions import queries as institution_queries
from rollbook.kernel.reasons import Refused


class Command(BaseCommand):
    help = "Move proofs of leave and photographs of visits into the store of evidence."

    def handle(self, **options: object) -> None:
        now = timezone.now()
        left = self._moved(
            "proofs of leave", class_queries.proofs_to_move(), lambda pk: classes.move_proof(leave_id=pk, now=now)
        )
        left += self._moved(
            "photographs of visits",
            institution_queries.photos_to_move(),
            lambda pk: institutions.move_photo(photo_id=pk, now=now),
        )
        if left:
            raise CommandError(f"{left} files stay where they are; mend what is said above and run this again.")

    def _moved(self, what: str, ids: Iterable[int], move: Callable[[int], bool]) -> int:
        """Moves each by itself, so that one that cannot be moved stops no other; says how many are left."""
        moved = left = 0
        for pk in ids:
            try:
                moved += move(pk)
            except (Refused, OSError) as error:
                left += 1
                self.stderr.write(f"{what} #{pk}: {error}")
        self.stdout.write(f"{moved} {what} moved")
        return left
