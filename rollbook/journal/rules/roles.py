"""The roles in words."""

from rollbook.kernel.messages import _

# As accounts.rules.Role says, which rests on this context; a test compares the two.
ROLES = {
    "county-reviewer": _("County reviewer"),
    "county-second-reviewer": _("County second reviewer"),
    "city-officer": _("City officer"),
    "province-officer": _("Province officer"),
    "county-finance": _("County finance, checks"),
    "county-finance-releaser": _("County finance, releases"),
    "city-finance": _("City finance"),
    "province-finance": _("Province finance"),
    "institution-manager": _("Institution manager"),
    "teacher": _("Teacher"),
    "worker": _("Worker"),
    "supervisor": _("Third-party supervisor"),
    "auditor": _("Auditor"),
    "system-administrator": _("System administrator"),
    "security-administrator": _("Security administrator"),
    "audit-administrator": _("Audit administrator"),
}
