"""The dossier of a class: its parts, and what is missing of each (N4.1, N4.3; domain 2.2, 2.7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a dossier. `name` is its file's."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    missing: Sequence[Message] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How far a class has come and what is on file of it."""

    state: str
    trainees: int
    commitments: int  # of trainees
    has_own_commitment: bool
    lessons_over: int
    lessons_open: int  # over, their attendance not closed
    lessons_without_photos: int
    lessons_without_recording: int
    inspections: int  # on site, signed by both
    unsigned: int
    is_locked: bool
    certificates: int
    entitled: int  # to a certificate
    claims: int
    unpaid: int
    holds: int
    gone: int  # pieces of evidence whose time is over


ORDER = ("draft", "submitted", "reviewed", "approved", "running", "ended", "assessed")


def lacking(stand: Stand) -> dict[str, list[Message]]:
    """What a dossier lacks by the stage that the class has reached, by the name of the part."""
    stage = ORDER.index(stand.state) if stand.state in ORDER else 0
    return {
        "commitments": list(_commitments(stand)) if stage >= ORDER.index("submitted") else [],
        "attendance": [
            reason("attendance-open", _("{n} lessons are over and their attendance is open."), "2.5", n=stand.lessons_open)
        ]
        if stand.lessons_open
        else [],
        "evidence": list(_evidence(stand)),
        "inspections": list(_inspections(stand)) if stage >= ORDER.index("ended") else [],
        "scores": [reason("not-locked", _("The results are not locked."), "N5.1")]
        if stage == ORDER.index("ended")
        else [],
        "certificates": [
            reason("certificates", _("{n} trainees passed and have no certificate."), "N5.2", n=stand.entitled - stand.certificates)
        ]
        if stand.is_locked and stand.entitled > stand.certificates
        else [],
        "claims": list(_claims(stand)) if stand.is_locked else [],
    }  # fmt: skip


def _commitments(stand: Stand) -> Iterator[Message]:
    if not stand.has_own_commitment:
        yield reason("own-commitment", _("The institution's commitment is missing."), "N4.6")
    if stand.commitments < stand.trainees:
        text = _("{n} trainees have signed no commitment.")
        yield reason("commitments", text, "N4.6", n=stand.trainees - stand.commitments)


def _evidence(stand: Stand) -> Iterator[Message]:
    if stand.lessons_without_photos:
        text = _("{n} of {all} lessons have too few photographs.")
        yield reason("photos", text, "2.6", n=stand.lessons_without_photos, all=stand.lessons_over)
    if stand.lessons_without_recording:
        text = _("{n} of {all} lessons have no recording.")
        yield reason("recordings", text, "2.6", n=stand.lessons_without_recording, all=stand.lessons_over)
    if stand.gone:
        yield reason("gone", _("The bytes of {n} pieces are past their time and removed."), "2.7", n=stand.gone)


def _inspections(stand: Stand) -> Iterator[Message]:
    if not stand.inspections:
        yield reason("no-inspection", _("The class was never inspected on site."), "6.3")
    if stand.unsigned:
        yield reason("unsigned", _("{n} inspections are not signed by both."), "6.3", n=stand.unsigned)


def _claims(stand: Stand) -> Iterator[Message]:
    if stand.holds:
        yield reason("held", _("Claims of the class are held."), "N14.1")
    if not stand.claims:
        yield reason("no-claims", _("Nothing was claimed for this class."), "N16.2")
    elif stand.unpaid:
        yield reason("unpaid", _("{n} of {all} claims are not paid."), "N16.3", n=stand.unpaid, all=stand.claims)
