from datetime import datetime, timedelta

from rollbook.exchange import queries

KEPT = timedelta(days=1)  # no batch is being read as long as that


def tidy_lake(*, now: datetime) -> int:
    """Remove the files of columns that no batch has; gives how many."""
    found = queries.strays(now - KEPT)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
