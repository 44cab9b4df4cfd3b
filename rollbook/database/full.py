"""Whether the database said that its disk is full: what it was to write is then rolled back, whole."""

from psycopg.errors import DiskFull


def is_full(error: BaseException | None) -> bool:
    """Django keeps the driver's error as the cause of its own."""
    return isinstance(error, DiskFull) or isinstance(getattr(error, "__cause__", None), DiskFull)
