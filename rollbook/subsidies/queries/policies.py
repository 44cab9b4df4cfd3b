"""Policies: which version binds a case, and who may read what."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Q, QuerySet, Value, When

from rollbook.accounts.rules import APART
from rollbook.directory.rules import ListState
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason
from rollbook.regions.rules import around, prefix
from rollbook.subsidies import files, rules
from rollbook.subsidies.models import PolicyVersion

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def binding(region_code: str, subsidy: str, days: Mapping[str, date]) -> PolicyVersion:
    """The version that binds a case: the narrowest region's, in force on the day that its selector
    names among `days` (start, approval, certificate). Refused where there is none (N13.1)."""
    scopes = around(region_code)
    published = PolicyVersion.objects.filter(region_code__in=scopes, subsidy=subsidy, state=ListState.PUBLISHED)
    fitting = [
        one
        for one in published
        if one.in_force is not None and _within(one.in_force, days[one.content.get("selector", "start")])
    ]
    if not fitting:
        text = _("No policy of {region} is in force for this on {day}.")
        raise Refused(reason("no-policy", text, "N13.1", region=region_code, day=days["start"]))
    return min(fitting, key=lambda one: (scopes.index(one.region_code), -one.version))


def policy_above(region_code: str, subsidy: str, today: date) -> PolicyVersion | None:
    """The version in force now in the nearest region around this one."""
    scopes = around(region_code)[1:]
    found = PolicyVersion.objects.filter(
        region_code__in=scopes, subsidy=subsidy, state=ListState.PUBLISHED, in_force__contains=today
    )
    return min(found, key=lambda one: scopes.index(one.region_code), default=None)


def _within(span: object, day: date) -> bool:
    lower, upper = span.lower, span.upper  # type: ignore[attr-defined]
    return (lower is None or lower <= day) and (upper is None or day < upper)


def rules_of(version: PolicyVersion) -> rules.Policy:
    """What a version says, as the rules read it. A published one never changes, so it is read once."""
    return _read(version.pk) if version.state == ListState.PUBLISHED else rules.Policy.of(version.content)


@lru_cache(maxsize=256)
def _read(version_id: int) -> rules.Policy:
    return rules.Policy.of(PolicyVersion.objects.values_list("content", flat=True).get(pk=version_id))


def policies_visible_to(by: "Account") -> QuerySet[PolicyVersion]:
    """Published policies are everybody's; drafts are for the offices of their own region."""
    found = PolicyVersion.objects.select_related("drafted_by", "agreed_by")
    if by.institution_id is not None or by.role == "worker" or by.role in APART:
        return found.filter(state=ListState.PUBLISHED)
    return found.filter(Q(state=ListState.PUBLISHED) | Q(region_code__startswith=prefix(by.region_code)))


def policy(by: "Account", version_id: int, *, lock: bool = False) -> PolicyVersion:
    found = policies_visible_to(by).filter(pk=version_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except PolicyVersion.DoesNotExist:
        raise NotFound from None


def policies_published(today: date) -> QuerySet[PolicyVersion]:
    """Every published version for anyone to read; `standing` says whether it is in force today (N18.1)."""
    standing = Case(
        When(in_force__contains=today, then=Value("in-force")),
        When(in_force__startswith__gt=today, then=Value("coming")),
        default=Value("past"),
    )
    found = PolicyVersion.objects.filter(state=ListState.PUBLISHED).annotate(standing=standing)
    return found.order_by("region_code", "subsidy", "-version")


def policy_published(version_id: int, today: date) -> PolicyVersion:
    try:
        return policies_published(today).get(pk=version_id)
    except PolicyVersion.DoesNotExist:
        raise NotFound from None


def in_words(policy: rules.Policy) -> dict[str, Any]:
    """What a policy says, as a page shows it: its single figures and its tables."""
    return {"head": files.head(policy), "tables": files.tables(policy)}


def as_file(version: PolicyVersion) -> bytes:
    """A version as an Excel file."""
    return files.written(rules_of(version))


def policy_versions(region_code: str, subsidy: str) -> QuerySet[PolicyVersion]:
    """The versions of a region's policy for a kind of subsidy, newest first."""
    return PolicyVersion.objects.filter(region_code=region_code, subsidy=subsidy).order_by("-version")
