"""What contexts above heard, written down where screening reads it."""

from datetime import datetime

from rollbook.risk.models import Told
from rollbook.risk.rules import Heard


def note_told(*, enrolment_id: int, outcome: Heard, paid_back: bool, source: str, now: datetime) -> None:
    """Within the deed of who called, which is in the journal (D118, D122). The same call twice is one."""
    values = {"enrolment_id": enrolment_id, "outcome": outcome, "paid_back": paid_back, "told_at": now}
    Told.objects.get_or_create(source=source, defaults=values)
