"""Who may do what: one table, in code, so that a change to it is reviewed."""

import hmac
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Protocol

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, reason
from rollbook.regions.rules import covers


class Permission(StrEnum):
    DEMAND_DRAFT = "demand.draft"
    DEMAND_AGREE = "demand.agree"  # finance of the same level
    DEMAND_PUBLISH = "demand.publish"
    TERMS_SET = "terms.set"
    INSTITUTION_APPLY = "institution.apply"
    INSTITUTION_VERIFY = "institution.verify"
    INSTITUTION_APPROVE = "institution.approve"
    INSTITUTION_RESTRICT = "institution.restrict"
    CLASS_APPLY = "class.apply"
    CLASS_REVIEW = "class.review"
    CLASS_SECOND_REVIEW = "class.second-review"
    ATTENDANCE_TAKE = "attendance.take"
    ATTENDANCE_CORRECT = "attendance.correct"
    ATTENDANCE_APPROVE = "attendance.approve"
    CHECK_IN = "attendance.check-in"
    SCORE_ENTER = "score.enter"
    SCORE_CHANGE_APPROVE = "score.change-approve"
    CERTIFICATE_ISSUE = "certificate.issue"
    CERTIFICATE_REVOKE = "certificate.revoke"
    CLAIM_FILE = "claim.file"
    CLAIM_REVIEW = "claim.review"
    CLAIM_SECOND_REVIEW = "claim.second-review"
    OBJECTION_SETTLE = "objection.settle"
    INSPECTION_PLAN = "inspection.plan"
    INSPECTION_DO = "inspection.do"  # those that were given to the account
    INSPECTION_READ = "inspection.read"
    MEASURE_TAKE = "measure.take"  # a step of the graded ladder
    CASE_READ = "case.read"
    CASE_HANDLE = "case.handle"  # hand over to another authority, conclude
    HOLD_LIFT = "hold.lift"  # let held claims go on
    BUDGET_SET = "budget.set"
    BUDGET_CONFIRM = "budget.confirm"  # the second person of what is done with a budget itself
    BATCH_MAKE = "batch.make"
    BATCH_CHECK = "batch.check"
    BATCH_RELEASE = "batch.release"
    BATCH_COSIGN = "batch.cosign"  # one more signature, where the amount asks for it
    LEDGER_READ = "ledger.read"
    LEDGER_WRITE = "ledger.write"  # differences with the bank, what is to be recovered
    PERSON_SHOW = "person.show"
    PERSON_MERGE = "person.merge"
    JOURNAL_READ = "journal.read"
    EXCHANGE_READ = "exchange.read"  # sources, their batches and how fresh they are
    EXCHANGE_LOAD = "exchange.load"
    EXCHANGE_SET = "exchange.set"  # sources and their contracts
    ACCOUNT_MANAGE = "account.manage"
    ACCOUNT_SECURE = "account.secure"
    CALENDAR_EXTEND = "calendar.extend"
    STATISTICS_READ = "statistics.read"
    ALERT_READ = "alert.read"
    ALERT_SETTLE = "alert.settle"
    ALERT_CONFIRM = "alert.confirm"  # the second pair of eyes
    ALERT_ANSWER = "alert.answer"  # the institution that it concerns
    ALERT_TUNE = "alert.tune"
    LIVE_WATCH = "live.watch"
    LIVE_CHECK = "live.check"  # call a trainee to the camera, count heads
    CAMERA_REGISTER = "camera.register"
    EVIDENCE_READ = "evidence.read"
    EVIDENCE_ADD = "evidence.add"
    EVIDENCE_HOLD = "evidence.hold"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 the name of a permission


class Role(Choice):
    COUNTY_REVIEWER = "county-reviewer", _("County reviewer")
    COUNTY_SECOND_REVIEWER = "county-second-reviewer", _("County second reviewer")
    CITY_OFFICER = "city-officer", _("City officer")
    PROVINCE_OFFICER = "province-officer", _("Province officer")
    COUNTY_FINANCE = "county-finance", _("County finance, checks")
    COUNTY_FINANCE_RELEASER = "county-finance-releaser", _("County finance, releases")
    CITY_FINANCE = "city-finance", _("City finance")
    PROVINCE_FINANCE = "province-finance", _("Province finance")
    INSTITUTION_MANAGER = "institution-manager", _("Institution manager")
    TEACHER = "teacher", _("Teacher")
    WORKER = "worker", _("Worker")
    SUPERVISOR = "supervisor", _("Third-party supervisor")
    AUDITOR = "auditor", _("Auditor")
    SYSTEM_ADMINISTRATOR = "system-administrator", _("System administrator")
    SECURITY_ADMINISTRATOR = "security-administrator", _("Security administrator")
    AUDIT_ADMINISTRATOR = "audit-administrator", _("Audit administrator")


