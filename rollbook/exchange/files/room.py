"""When a disk is full, the lake's or the database's: said as such, so that the batch is brought again and not mended."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from django.db import OperationalError
from psycopg.errors import DiskFull

from rollbook.database.full import is_full
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NoRoom, reason

FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@contextmanager
def room() -> Iterator[None]:
    """What is written within either is written whole, or refused for want of room."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException, OperationalError, DiskFull) as error:
        if not _is_full(error):
            raise
        text = _(
            "There is no room left to keep the batch; nothing of it was taken. Tell whoever runs "
            "the system, and bring it again once there is room."
        )
        raise NoRoom(reason("no-room", text, "N3.5")) from error


def _is_full(error: Exception) -> bool:
    match error:
        case OSError(errno=number):
            return number in FULL
        case OperationalError():
            return is_full(error)
    return True
