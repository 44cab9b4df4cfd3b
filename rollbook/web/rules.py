"""Work that goes on without its page: what state it is in, and how much of it one account may have."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

AT_ONCE = 2_000  # rows that are exported while the page waits
TAKEN_AT_ONCE = 300  # rows of a file that are taken in while the page waits
MOST_ROWS = 1_000_000  # a sheet of Excel holds 1 048 576
MOST_OPEN = 3  # exports of one account at one time
KEPT = timedelta(days=7)  # the file of an export, and its line under "My jobs"
ANSWERS_KEPT = timedelta(days=7)  # of deeds over the API, for whoever asks again
KEY_LENGTHS = range(8, 65)  # of the keys that systems choose for their deeds
SILENCE = timedelta(minutes=10)  # after which a job without progress was cut off
MOST_VIEWS = 20  # saved filters of one account on one page


class JobState(Choice):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Under way")
    DONE = "done", _("File ready")
    FAILED = "failed", _("Not made")


def legible(query: str) -> str:
    """The filters of an address as a person reads them."""
    return "; ".join(f"{name}={value}" for name, value in parse_qsl(query))


MOST_TOLD = 20  # of what is wrong with a file that was to be taken in

OPEN = (JobState.WAITING, JobState.RUNNING)


def reasons_against_job(open_jobs: int) -> Iterator[Message]:
    if open_jobs >= MOST_OPEN:
        text = _("{count} of your jobs are still under way; wait for one of them.")
        yield reason("too-many-jobs", text, count=open_jobs)


def reasons_against_rows(rows: int) -> Iterator[Message]:
    if rows > MOST_ROWS:
        yield reason("too-many-rows-out", _("A file holds at most {most} rows; narrow the list."), most=MOST_ROWS)


def reasons_against_view(name: str, others: int) -> Iterator[Message]:
    """Why filters cannot be saved under a name; the same name again takes the place of the former."""
    if not name:
        yield reason("view-name", _("Give these filters a name."))
    if others >= MOST_VIEWS:
        yield reason("too-many-views", _("A page keeps at most {most} saved views; remove one."), most=MOST_VIEWS)


def reasons_against_key(key: str, *, asked: str, before: str) -> Iterator[Message]:
    """A key is for one deed: sent again it gets the answer of then, for another deed it is refused."""
    if len(key) not in KEY_LENGTHS:
        text = _("An idempotency key has from {least} to {most} characters.")
        yield reason("key-length", text, least=KEY_LENGTHS[0], most=KEY_LENGTHS[-1])
    if before not in ("", asked):
        yield reason("key-used", _("This idempotency key was sent with another request before; choose a new one."))
