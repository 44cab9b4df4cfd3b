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


MONEY = _("Subsidies and funds")

PAGES: list[Page] = [
    page(MONEY, "subsidies:class_list", _("Classes to claim for"), "school", MANAGER),
    page(
        MONEY, "subsidies:claim_queue", _("Claims to review"), "list-check", may(P.CLAIM_REVIEW, P.CLAIM_SECOND_REVIEW)
    ),
    page(MONEY, "subsidies:claim_list", _("Claims"), "receipt", OFFICE, MANAGER, FINANCE),
    page(MONEY, "subsidies:publicity_list", _("Publicity"), "world-share", may(P.CLAIM_REVIEW, P.OBJECTION_SETTLE)),
    page(MONEY, "subsidies:objection_list", _("Objections"), "message-report", may(P.CLAIM_REVIEW, P.OBJECTION_SETTLE)),
    page(MONEY, "funds:balance_list", _("Budgets and balances"), "building-bank", may(P.LEDGER_READ, P.BATCH_MAKE)),
    page(MONEY, "funds:batch_list", _("Payment batches"), "cash", may(P.LEDGER_READ, P.BATCH_MAKE)),
    page(MONEY, "funds:return_list", _("Files of the bank"), "file-dollar", may(P.LEDGER_READ, P.BATCH_MAKE)),
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