P = Permission
_DIRECTORY = {P.DEMAND_DRAFT, P.DEMAND_PUBLISH, P.TERMS_SET}
_FINANCE = {P.DEMAND_AGREE, P.BUDGET_SET, P.LEDGER_READ, P.LEDGER_WRITE, P.STATISTICS_READ}

GRANTS: dict[Role, set[Permission]] = {
    Role.COUNTY_REVIEWER: {
        *_DIRECTORY,
        P.INSTITUTION_VERIFY,
        P.CLASS_REVIEW,
        P.CLAIM_REVIEW,
        P.BATCH_MAKE,
        P.ATTENDANCE_APPROVE,
        P.PERSON_SHOW,
        P.STATISTICS_READ,
        P.EVIDENCE_READ,
        P.LIVE_WATCH,
        P.LIVE_CHECK,
        P.INSPECTION_PLAN,
        P.INSPECTION_DO,
        P.INSPECTION_READ,
        P.ALERT_SETTLE,
        P.CASE_READ,
    },
    Role.COUNTY_SECOND_REVIEWER: {
        P.INSTITUTION_VERIFY,
        P.INSTITUTION_APPROVE,
        P.INSTITUTION_RESTRICT,
        P.CLASS_SECOND_REVIEW,
        P.CLAIM_SECOND_REVIEW,
        P.OBJECTION_SETTLE,
        P.SCORE_CHANGE_APPROVE,
        P.CERTIFICATE_REVOKE,
        P.PERSON_SHOW,
        P.STATISTICS_READ,
        P.EVIDENCE_READ,
        P.EVIDENCE_HOLD,
        P.LIVE_WATCH,
        P.LIVE_CHECK,
        P.HOLD_LIFT,
        P.INSPECTION_DO,
        P.INSPECTION_READ,
        P.MEASURE_TAKE,
        P.ALERT_SETTLE,
        P.ALERT_CONFIRM,
        P.CASE_READ,
        P.CASE_HANDLE,
    },
    Role.CITY_OFFICER: {
        *_DIRECTORY,
        P.INSTITUTION_VERIFY,
        P.INSTITUTION_RESTRICT,
        P.PERSON_SHOW,
        P.STATISTICS_READ,
        P.JOURNAL_READ,
        P.EVIDENCE_READ,
        P.EVIDENCE_HOLD,
        P.EXCHANGE_READ,
        P.EXCHANGE_LOAD,
        P.LIVE_WATCH,
        P.LIVE_CHECK,
        P.HOLD_LIFT,
        P.INSPECTION_PLAN,
        P.INSPECTION_DO,
        P.INSPECTION_READ,
        P.MEASURE_TAKE,
        P.ALERT_SETTLE,
        P.ALERT_CONFIRM,
        P.ALERT_TUNE,
        P.CASE_READ,
        P.CASE_HANDLE,
    },
    Role.PROVINCE_OFFICER: {
        *_DIRECTORY,
        P.INSTITUTION_RESTRICT,
        P.CERTIFICATE_REVOKE,
        P.PERSON_SHOW,
        P.PERSON_MERGE,
        P.EXCHANGE_READ,
        P.EXCHANGE_LOAD,
        P.EXCHANGE_SET,
        P.STATISTICS_READ,
        P.JOURNAL_READ,
        P.EVIDENCE_READ,
        P.EVIDENCE_HOLD,
        P.LIVE_WATCH,
        P.LIVE_CHECK,
        P.HOLD_LIFT,
        P.INSPECTION_READ,
        P.ALERT_SETTLE,
        P.ALERT_CONFIRM,
        P.ALERT_TUNE,
        P.CASE_READ,
        P.CASE_HANDLE,
    },
    Role.COUNTY_FINANCE: {*_FINANCE, P.BATCH_CHECK},
    Role.COUNTY_FINANCE_RELEASER: {*_FINANCE, P.BATCH_RELEASE, P.BATCH_COSIGN, P.BUDGET_CONFIRM}
    - {P.DEMAND_AGREE, P.BUDGET_SET},
    Role.CITY_FINANCE: {*_FINANCE, P.BATCH_COSIGN, P.BUDGET_CONFIRM},
    Role.PROVINCE_FINANCE: {*_FINANCE, P.BATCH_COSIGN, P.BUDGET_CONFIRM},
    Role.INSTITUTION_MANAGER: {
        P.INSTITUTION_APPLY,
        P.CLASS_APPLY,
        P.ATTENDANCE_TAKE,
        P.ATTENDANCE_CORRECT,
        P.SCORE_ENTER,
        P.CERTIFICATE_ISSUE,
        P.CLAIM_FILE,
        P.TOKEN_MANAGE,
        P.STATISTICS_READ,
        P.EVIDENCE_READ,
        P.EVIDENCE_ADD,
        P.LIVE_WATCH,
        P.CAMERA_REGISTER,
        P.INSPECTION_READ,
        P.ALERT_ANSWER,
    },
    Role.TEACHER: {P.ATTENDANCE_TAKE, P.ATTENDANCE_CORRECT, P.EVIDENCE_READ, P.EVIDENCE_ADD},
    Role.WORKER: {P.CHECK_IN, P.CLAIM_FILE},
    Role.SUPERVISOR: {P.INSPECTION_DO, P.INSPECTION_READ},
    Role.AUDITOR: {
        P.JOURNAL_READ,
        P.LEDGER_READ,
        P.STATISTICS_READ,
        P.EVIDENCE_READ,
        P.EXCHANGE_READ,
        P.LIVE_WATCH,
        P.INSPECTION_READ,
        P.ALERT_READ,
        P.CASE_READ,
    },
    Role.SYSTEM_ADMINISTRATOR: {P.ACCOUNT_MANAGE, P.CALENDAR_EXTEND},
    Role.SECURITY_ADMINISTRATOR: {P.ACCOUNT_SECURE},
    Role.AUDIT_ADMINISTRATOR: {P.JOURNAL_READ},
}

