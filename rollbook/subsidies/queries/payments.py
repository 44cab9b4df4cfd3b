"""What the ledger cannot know of itself: that each payment is of a claim that was approved."""

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.expressions import RawSQL

from rollbook.funds import queries as funds
from rollbook.subsidies.models import Claim
from rollbook.subsidies.rules import State


def payments_without_claim() -> list[str]:
    """References of payments, under way or made, that no approved claim of that person, payee and amount stands behind."""
    owed = Claim.objects.filter(
        Q(state__in=[State.IN_PAYMENT, State.PAID, State.FAILED]),
        Q(organisation=OuterRef("organisation")) | Q(organisation=None, pk=OuterRef("claim_to_person")),
        pk=OuterRef("claim_id"), person_id=OuterRef("person_id"), amount_fen=OuterRef("due"),
    )  # fmt: skip
    number = RawSQL(
        "CASE WHEN subject ~ '^subsidies\\.Claim:\\d{1,18}$' THEN split_part(subject, ':', 2)::bigint END", []
    )
    lines = funds.live_lines().annotate(claim_id=number, due=F("amount_fen") + F("netted_fen"))
    lines = lines.annotate(claim_to_person=Case(When(organisation=None, then=F("claim_id"))))
    return list(lines.filter(~Exists(owed)).order_by("pk").values_list("reference", flat=True))
