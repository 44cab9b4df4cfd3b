"""The pages that the menu offers, by the life of training; a role sees only what it can use."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from rollbook.accounts.rules import GRANTS, Permission, Role
from rollbook.kernel.messages import _

P = Permission
OFFICE = {
    Role.COUNTY_REVIEWER,
    Role.COUNTY_SECOND_REVIEWER,
    Role.CITY_OFFICER,
    Role.PROVINCE_OFFICER,
    Role.AUDITOR,
}
MANAGER = {Role.INSTITUTION_MANAGER}
FINANCE = {
    Role.COUNTY_FINANCE,
    Role.COUNTY_FINANCE_RELEASER,
    Role.CITY_FINANCE,
    Role.PROVINCE_FINANCE,
}


@dataclass(frozen=True, slots=True)
class Page:
    group: str
    url_name: str
    label: str
    icon: str  # of Tabler
    roles: frozenset[Role]  # who is offered it; what they may do there is for the actions


def page(group: str, url_name: str, label: str, icon: str, *roles: set[Role]) -> Page:
    return Page(group, url_name, label, icon, frozenset().union(*roles))


def may(*permissions: Permission) -> set[Role]:
    return {role for role, granted in GRANTS.items() if granted & set(permissions)}


ALL_STAFF = OFFICE | MANAGER | FINANCE
ADMINISTRATORS = may(P.ACCOUNT_MANAGE, P.ACCOUNT_SECURE) | {Role.AUDIT_ADMINISTRATOR}
PAGES: list[Page] = [
    page(_("Work"), "reports:workbench", _("Workbench"), "layout-dashboard", ALL_STAFF | ADMINISTRATORS),
    page(_("Work"), "portal:me", _("My training"), "school", {Role.WORKER}),
    page(
        _("Work"),
        "web:job_list",
        _("My jobs"),
        "file-download",
        ALL_STAFF | may(P.JOURNAL_READ, P.ACCOUNT_MANAGE, P.ACCOUNT_SECURE),
    ),
    page(_("Directories"), "directory:list_list", _("Demand directories"), "list-search", ALL_STAFF),
    page(_("Directories"), "subsidies:policy_list", _("Subsidy policies"), "gavel", ALL_STAFF),
    page(_("Directories"), "directory:term_list", _("Dated terms"), "calendar-cog", OFFICE | FINANCE),
    page(_("Directories"), "institutions:institution_list", _("Institutions"), "building", OFFICE | MANAGER),
    page(_("Classes"), "classes:class_list", _("Classes"), "school", OFFICE | MANAGER | {Role.TEACHER}),
    page(
        _("Classes"),
        "classes:review_queue",
        _("Classes to review"),
        "clipboard-check",
        may(P.CLASS_REVIEW, P.CLASS_SECOND_REVIEW),
    ),
    page(_("Classes"), "classes:today", _("Lessons today"), "calendar-event", may(P.ATTENDANCE_TAKE)),
    page(_("Classes"), "classes:app", _("Roll call on this phone"), "device-mobile-check", may(P.ATTENDANCE_TAKE)),
    page(_("Classes"), "classes:asks", _("Requests"), "message-question", may(P.ATTENDANCE_APPROVE) | MANAGER),
    page(
        _("Classes"), "classes:make_up_list", _("Make-up lessons"), "calendar-repeat", OFFICE | MANAGER | {Role.TEACHER}
    ),
    page(_("Classes"), "classes:device_list", _("Attendance devices"), "device-tablet", OFFICE | MANAGER),
    page(_("Assessment and certificates"), "assessment:assessment_list", _("Assessment"), "pencil", OFFICE | MANAGER),
    page(
        _("Assessment and certificates"),
        "assessment:duties",
        _("My duties in sittings"),
        "user-scan",
        MANAGER | {Role.TEACHER},
    ),
    page(
        _("Assessment and certificates"),
        "certificates:certificate_list",
        _("Certificates"),
        "certificate",
        OFFICE | MANAGER | {Role.WORKER},
    ),
    page(_("Subsidies and funds"), "subsidies:claim_list", _("Claims"), "coin-yuan", ALL_STAFF),
    page(
        _("Subsidies and funds"),
        "subsidies:review_queue",
        _("Claims to review"),
        "checklist",
        may(P.CLAIM_REVIEW, P.CLAIM_SECOND_REVIEW),
    ),
    page(_("Subsidies and funds"), "subsidies:class_list", _("Classes to claim for"), "school", MANAGER),
    page(
        _("Subsidies and funds"),
        "subsidies:paper_list",
        _("Papers of proof"),
        "file-certificate",
        may(P.CLAIM_REVIEW, P.CLAIM_SECOND_REVIEW) | MANAGER,
    ),
    page(_("Subsidies and funds"), "subsidies:apprenticeship_list", _("New apprenticeships"), "tools", ALL_STAFF),
    page(
        _("Subsidies and funds"),
        "subsidies:publicity_list",
        _("Publicity"),
        "world-share",
        may(P.CLAIM_REVIEW, P.OBJECTION_SETTLE),
    ),
    page(
        _("Subsidies and funds"),
        "persons:organisation_list",
        _("Employers and institutions that are paid"),
        "building-bank",
        may(P.CLAIM_REVIEW, P.LEDGER_READ),
    ),
    page(
        _("Subsidies and funds"),
        "subsidies:objection_list",
        _("Objections"),
        "message-report",
        may(P.CLAIM_REVIEW, P.OBJECTION_SETTLE),
    ),
    page(
        _("Subsidies and funds"),
        "fees:sign_up_list",
        _("Payments of trainees"),
        "receipt",
        ALL_STAFF,
    ),
    page(_("Work"), "fees:mine", _("My payments"), "receipt", {Role.WORKER}),
    page(
        _("Subsidies and funds"),
        "subsidies:simulation_list",
        _("Simulator"),
        "chart-histogram",
        may(P.STATISTICS_READ) - MANAGER,
    ),
    page(
        _("Subsidies and funds"),
        "subsidies:accuracy",
        _("Paid against due"),
        "scale-outline",
        may(P.STATISTICS_READ, P.LEDGER_READ) - MANAGER,
    ),
    page(_("Subsidies and funds"), "subsidies:to_pay", _("Claims to pay"), "stack-2", may(P.BATCH_MAKE)),
    page(
        _("Subsidies and funds"),
        "funds:batch_list",
        _("Payment batches"),
        "cash-banknote",
        may(P.BATCH_MAKE, P.LEDGER_READ),
    ),
    page(
        _("Subsidies and funds"), "funds:balances", _("Budgets and balances"), "scale", may(P.BATCH_MAKE, P.LEDGER_READ)
    ),
    page(
        _("Subsidies and funds"),
        "funds:statement_list",
        _("Statements of the bank"),
        "file-invoice",
        may(P.LEDGER_WRITE) | {Role.AUDITOR},
    ),
    page(
        _("Subsidies and funds"),
        "subsidies:proposal_list",
        _("Proposed recoveries"),
        "receipt-off",
        may(P.BATCH_MAKE, P.LEDGER_READ),
    ),
    page(
        _("Subsidies and funds"),
        "funds:recovery_list",
        _("Recoveries"),
        "receipt-refund",
        may(P.BATCH_MAKE, P.LEDGER_READ),
    ),
    page(
        _("Subsidies and funds"),
        "funds:order_list",
        _("Transfers and freezes"),
        "transfer",
        may(P.BUDGET_SET, P.BUDGET_CONFIRM) | {Role.AUDITOR},
    ),
    page(
        _("Subsidies and funds"),
        "funds:closing_list",
        _("Closed months"),
        "calendar-check",
        may(P.BUDGET_CONFIRM) | {Role.AUDITOR},
    ),
    page(
        _("Subsidies and funds"),
        "funds:return_list",
        _("Files of the bank"),
        "file-dollar",
        may(P.BATCH_MAKE, P.LEDGER_READ),
    ),
    page(
        _("Subsidies and funds"), "funds:band_list", _("Signatures for large amounts"), "signature", may(P.BUDGET_SET)
    ),
    page(
        _("Supervision"),
        "supervision:task_list",
        _("Inspections"),
        "clipboard-search",
        may(P.INSPECTION_READ) - MANAGER,
    ),
    page(_("Supervision"), "supervision:draw_list", _("Draws"), "dice-5", may(P.INSPECTION_READ) - MANAGER),
    page(_("Supervision"), "supervision:inspection_list", _("Findings"), "report-search", may(P.INSPECTION_READ)),
    page(
        _("Supervision"),
        "supervision:measure_list",
        _("Measures"),
        "stairs-up",
        may(P.INSPECTION_READ) - {Role.SUPERVISOR},
    ),
    page(_("Supervision"), "supervision:case_list", _("Cases"), "briefcase", may(P.CASE_READ)),
    page(_("Supervision"), "live:wall", _("Live classrooms"), "device-cctv", may(P.LIVE_WATCH)),
    page(_("Supervision"), "live:recording_list", _("Recordings"), "movie", may(P.LIVE_WATCH)),
    page(_("Supervision"), "live:camera_list", _("Cameras"), "camera-cog", may(P.LIVE_WATCH)),
    page(_("Supervision"), "faces:overview", _("Faces"), "face-id", may(P.FACE_READ)),
    page(_("Supervision"), "faces:pair_list", _("Two persons, one face"), "users", may(P.FACE_SETTLE)),
    page(_("Supervision"), "faces:counter", _("Set a face up at the counter"), "camera-plus", may(P.FACE_ENROL)),
    page(_("Supervision"), "evidence:item_list", _("Evidence"), "photo-shield", may(P.EVIDENCE_READ)),
    page(
        _("Supervision"),
        "evidence:pair_list",
        _("Pictures used again"),
        "copy-check",
        may(P.EVIDENCE_READ) - MANAGER - {Role.TEACHER},
    ),
    page(
        _("Supervision"),
        "evidence:hold_list",
        _("Legal holds"),
        "gavel",
        may(P.EVIDENCE_READ) - MANAGER - {Role.TEACHER},
    ),
    page(
        _("Facts received"),
        "exchange:contract_list",
        _("Sources and freshness"),
        "plug-connected",
        may(P.EXCHANGE_READ),
    ),
    page(_("Facts received"), "exchange:batch_list", _("Batches of facts"), "packages", may(P.EXCHANGE_READ)),
    page(
        _("Facts received"),
        "exchange:refusal_list",
        _("Deliveries not taken"),
        "package-off",
        may(P.EXCHANGE_READ),
    ),
    page(
        _("Risk"),
        "risk:alert_list",
        _("Alerts"),
        "alert-triangle",
        may(P.ALERT_SETTLE, P.ALERT_CONFIRM, P.ALERT_READ, P.ALERT_ANSWER),
    ),
    page(
        _("Risk"), "risk:detector_list", _("Detectors"), "radar-2", may(P.ALERT_SETTLE, P.ALERT_CONFIRM, P.ALERT_READ)
    ),
    page(_("Statistics"), "reports:statistics", _("Statistics"), "chart-bar", may(P.STATISTICS_READ)),
    page(_("Settings"), "reports:journal", _("Journal"), "history", may(P.JOURNAL_READ)),
    page(_("Settings"), "persons:account_list", _("Accounts"), "users", may(P.ACCOUNT_MANAGE, P.ACCOUNT_SECURE)),
    page(_("Settings"), "accounts:token_list", _("API keys"), "key", may(P.TOKEN_MANAGE)),
    page(_("Settings"), "persons:person_list", _("Persons"), "id", may(P.PERSON_SHOW)),
    page(_("Settings"), "directory:calendar", _("Working-day calendar"), "calendar", may(P.CALENDAR_EXTEND) | OFFICE),
]


def offered(role: str) -> Iterator[Page]:
    return (page for page in PAGES if role in page.roles)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """For every template: the groups of pages that this account is offered, and where we are."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    groups: dict[str, list[dict[str, Any]]] = {}
    here = request.resolver_match.view_name if request.resolver_match else ""
    for one in offered(request.user.role):
        row = {"page": one, "url": reverse(one.url_name), "here": one.url_name == here}
        groups.setdefault(one.group, []).append(row)
    return {"navigation": groups}
