"""Who may do what: one table, in code, so that a change to it is reviewed."""

from enum import StrEnum
from itertools import combinations
from typing import Protocol

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
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
    STUDY_FILE = "study.file"
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
    FACE_ENROL = "face.enrol"  # take the picture of somebody who agreed
    FACE_READ = "face.read"  # counters, checks, deletions
    FACE_SETTLE = "face.settle"  # two persons with one face; the filing
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
        P.FACE_ENROL,
        P.FACE_READ,
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
        P.FACE_READ,
        P.FACE_SETTLE,
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
        P.STUDY_FILE,
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
        P.FACE_READ,
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
