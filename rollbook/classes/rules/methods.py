"""The ways to check in behind one interface; a region chooses among them by dated terms (N4.1).

A face is never the only way and never enough by itself (N4.1: another way always exists).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rollbook.classes.rules.positions import Position, metres_between
from rollbook.classes.rules.states import Means
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the terms of a region say of one check-in."""

    before: int  # minutes
    after: int
    late: int
    code_seconds: int
    lock_days: int
    offline_hours: int
    methods: frozenset[str]
    fence: int  # 0 not asked, 1 noted, 2 must be within
    fence_metres: int
    fence_accuracy: int
    face_score: int  # per cent
    confirms_rolls: bool  # a second person does


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFace:
    """What a device says of a face, beside what we know of the person and the challenge."""

    is_set_up: bool  # the person agreed, and a template is kept
    is_fresh: bool  # the event answers a challenge of ours within its seconds
    score: float  # 0 to 1, as is `liveness`
    liveness: float


LEAST_LIVENESS = 0.5  # below it screening takes the face for a picture (D49)
TERM_OF: Mapping[str, str] = {
    Means.CODE: "method-code",
    Means.ROLL_CALL: "method-roll",
    Means.CARD: "method-card",
    Means.FENCE: "method-fence",
    Means.FACE: "method-face",
}


def policy(terms: Mapping[str, int]) -> Policy:
    return Policy(
        before=terms["sign-in-before"],
        after=terms["sign-out-after"],
        late=terms["sign-in-late"],
        code_seconds=terms["code-seconds"],
        lock_days=terms["attendance-lock-days"],
        offline_hours=terms["offline-hours"],
        methods=frozenset(means for means, key in TERM_OF.items() if terms[key]),
        fence=terms["fence"],
        fence_metres=terms["fence-metres"],
        fence_accuracy=terms["fence-accuracy"],
        face_score=terms["face-score"],
        confirms_rolls=bool(terms["roll-confirm"]),
    )


def against_means(means: str, chosen: Policy, *, with_other_proof: bool) -> Iterator[Message]:
    """Why this way of checking in does not count here."""
    if means not in chosen.methods:
        text = _("In this region one does not check in by “{means}”; ask the teacher for another way.")
        yield reason("method-off", text, "N4.1", means=Means(means))
    elif means == Means.FACE and not with_other_proof:
        yield reason("face-alone", _("A face counts only beside the code, a card or the position."), "N4.1")


def against_face(seen: SeenFace | None, chosen: Policy) -> Iterator[Message]:
    """Why a face that a device saw does not count (domain 4; N7.2). It is kept with the first of these as its reason."""
    if seen is None:
        yield reason("face-unproven", _("The device says nothing of the face: no score and no challenge."), "N7.2")
        return
    if not seen.is_set_up:
        yield reason("face-consent", _("The person has not agreed to the use of the face, or has none set up."), "S69")
    if not seen.is_fresh:
        yield reason("face-challenge", _("The face does not answer a challenge of the server within its time."), "N7.2")
    if seen.liveness < LEAST_LIVENESS:
        yield reason("face-liveness", _("The device doubts that the face is of a living person."), "N7.2")
    if seen.score * 100 < chosen.face_score:
        text = _("The face is {percent} % like the one kept; at least {least} % count.")
        yield reason("face-score", text, "N7.2", percent=int(seen.score * 100), least=chosen.face_score)


def against_position(
    here: Position | None, distance: float | None, chosen: Policy, *, is_the_proof: bool
) -> Iterator[Message]:
    """Why a position does not prove presence at the site. `distance` is None where the site has no coordinates."""
    if chosen.fence < 2 and not is_the_proof:
        return
    if here is None:
        yield reason("no-position", _("Allow the phone to give its position, and try again."), "N4.1")
        return
    if here.is_mock:
        yield reason("mock-position", _("The phone says that its position is made up."), "N4.1")
    if here.accuracy is None or here.accuracy > chosen.fence_accuracy:
        text = _("The position is not exact enough: {accuracy} m, and at most {most} m are accepted.")
        yield reason("position-vague", text, "N4.1", accuracy=here.accuracy or "?", most=chosen.fence_accuracy)
    if distance is None:
        if is_the_proof:
            yield reason("site-unplaced", _("The site of this lesson has no coordinates on file."), "N4.1")
    elif is_outside(distance, here.accuracy, chosen.fence_metres):
        text = _("You are {metres} m from the site; {most} m are accepted.")
        yield reason("outside-fence", text, "N4.1", metres=round(distance), most=chosen.fence_metres)


def is_outside(distance: float, accuracy: int | None, fence_metres: int) -> bool:
    """Whether a position lies beyond the fence even by the whole of its inaccuracy."""
    return distance > fence_metres + (accuracy or 0)


def distance(here: Position | None, latitude: float | None, longitude: float | None) -> float | None:
    """Metres between a position and the site on file."""
    if here is None or latitude is None or longitude is None:
        return None
    return metres_between(here.wgs84(), (latitude, longitude))