OFFICIALS = frozenset(Role) - {Role.INSTITUTION_MANAGER, Role.TEACHER, Role.WORKER}
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})
APART = ADMINISTRATORS | {Role.SUPERVISOR}  # who see nothing of a region but what they were given
INSTITUTIONAL = frozenset({Role.INSTITUTION_MANAGER, Role.TEACHER})

# Duties that one natural person may never hold together (incompatible posts, S1 art. 25).
_DUTIES: list[set[Role]] = [
    {Role.COUNTY_REVIEWER},
    {Role.COUNTY_SECOND_REVIEWER},
    {Role.COUNTY_FINANCE, Role.CITY_FINANCE, Role.PROVINCE_FINANCE},
    {Role.COUNTY_FINANCE_RELEASER},
    {Role.INSTITUTION_MANAGER, Role.TEACHER},
    {Role.SUPERVISOR},
    {Role.AUDITOR},
    {Role.SYSTEM_ADMINISTRATOR},
    {Role.SECURITY_ADMINISTRATOR},
    {Role.AUDIT_ADMINISTRATOR},
]
TOXIC_PAIRS: frozenset[tuple[Role, Role]] = frozenset(
    (min(a, b), max(a, b)) for one, other in combinations(_DUTIES, 2) for a in one for b in other
)


class Holder(Protocol):
    role: str
    region_code: str
    institution_id: int | None


def holds(by: Holder, permission: Permission) -> bool:
    return permission in GRANTS[Role(by.role)]


def authorise(by: Holder, permission: Permission, *, region_code: str = "", institution_id: int | None = None) -> None:
    """Raise Forbidden unless this account holds the permission over that object.

    Officials hold it within their region; people of an institution for that institution alone.
    A worker's own objects are found through `visible_to`, which is their scope.
    """
    if not holds(by, permission):
        raise Forbidden(permission)
    role = Role(by.role)
    if role in INSTITUTIONAL:
        allowed = institution_id is not None and institution_id == by.institution_id
    elif role == Role.WORKER:
        allowed = True
    else:
        allowed = covers(by.region_code, region_code)
    if not allowed:
        raise Forbidden(permission)


def admit(by: Holder, *permissions: Permission) -> None:
    """Raise Forbidden unless the account holds one of these: for the page of a deed, before it is shown."""
    if not any(holds(by, one) for one in permissions):
        raise Forbidden(permissions[0])


