"""Double random: which institutions are checked and by whom, drawn so that anyone can draw it again (N11.2, B3; S3 art. 10-12).

Everything of a draw hangs on one seed. A place in the lot is the SHA-256 of `seed:id` for institutions and of
`seed:institution:inspector` for those who go; the smallest come first. Whoever has the seed and both lists gets the same.

Nobody chooses the seed, not even who runs the server: it is the SHA-256 of `secret:figure:lists`. Announced beforehand are the
SHA-256 of the secret, that of the lists, and which public figure will be taken, of a kind that is published by others at
a known time (the numbers of a lottery, as in RFC 3797).
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

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


def lists_digest(percent: int, bodies: Sequence[Mapping[str, Any]], inspectors: Sequence[Mapping[str, Any]]) -> str:
    """The SHA-256 of what is drawn from: JSON with its keys in order, no spaces, and inspectors without their names."""
    said = {
        "percent": percent,
        "institutions": list(bodies),
        "inspectors": [{"id": one["id"], "person": one["person"]} for one in inspectors],
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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


def reasons_against_announcing(
    *,
    title: str,
    source: str,
    bodies: int,
    inspectors: int,
    pairs: int,
    days: int,
    is_ahead: bool,
    still: int,
    is_announced: bool,
) -> Iterator[Message]:
    """Why no draw can be announced yet: a second beside one that is under way would be a choice between two."""
    if not title.strip():
        yield reason("draw-title", _("Say what the check is for."), "N11.2")
    if not source.strip():
        yield reason("draw-source", _("Say which public figure it will be drawn with."), "N11.2")
    if not is_ahead:
        text = _("The figure must become known later than now; else the secret could have been made to fit it.")
        yield reason("draw-moment", text, "N11.2")
    if not bodies:
        yield reason("no-bodies", _("The region has no listed institution."), "N11.2")
    if inspectors < 2:
        yield reason("few-inspectors", _("The region has fewer than two inspectors."), "6.3")
    elif bodies and not pairs:
        yield reason("no-pair", _("For none of the institutions there are two inspectors apart from it."), "6.3")
    if days < 0:
        yield reason("day-past", _("This day is past."))
    if is_announced:
        text = _("A draw is announced and not drawn yet; draw it first.")
        yield reason("draw-announced", text, "N11.2")
    if still:
        text = _("{count} checks of an earlier draw are not published yet; draw again when they are.")
        yield reason("draw-open", text, "N11.2", count=still)


def reasons_against_drawing(
    *, is_drawn: bool, is_due: bool, figure: str, secret_fits: bool, lists_fit: bool
) -> Iterator[Message]:
    """Why what was announced cannot be drawn: once only, with a figure that is known, by what was committed to."""
    if is_drawn:
        yield reason("drawn", _("It is drawn already."), "N11.2")
    if not is_due:
        yield reason("draw-early", _("It is drawn when the figure is known; the announcement says when."), "N11.2")
    if not figure:
        yield reason("draw-figure", _("Enter the figure as it was published."), "N11.2")
    if not secret_fits:
        yield reason("secret-differs", _("The secret is not the one that was announced; nothing is drawn."), "N11.2")
    if not lists_fit:
        yield reason("lists-differ", _("The lists are not those that were announced; nothing is drawn."), "N11.2")


def reasons_against_result(*, in_order: bool, finding: str, days: int, still: bool) -> Iterator[Message]:
    if not still:
        yield reason("published", _("The result is published; it stays as it is."), "N11.2")
    if days > 0:
        yield reason("check-ahead", _("A check lies behind when its result is recorded."), "6.3")
    if not in_order and not finding.strip():
        yield reason("describe", _("Describe what you saw."), "6.3")
