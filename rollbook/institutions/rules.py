"""Institutions that may train: what they are, and how one comes into the directory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Kind(Choice):
    VOCATIONAL_COLLEGE = "vocational-college", _("Vocational college")
    TECHNICAL_COLLEGE = "technical-college", _("Technical college")
    PRIVATE_SCHOOL = "private-school", _("Private vocational training school")
    OTHER_SCHOOL = "other-school", _("Other school")
    ENTERPRISE = "enterprise", _("Enterprise")
    SOCIAL_ORGANISATION = "social-organisation", _("Social organisation")


class Nature(Choice):
    PUBLIC = "public", _("Public")
    PRIVATE = "private", _("Private")


class State(Choice):
    DRAFT = "draft", _("In preparation")
    APPLIED = "applied", _("Applied")
    VERIFIED = "verified", _("Verified on site")
    LISTED = "listed", _("In the directory")
    REFUSED = "refused", _("Refused")
    REMOVED = "removed", _("Removed from the directory")


class Move(Choice):
    APPLY = "apply", _("Apply")
    RETURN = "return", _("Return")
    VERIFY = "verify", _("Record the verification")
    APPROVE = "approve", _("Enter in the directory")
    REFUSE = "refuse", _("Refuse")
    REMOVE = "remove", _("Remove from the directory")


LIFECYCLE = Lifecycle(
    {
        (State.DRAFT, Move.APPLY): State.APPLIED,
        (State.APPLIED, Move.RETURN): State.DRAFT,
        (State.VERIFIED, Move.RETURN): State.DRAFT,
        (State.APPLIED, Move.VERIFY): State.VERIFIED,
        (State.VERIFIED, Move.VERIFY): State.VERIFIED,
        (State.VERIFIED, Move.APPROVE): State.LISTED,
        (State.APPLIED, Move.REFUSE): State.REFUSED,
        (State.VERIFIED, Move.REFUSE): State.REFUSED,
        (State.LISTED, Move.REMOVE): State.REMOVED,
        (State.REFUSED, Move.APPLY): State.APPLIED,
    }
)


class PaperKind(Choice):
    LICENCE = "licence", _("School or business licence")
    FIRE = "fire", _("Fire safety certificate")
    HEALTH = "health", _("Health permit")
    SAFETY = "safety", _("Building safety appraisal")
    AGREEMENT = "agreement", _("Training agreement")


class ProjectState(Choice):
    ASKED = "asked", _("Applied for")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RoomKind(Choice):
    CLASSROOM = "classroom", _("Classroom")
    WORKSHOP = "workshop", _("Workshop")
    COMPUTER_ROOM = "computer-room", _("Computer room")


REQUIRED_PAPERS = (PaperKind.LICENCE, PaperKind.FIRE, PaperKind.HEALTH, PaperKind.SAFETY)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

CHECKLIST: dict[str, str] = {
    "address": _("The premises are at the registered address"),
    "rooms": _("Rooms and seats are as filed"),
    "equipment": _("Equipment and work stations are as filed"),
    "fire": _("Exits, extinguishers and signs are in order"),
    "hygiene": _("Hygiene and ventilation are in order"),
    "teachers": _("Teachers were met and their certificates seen"),
    "cameras": _("Cameras cover every room without a blind spot"),
}


def reasons_against_uscc(code: str) -> Iterator[Message]:
    """What is wrong with a unified social credit code (GB 32100-2015)."""
    code = code.strip().upper()
    if len(code) != 18 or any(letter not in LETTERS for letter in code):
        yield reason("uscc-form", _("The code has 18 characters without I, O, S, V or Z."), "GB 32100")
        return
    total = sum(LETTERS.index(letter) * pow(3, n, 31) for n, letter in enumerate(code[:17]))
    if code[17] != LETTERS[-total % 31]:
        yield reason("uscc-check", _("The check character should be {one}."), "GB 32100", one=LETTERS[-total % 31])


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What an institution has on file when it asks to be listed."""

    sites: int
    seats: int
    equipment: int
    teachers: int
    full_time: int
    papers: Sequence[str]  # kinds that are valid today
    projects: Sequence[str]
    teachers_by_project: Mapping[str, int]


def reasons_against_application(app: Application, *, teachers_least: int, full_time_percent: int) -> Iterator[Message]:
    """Everything that is missing before an institution may apply (N2.1, N2.2)."""
    if not app.sites or not app.seats:
        yield reason("no-rooms", _("File at least one site with a room and its seats."), "N2.2")
    if not app.equipment:
        yield reason("no-equipment", _("File the equipment for practice."), "N2.2")
    if not app.projects:
        yield reason("no-projects", _("Ask for at least one project."), "N2.1")
    for kind in REQUIRED_PAPERS:
        if kind not in app.papers:
            yield reason("paper-missing", _("A valid paper is missing: {kind}."), "N2.2", kind=kind)
    for project in app.projects:
        count = app.teachers_by_project.get(project, 0)
        if count < teachers_least:
            text = _("“{project}” has {count} qualified teachers; at least {least} are needed.")
            yield reason("too-few-teachers", text, "N10.1", project=project, count=count, least=teachers_least)
    if app.teachers and app.full_time * 100 < app.teachers * full_time_percent:
        text = _("{full} of {all} teachers are full-time; at least {percent} % must be.")
        figures = {"full": app.full_time, "all": app.teachers, "percent": full_time_percent}
        yield reason("too-few-full-time", text, "N10.1", **figures)


def reasons_against_listing(
    *, visit_passed: bool | None, visit_confirmed: bool, papers_missing: Sequence[str]
) -> Iterator[Message]:
    """Why an institution may not be entered in the directory yet (N4.4)."""
    if visit_passed is None:
        yield reason("no-visit", _("No on-site verification is recorded."), "N4.4")
    elif not visit_passed:
        yield reason("visit-failed", _("The last on-site verification was not passed."), "N4.4")
    elif not visit_confirmed:
        yield reason("visit-unconfirmed", _("The second officer has not confirmed the visit."), "N4.4")
    for kind in papers_missing:
        yield reason("paper-missing", _("A valid paper is missing: {kind}."), "N2.2", kind=PaperKind(kind))


def covers_all(periods: Iterable[tuple[date, date]], first: date, last: date) -> bool:
    """Whether papers together are valid on every day from first to last; a period ends before its second day (N2.2)."""
    day = first
    for begins, ends in sorted(periods):
        if begins <= day:
            day = max(day, ends)
    return day > last
