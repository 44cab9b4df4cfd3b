"""Double random: which institutions are checked and by whom, drawn so that anyone can draw it again (N11.2, B3; S3 art. 10-12).

Everything of a draw hangs on one seed. A place in the lot is the SHA-256 of `seed:id` for institutions and of
`seed:institution:inspector` for those who go; the smallest come first. Whoever has the seed and both lists gets the same.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


@dataclass(frozen=True, slots=True)
class Body:
    """An institution that may be drawn. `waits`: not checked for as long as everyone has to be within."""

    id: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Inspector:
    """Somebody who may be sent. `person` is None where the account has none on file."""

    id: int
    person: int | None


def lot(*parts: object) -> str:
    return hashlib.sha256(":".join(str(one) for one in parts).encode()).hexdigest()


def drawn_bodies(bodies: Collection[Body], percent: int, seed: str) -> list[int]:
    """So many of the hundred, those that wait before those checked lately, so that everyone's turn comes (N11.2)."""
    ranked = sorted(bodies, key=lambda one: (not one.waits, lot(seed, one.id)))
    return [one.id for one in ranked[: ceil(len(bodies) * percent / 100)]]


def drawn_pairs(
    institutions: Sequence[int], inspectors: Collection[Inspector], apart: Mapping[int, Collection[int]], seed: str
) -> dict[int, tuple[int, int]]:
    """Two for each institution, of those sent least so far the first of the lot; never one who is of the institution
    (`apart`: its persons), never two accounts of one person. An institution for which there are no two is left out."""
    sent = {one.id: 0 for one in inspectors}
    pairs = {}
    for institution in institutions:
        free = [one for one in inspectors if one.person is None or one.person not in apart.get(institution, ())]
        free.sort(key=lambda one: (sent[one.id], lot(seed, institution, one.id)))
        if not free:
            continue
        first = free[0]
        second = next((one for one in free[1:] if one.person is None or one.person != first.person), None)
        if second is None:
            continue
        pairs[institution] = (first.id, second.id)
        for one in (first, second):
            sent[one.id] += 1
    return pairs


def reasons_against_draw(*, title: str, bodies: int, inspectors: int, days: int, still: int) -> Iterator[Message]:
    """Why nothing can be drawn yet: a second draw beside one that is under way would be a choice between two."""
    if not title.strip():
        yield reason("draw-title", _("Say what the check is for."), "N11.2")
    if not bodies:
        yield reason("no-bodies", _("The region has no listed institution."), "N11.2")
    if inspectors < 2:
        yield reason("few-inspectors", _("The region has fewer than two inspectors."), "6.3")
    if days < 0:
        yield reason("day-past", _("This day is past."))
    if still:
        text = _("{count} checks of an earlier draw are not published yet; draw again when they are.")
        yield reason("draw-open", text, "N11.2", count=still)


def reasons_against_result(*, in_order: bool, finding: str, days: int, still: bool) -> Iterator[Message]:
    if not still:
        yield reason("published", _("The result is published; it stays as it is."), "N11.2")
    if days > 0:
        yield reason("check-ahead", _("A check lies behind when its result is recorded."), "6.3")
    if not in_order and not finding.strip():
        yield reason("describe", _("Describe what you saw."), "6.3")
