"""What the bank said of accounts, as the columns that screening reads."""

from typing import Any

from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When

from rollbook.database.changes import changed
from rollbook.funds import rules
from rollbook.funds.models import Ownership


def owner_matches(person: OuterRef, digest: OuterRef) -> Subquery:
    """Whether an account is the person's own by the bank's answer; nothing where it gave none."""
    said = Ownership.objects.filter(person=person, bank_digest=digest)
    matches = Case(
        When(outcome=rules.Ownership.MATCH, then=Value(True)), When(outcome=rules.Ownership.MISMATCH, then=Value(False))
    )
    return Subquery(said.values(matches=matches)[:1])


def people_answered_of(mark: int) -> "QuerySet[Any, Any]":
    """Whose accounts the bank answered about in a transaction of `mark` or later."""
    return changed(Ownership, mark, "person_id")
