"""What may be kept as evidence, for how long, and when two pictures are one (N3.7, N4.3; domain 2.6, 2.7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Kind(Choice):
    PHOTO = "photo", _("Photograph")
    PAPER = "paper", _("Paper")
    VIDEO = "video", _("Video")
    RECORDING = "recording", _("Recording of a classroom")


class Keep(Choice):
    """How long the law wants something kept; the months of each are dated terms of the region."""

    RAW = "raw", _("Raw recording")
    VIDEO = "video", _("Video of a lesson")
    FILE = "file", _("Class file")


class Purpose(Choice):
    """Why somebody opens evidence: asked for each time, and written down."""

    REVIEW = "review", _("Review of an application or claim")
    INSPECTION = "inspection", _("Inspection or audit")
    COMPLAINT = "complaint", _("Handling a complaint or objection")
    OWN = "own-records", _("Keeping the records of the institution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What evidence shows, whose it is, and how long it is kept: said by the context that knows."""

    subject: str
    dossier: str
    region_code: str
    institution_id: int | None
    keep: Keep
    keep_until: date
    gigabytes: int  # that the institution may fill


MEGABYTE = 2**20
MOST_BYTES = {Kind.PHOTO: 20 * MEGABYTE, Kind.PAPER: 20 * MEGABYTE, Kind.VIDEO: 512 * MEGABYTE}
MOST_PIXELS = 50_000_000
MOST_UNPACKED = 200 * MEGABYTE  # of an office document
MOST_RATIO = 100  # unpacked to packed, of any one entry
MOST_ENTRIES = 2_000
ALIKE = 5  # bits of 64 in which two pictures of one scene may differ (domain 5.2, D50)
BANDS = 6  # of two hashes at most ALIKE bits apart, one of six parts is the same
PLAIN = 6  # a hash with fewer bits of one kind is of a bare wall or a dark room: alike to all of those


def months_later(day: date, months: int) -> date:
    """The same day some months on; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for back in range(4):
        try:
            return date(year, month + 1, day.day - back)
        except ValueError:
            continue
    raise ValueError(day)


def reasons_against_zip(
    entries: int, unpacked: int, ratio: float, *, has_macros: bool, nested: bool
) -> Iterator[Message]:
    """Why an office document is not unpacked: it would burst, or it runs programs."""
    if entries > MOST_ENTRIES or unpacked > MOST_UNPACKED or ratio > MOST_RATIO:
        yield reason("archive-bomb", _("The document unpacks to far more than it says; it was not opened."))
    if has_macros:
        yield reason("macros", _("The document carries macros; save it without them."))
    if nested:
        yield reason("nested-archive", _("The document carries another archive; send the papers one by one."))


def reasons_against_quota(used: int, more: int, gigabytes: int) -> Iterator[Message]:
    """Whether an institution still has room: what it keeps, and what it wants to add."""
    if used + more > gigabytes * 2**30:
        text = _("{used} MB of {most} GB are used; this needs {more} MB more. Ask the office for room.")
        figures: dict[str, Any] = {"used": used // MEGABYTE, "most": gigabytes, "more": -(-more // MEGABYTE)}
        yield reason("quota", text, **figures)


def reasons_against_removal(keep_until: date, today: date, *, is_held: bool) -> Iterator[Message]:
    """Nothing goes before its time, nor while a case needs it (domain 2.7)."""
    if today <= keep_until:
        yield reason("too-early", _("This must be kept until {until}."), "2.7", until=keep_until)
    if is_held:
        yield reason("held", _("A case needs this: it is kept until the hold is lifted."), "2.7")


def bands(fingerprint: int) -> list[int]:
    """The six parts of a perceptual hash, each with its place, as an index looks them up."""
    bits, found, first = fingerprint & (2**64 - 1), [], 0
    for n in range(BANDS):
        width = 11 if n < 4 else 10
        found.append(n << 11 | (bits >> first) & (2**width - 1))
        first += width
    return found


def distance(one: int, other: int) -> int:
    """In how many bits two hashes differ."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


def is_plain(fingerprint: int) -> bool:
    ones = (fingerprint & (2**64 - 1)).bit_count()
    return ones < PLAIN or ones > 64 - PLAIN
