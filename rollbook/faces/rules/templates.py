"""Templates of faces: consent, how long they are kept, when two are alike, what must be told to whom (domain 4, N7.2).

人脸识别技术应用安全管理办法 (in force 2025-06-01), here "S69": consent of its own, another way always open, the
shortest time, on the device as far as possible, a filing once 100 000 persons' faces are stored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp, log

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

SIZE = 128  # numbers of a vector
TEXT = 4  # the number of the statement that a person agrees to; another wording is another number
CALLS_SINCE = 2  # the statement that first names the call to the camera of a classroom
EXAMS_SINCE = 4  # and the photograph at the door of an examination
LEAST_HEAD = 32  # pixels of a face below which few are counted in a picture of a room (docs/benchmarks.md, Heads)


class Cause(Choice):
    """Why a template was deleted."""

    WITHDRAWN = "withdrawn", _("Consent withdrawn")
    EXPIRED = "expired", _("Its time was over")
    REPLACED = "replaced", _("Replaced by a newer one")
    MERGED = "merged", _("Its record was joined with another")


class Way(Choice):
    """Where a template was made."""

    PHONE = "phone", _("On the person's own phone")
    COUNTER = "counter", _("At the counter, by an officer")


class Purpose(Choice):
    """What a challenge is for."""

    ENROL = "enrol", _("To set a face up")
    CHECK_IN = "check-in", _("To check in")


class Recheck(Choice):
    """What the server found when it compared a capture of a device itself."""

    NONE = "none", _("Not asked for")
    WANTED = "wanted", _("The device is to send the picture")
    AGREES = "agrees", _("Agrees with the device")
    DIFFERS = "differs", _("Differs from the device")
    PENDING = "pending", _("Could not be compared")


OPEN = (Recheck.WANTED, Recheck.PENDING)  # in which the picture is wanted


class Finding(Choice):
    """What a person says of two people whose faces are alike."""

    SAME = "same", _("One person with two records")
    TWO = "two", _("Two persons who look alike")
    UNCLEAR = "unclear", _("Could not be told")


class Compared(Choice):
    """Whether a face before the camera of a classroom, or at the door of an examination, was compared with the one kept."""

    DONE = "done", _("Compared")
    NOT_AGREED = "not-agreed", _("Not compared: no consent to this, or no face set up")
    NO_FACE = "no-face", _("Not compared: no face was near enough to the camera")
    AWAY = "away", _("Not compared: nothing here compares faces now")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the terms of a region say of faces."""

    least_score: int  # per cent
    pair_score: int
    sample_percent: int
    months: int
    alarm: int
    filing: int
    filing_days: int
    nonce_seconds: int
    keeps_pictures: bool
    tries: int


def policy(terms: Mapping[str, int]) -> Policy:
    return Policy(
        least_score=terms["face-score"],
        pair_score=terms["face-pair-score"],
        sample_percent=terms["face-sample-percent"],
        months=terms["face-months"],
        alarm=terms["face-alarm"],
        filing=terms["face-filing"],
        filing_days=terms["face-filing-days"],
        nonce_seconds=terms["face-nonce-seconds"],
        keeps_pictures=bool(terms["face-evidence"]),
        tries=terms["face-tries"],
    )


MIDDLE, STEEP = 0.55, 16.0  # distance at which a pair is as likely as not, and how fast that changes


def score(distance: float) -> float:
    """How sure it is that two vectors are of one person, 0 to 1: 0.6 at a distance of 0.525, 0.85 at 0.44.

    Fitted to the pairs that `benchmarks/faces.py` measures; docs/adapters/faces.md has the errors at each score.
    """
    return 1 / (1 + exp((distance - MIDDLE) * STEEP))


def distance_at(least_score: float) -> float:
    """The distance at which two vectors have this score."""
    return MIDDLE + log(1 / least_score - 1) / STEEP


LEAST_WIDTH = 90  # pixels of the face
LEAST_SHARPNESS = 4.0  # deviation of the Laplacian, of a face brought to 150 pixels: pictures of 92 × 112 still pass
DARK, BRIGHT = 45.0, 220.0  # mean of the grey values
MOST_TURN = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What a picture that a template is made from is like."""

    faces: int
    width: float
    sharpness: float
    brightness: float
    turn: float


def reasons_against_picture(seen: Quality) -> Iterator[Message]:
    """Why no template is made from a picture: all that is wrong with it, each to be mended."""
    if seen.faces == 0:
        yield reason("no-face", _("No face is to be seen: come closer, into the light, without a mask."), "N7.2")
        return
    if seen.faces > 1:
        text = _("{count} faces are to be seen; only the person may be in the picture.")
        yield reason("many-faces", text, "N7.2", count=seen.faces)
    if seen.width < LEAST_WIDTH:
        text = _("The face is {pixels} pixels wide and must be at least {least}: come closer.")
        yield reason("face-small", text, "N7.2", pixels=round(seen.width), least=LEAST_WIDTH)
    if seen.sharpness < LEAST_SHARPNESS:
        yield reason("blurred", _("The picture is blurred: hold still and wipe the lens."), "N7.2")
    if seen.brightness < DARK:
        yield reason("dark", _("The face is too dark: turn toward the light."), "N7.2")
    elif seen.brightness > BRIGHT:
        yield reason("bright", _("The face is too bright: turn away from the lamp or the sun."), "N7.2")
    if abs(seen.turn) > MOST_TURN:
        yield reason("turned", _("The face is turned aside: look straight into the camera."), "N7.2")


def reasons_against_template(*, has_consent: bool, is_set_up: bool) -> Iterator[Message]:
    """Without the person's own consent no template is made (domain 4, S69)."""
    if not is_set_up:
        yield reason("not-set-up", _("Faces are not set up here; check in another way."), "S69")
    if not has_consent:
        text = _("The person has not agreed to the use of the face; only the person can, on the own page.")
        yield reason("no-consent", text, "S69")


