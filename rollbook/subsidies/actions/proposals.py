"""From changed facts to recoveries: found by night or when a fact changes, ordered or closed by the office (N6.4, N7.5)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import actions as funds
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import Discrepancy, Proposal
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S = rules.ProposalState


@transaction.atomic
def propose(*, claim_ids: Collection[int], now: datetime) -> None:
    """A fact behind these claims changed: work out again what of them is to come back."""
    keep_proposed(queries.present(queries.to_propose(claim_ids, lock=True)), now)


def keep_proposed(found: "Iterable[queries.Recomputed]", now: datetime) -> None:
    """Within the caller's transaction: propose what is to come back, take back what no longer is. What was closed for
    the same figures stays closed."""
    for one in queries.proposed(found):
        known = Proposal.objects.select_for_update().filter(claim=one.claim)
        open_one = known.filter(state=S.OPEN).first()
        figures = {"due_fen": one.due_fen, "paid_fen": one.paid_fen, "ground": one.ground}
        if one.amount_fen == 0:
            if open_one is not None:
                open_one.state, open_one.decided_at = S.GONE, now
                open_one.save(update_fields=["state", "decided_at"])
                _note("proposal.gone", open_one, by=None, at=now)
        elif open_one is not None:
            known.filter(pk=open_one.pk).update(**figures, reasons=one.reasons, seen_at=now)
        elif not known.filter(state=S.CLOSED, **figures).exists():
            made = Proposal.objects.create(claim=one.claim, reasons=one.reasons, found_at=now, seen_at=now, **figures)
            _note("proposal.found", made, by=None, at=now, ground=one.ground, amount_fen=one.amount_fen)


@transaction.atomic
def order_proposal(
    *, by: "Account", proposal_id: int, ground: str, amount_fen: int, document: str, why: str, now: datetime
) -> Proposal:
    """The office orders what was proposed, or less of it; finance has to confirm it as every recovery."""
    one = queries.proposal(by, proposal_id, lock=True)
    authorise(by, Permission.BATCH_MAKE, region_code=one.claim.region_code)
    again = list(queries.proposed(queries.present(queries.to_propose([one.claim_id], lock=True))))
    now_fen = again[0].amount_fen if again else 0
    refuse_if(rules.reasons_against_ordering(one.state, now_fen=now_fen, amount_fen=amount_fen))
    one.recovery = funds.order_recovery(
        by=by, reference=again[0].reference, ground=ground, why=why, document=document, amount_fen=amount_fen, now=now
    )
    one.due_fen, one.paid_fen = again[0].due_fen, again[0].paid_fen
    one.state, one.decided_by, one.decided_at, one.why = S.ORDERED, by, now, why[:200]
    one.save()
    _note("proposal.ordered", one, by=by, at=now, amount_fen=amount_fen, document=document)
    Discrepancy.objects.filter(claim=one.claim, basis=rules.Basis.PRESENT, settled_at=None).update(
        outcome=rules.Outcome.RECOVERED, finding=document, settled_by=by, settled_at=now
    )
    return one


@transaction.atomic
def order_proposals(*, by: "Account", proposal_ids: Collection[int], document: str, now: datetime) -> int:
    """Several at once by one decision, each whole and on the ground that was found; all or none."""
    chosen = queries.proposals_visible_to(by).filter(pk__in=proposal_ids, state=S.OPEN).order_by("pk")
    if not chosen:
        raise Refused(reason("none-chosen", _("Choose at least one that is to be decided."), "N6.4"))
    for one in chosen:
        order_proposal(
            by=by, proposal_id=one.pk, ground=one.ground, amount_fen=one.amount_fen, document=document,
            why=in_words(one), now=now,
        )  # fmt: skip
    return len(chosen)


def in_words(one: Proposal) -> str:
    """What was found, as one text for the order."""
    text = _("By the facts of now {due} yuan are due; {paid} yuan were paid.")
    less = reason("due-less", text, due=plain(one.due_fen), paid=plain(one.paid_fen))
    return "; ".join(said(message) for message in one.reasons or [less])[:400]


@transaction.atomic
def close_proposal(*, by: "Account", proposal_id: int, why: str, now: datetime) -> Proposal:
    """Nothing is to come back, and the office says why; it is not proposed again for the same figures."""
    one = queries.proposal(by, proposal_id, lock=True)
    authorise(by, Permission.BATCH_MAKE, region_code=one.claim.region_code)
    refuse_if(rules.reasons_against_closing(one.state, why))
    one.state, one.decided_by, one.decided_at, one.why = S.CLOSED, by, now, why.strip()
    one.save()
    _note("proposal.closed", one, by=by, at=now, why=one.why)
    return one


def _note(kind: str, one: Proposal, *, by: "Account | None", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.claim.region_code, claim=one.claim_id, **data)
