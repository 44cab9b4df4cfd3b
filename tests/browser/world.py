"""Every page of the site, each with a role that reads it."""

import re

from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.config.navigation import PAGES
from tests.test_matrix import SEEN
from tests.world import County, filled, patterns

PUBLIC = (
    "home", "account_login", "portal:demand", "portal:open_classes", "portal:institutions", "portal:apply", "portal:publicity_list",
    "portal:disclosure", "portal:policies", "portal:verify", "web:gallery",
)  # fmt: skip
PUBLIC_OBJECTS = (
    "open/publicity/<int:publicity_id>/",
    "open/policies/<int:version_id>/",
    "open/objections/<int:claim_id>/",
    "verify/<str:token>/",
    "verify/receipts/<str:receipt_token>/",
)
# Pages that look otherwise to those who have a part in them.
BY_ROLE = {
    "classes/<int:class_id>/": (Role.INSTITUTION_MANAGER, Role.COUNTY_REVIEWER, Role.WORKER),
    "institutions/<int:institution_id>/": (Role.INSTITUTION_MANAGER, Role.COUNTY_SECOND_REVIEWER),
    "claims/<int:claim_id>/": (Role.WORKER, Role.COUNTY_REVIEWER),
    "classes/lessons/<int:lesson_id>/": (Role.TEACHER,),
    "funds/batches/<int:batch_id>/": (Role.COUNTY_FINANCE,),
    "funds/recoveries/<int:recovery_id>/": (Role.COUNTY_FINANCE,),
    "funds/transactions/<uuid:transaction_id>/": (Role.COUNTY_FINANCE,),
}
FILES = re.compile(r"\.(pdf|svg|js)$|/thumb/$|/file/$")
ORDER = list(Role)


def pages(county: County) -> list[tuple[str, Role | None]]:
    """Each address that shows a page, with who reads it; None stands for the public."""
    found: list[tuple[str, Role | None]] = [(reverse(name), None) for name in PUBLIC]
    found += [(filled(route, county.ids), None) for route in PUBLIC_OBJECTS if route in set(patterns())]
    for page in PAGES:
        found += [(reverse(page.url_name), min(page.roles, key=ORDER.index))] if page.roles else []
    for route, roles in SEEN.items():
        if roles and not FILES.search(route):
            readers = BY_ROLE.get(route) or (min(roles, key=ORDER.index),)
            found += [(filled(route, county.ids), role) for role in readers]
    return list(dict.fromkeys(found))