def reasons_against_consent(*, agrees: bool, has_consent: bool, is_merged: bool) -> Iterator[Message]:
    """Consent is a tick of its own, once at a time, and of the record that a person is kept under (domain 4, S69)."""
    if not agrees:
        yield reason("not-agreed", _("Tick that you have read it and agree."), "S69")
    if has_consent:
        yield reason("agreed-already", _("You have agreed already."), "S69")
    if is_merged:
        yield reason("merged", _("Your record was joined with another just now; open this page again."), "N3.1")


def reasons_without_template(*, has_template: bool) -> Iterator[Message]:
    if not has_template:
        yield reason("no-face-kept", _("Your face is not set up yet; check in another way."), "N4.1")


CLOCK_SECONDS = 5  # that a device's clock may still be off once its skew is taken away


def is_fresh(happened_at: datetime, issued_at: datetime, expires_at: datetime, skew_seconds: int) -> bool:
    """Whether what a device did lies within the seconds of its challenge; its clock is `skew_seconds` ahead of ours."""
    at, slack = happened_at - timedelta(seconds=skew_seconds), timedelta(seconds=CLOCK_SECONDS)
    return issued_at - slack <= at <= expires_at + slack


CAPTURE_ALIKE = 2  # bits of 64: the same camera sees the same room each day, so that near is not enough


def reasons_against_challenge(*, is_known: bool, is_used: bool, is_over: bool) -> Iterator[Message]:
    """A challenge is for one use, within seconds: what was filmed before answers to none."""
    if not is_known:
        yield reason("challenge-unknown", _("This challenge was not given to you; begin again."), "N7.2")
    elif is_used:
        yield reason("challenge-used", _("This challenge was answered already; begin again."), "N7.2")
    elif is_over:
        yield reason("challenge-over", _("The time for these moves has passed; begin again."), "N7.2")


def reasons_against_trying(failed: int, most: int) -> Iterator[Message]:
    """So that nobody holds one picture after the other before the camera; all other ways stay open (N4.1, D49)."""
    if failed >= most:
        text = _("{count} tries did not pass today. Use the code, the card or the roll call; the face again tomorrow.")
        yield reason("face-tries", text, "N7.2", count=failed)


def reasons_against_finding(finding: str, why: str, *, is_decided: bool) -> Iterator[Message]:
    if is_decided:
        yield reason("decided", _("Another has decided on this pair already."), "N3.7")
    if finding not in Finding.values():
        yield reason("no-finding", _("Say whether it is one person or two."), "N3.7")
    if not why.strip():
        yield reason("finding-why", _("Say what you compared and on what ground."), "N3.7")


def is_sampled(number: int, percent: int) -> bool:
    """Whether a check is compared again on the server; `number` is a keyed digest of the event, so that a device
    cannot tell beforehand."""
    return number % 100 < percent


def sampled_agrees(device_says: bool, server_score: float, least_percent: int) -> bool:
    return device_says == (server_score * 100 >= least_percent)


def reasons_of_count(stored: int, chosen: Policy, *, due_on: date | None, is_filed: bool) -> Iterator[Message]:
    """What the province is told of the number of templates (S69: filing with the cyberspace office)."""
    if stored >= chosen.filing and not is_filed:
        text = _("{stored} persons' faces are stored: file with the cyberspace office of the province by {due_on}.")
        yield reason("filing-due", text, "S69", stored=stored, due_on=due_on or "–")
    elif stored >= chosen.alarm and not is_filed:
        text = _("{stored} persons' faces are stored; from {most} on it must be filed with the cyberspace office.")
        yield reason("filing-near", text, "S69", stored=stored, most=chosen.filing)


def reasons_against_filing(number: str, filed_on: date, today: date) -> Iterator[Message]:
    if not number.strip():
        yield reason("filing-number", _("Give the number under which the cyberspace office has the filing."), "S69")
    if filed_on > today:
        yield reason("filing-future", _("The filing cannot lie in the future."), "S69")