def admit_staff(by: Holder) -> None:
    """Raise Forbidden for trainees and teachers: what others of a class got is not theirs to read (N14.2)."""
    if by.role in (Role.TEACHER, Role.WORKER):
        raise Forbidden("staff")


SCOPES = (
    "classes",
    "attendance",
    "scores",
    "certificates",
    "claims",
    "institution",
    "alerts",
)  # what a token may be for

# Which keys open which part of the API; what is not named here opens to no key (N14.1).
AREAS: dict[str, frozenset[str]] = {
    "directory": frozenset(SCOPES),
    "institutions": frozenset({"institution"}),
    "classes": frozenset({"classes", "attendance"}),
    "assessments": frozenset({"scores"}),
    "certificates": frozenset({"certificates"}),
    "claims": frozenset({"claims"}),
    "alerts": frozenset({"alerts"}),
}


def opens(scopes: Collection[str], area: str) -> bool:
    """Whether a key for these scopes may enter that part of the API."""
    return bool(AREAS.get(area, frozenset()) & set(scopes))


def reasons_against_account(username: str, password: str, toxic: Sequence[str]) -> Iterator[Message]:
    """Why an account cannot be given: names, the password, and incompatible posts (N14.1)."""
    if not username or not username.replace("-", "").replace("_", "").isalnum():
        yield reason("bad-username", _("A user name has letters, digits, - and _ only."))
    if len(password) < 8:
        yield reason("short-password", _("A password has at least 8 characters."))
    for role in toxic:
        text = _("The person already holds “{role}”, which does not go with this role.")
        yield reason("toxic-pair", text, "N14.1", role=Role(role))


def reasons_against_role(role: str, *, has_person: bool, has_institution: bool) -> Iterator[Message]:
    """What a role must belong to: managers and teachers to an institution, a worker to a person."""
    if role not in Role.values():
        yield reason("unknown-role", _("There is no role “{role}”."), "N14.1", role=role)
    if (role in INSTITUTIONAL) != has_institution:
        yield reason("role-institution", _("Managers and teachers belong to an institution, nobody else."), "N14.1")
    if role == Role.WORKER and not has_person:
        yield reason("role-person", _("A worker's account belongs to a person."), "N14.1")


def reasons_against_closing(*, own: bool) -> Iterator[Message]:
    if own:
        yield reason("own-account", _("Nobody closes their own account; ask another administrator."), "N14.1")


class Guess(Choice):
    """What was given wrongly when signing in."""

    PASSWORD = "password", _("Password")
    CODE = "code", _("Code of the second factor")


LOCK_AFTER = 5  # wrong passwords, or codes, in a row
LOCK_MINUTES = 15


def reasons_against_change(role: str, *, was: str, own: bool) -> Iterator[Message]:
    """Why an account cannot go from one office to another (N14.1)."""
    if own:
        yield reason("own-account", _("Nobody changes their own account; ask another administrator."), "N14.1")
    if role not in OFFICIALS or was not in OFFICIALS:
        yield reason("role-office", _("Here only the roles of an office are given."), "N14.1")


def reasons_against_unlocking(*, locked: bool, own: bool) -> Iterator[Message]:
    if own:
        yield reason("own-account", _("Nobody unlocks their own account; ask another administrator."), "N14.1")
    if not locked:
        yield reason("not-locked", _("This account is not locked."))


@dataclass(frozen=True, slots=True)
class Ticket:
    """That a person has signed in on a phone, carried by the phone itself: for check-ins, which come by the
    hundred a second. Whoever acts on it asks the database in the same step whether the session still stands."""

    account_id: int
    person_id: int
    expires: int  # seconds of the epoch
    session: str  # SHA-256 of the session's key

    def signed(self, secret: bytes) -> str:
        text = f"{self.account_id}.{self.person_id}.{self.expires}.{self.session}"
        return f"{text}.{_signature(secret, text)}"


def read_ticket(secret: bytes, text: str, now: float) -> Ticket | None:
    """The ticket, when it is ours and has not run out."""
    body, _dot, signature = text.rpartition(".")
    if not hmac.compare_digest(_signature(secret, body).encode(), signature.encode()):
        return None
    account, person, expires, session = body.split(".")
    return Ticket(int(account), int(person), int(expires), session) if int(expires) > now else None


def _signature(secret: bytes, text: str) -> str:
    return hmac.digest(secret, b"ticket:" + text.encode(), "sha256").hex()
