"""When the disk of the lake is full: said as such, so that the batch is brought again and not mended."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason

FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


class NoRoom(Refused):
    """Nothing is wrong with the batch: it is taken once there is room."""


@contextmanager
def room() -> Iterator[None]:
    """What is written within either is written whole, or refused for want of room."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        if isinstance(error, OSError) and error.errno not in FULL:
            raise
        text = _("There is no room left to keep the batch; nothing of it was taken. Bring it again once there is room.")
        raise NoRoom(reason("no-room", text, "N3.5")) from error
