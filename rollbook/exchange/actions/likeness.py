from datetime import datetime

from django.db import transaction

from rollbook.exchange import queries
from rollbook.persons import actions as persons
from rollbook.persons.rules import Likeness


@transaction.atomic
def find_likely(*, now: datetime) -> int:
    """Compare the whole register with itself, and note for the province which records look like one person or are one
    by the population register; what was noted or put aside before stays as it is. Gives how many are new (N3.1)."""
    changed = [(older, newer, Likeness.NUMBER) for older, newer in queries.changed_numbers()]
    alike = [(older, newer, Likeness.ALIKE) for older, newer in queries.compared()]
    return persons.note_candidates(pairs=[*changed, *alike], now=now)
