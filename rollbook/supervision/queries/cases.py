from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import queries as classes
from rollbook.evidence import queries as evidence
from rollbook.kernel.money import yuan
from rollbook.kernel.reasons import NotFound
from rollbook.regions.queries import name_of
from rollbook.risk import queries as risk
from rollbook.supervision.models import Case

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.evidence.models import Item
    from rollbook.risk.models import Alert


def cases(by: "Account") -> QuerySet[Case]:
    """Whoever may see the alert of a case and read cases; so nobody sees one about oneself. The most pressing first."""
    found = Case.objects.select_related("institution", "alert", "opened_by", "handed_by", "concluded_by")
    if not holds(by, Permission.CASE_READ):
        return found.none()
    return found.filter(alert__in=risk.visible_to(by).values("pk")).order_by(F("due_on").asc(nulls_last=True), "pk")


def case(by: "Account", case_id: int, *, lock: bool = False) -> Case:
    found = cases(by).filter(pk=case_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Case.DoesNotExist:
        raise NotFound from None


def case_of(by: "Account", alert: "Alert") -> Case | None:
    return cases(by).filter(alert=alert).first()


def evidence_for(one: Case) -> "QuerySet[Item]":
    """What is kept for a case: all that belongs to the classes that it is about."""
    return evidence.of_dossier(*(classes.dossier_of(class_id) for class_id in one.classes))


def letter(one: Case, *, authority: str, office: str, facts: str, by: "Account", now: Any) -> dict[str, Any]:
    """The letter that hands a case over: facts, grounds with their clauses and rows, and what is kept as evidence with
    the digest of each piece, so that whoever gets it can tell that it is what we had."""
    alert = one.alert
    about = [
        (gettext("Case file"), one.number),
        (gettext("Subject of the case"), one.title),
        (gettext("Institution"), f"{one.institution.name} {one.institution.uscc}" if one.institution else "–"),
        (gettext("Region"), name_of(one.region_code)),
        (gettext("Money at stake"), yuan(alert.amount_fen)),
        (gettext("Handed over by"), f"{by} {localtime(now):%Y-%m-%d}"),
    ]
    return {
        "heading": gettext("Letter of hand-over"), "to": f"{office} ({authority})", "about": about,
        "facts_heading": gettext("Facts"), "facts": f"{alert.finding}\n{facts}",
        "grounds_heading": gettext("Grounds and the rows that prove them"), "grounds": risk.proofs(alert),
        "more": gettext("and more rows, kept with the alert"),
        "evidence_heading": gettext("Evidence on hold"), "nothing": gettext("None."),
        "evidence_heads": [gettext("Number"), gettext("Kind"), gettext("Stored"), "SHA-256"],
        "evidence": [
            [str(item.pk), gettext(item.get_kind_display()), f"{localtime(item.stored_at):%Y-%m-%d %H:%M}", item.sha256]
            for item in evidence_for(one)
        ],
        "signature": gettext("Signature and seal"),
    }  # fmt: skip
