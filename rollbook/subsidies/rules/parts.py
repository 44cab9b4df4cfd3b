"""Instalments of one subsidy for one training: what was had of it, and which is next (N12.2, N12.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.subsidies.rules.once import TRAINED
from rollbook.subsidies.rules.policy import Policy, Stage
from rollbook.subsidies.rules.states import State

STAGES = Stage.values()


@dataclass(frozen=True, slots=True)
class Part:
    """A claim of an instalment that was made before, and is not refused."""

    claim: int
    stage: str
    state: str
    amount_fen: int
    is_recovered: bool  # money of it is to come back or came, or that is asked for


def is_in_parts(kind: str, policy: Policy) -> bool:
    """Whether the subsidy of a training may be claimed more than once, a stage at a time."""
    return kind in TRAINED and len(policy.instalments) > 1


def earlier(stage: str, other: str) -> str:
    """The one of two stages that comes first."""
    return min(stage, other, key=STAGES.index)


def percent_at(policy: Policy, stage: str) -> int:
    """How much of the amount is due in all at a stage."""
    reached = [one.percent for one in policy.instalments if STAGES.index(one.stage) <= STAGES.index(stage)]
    return reached[-1] if reached else 0


def stage_again(kept: str, reached: str, policy: Policy, *, is_over: bool, has_left: bool, is_qualified: bool) -> str:
    """The stage at which a claim that was filed at one is decided again: that, or less where less is reached. An
    advance is looked at by how the training ended: it comes back unless that is worth as much (domain 3.5)."""
    if kept == Stage.FILED:
        if has_left or (is_over and not is_qualified):
            return Stage.DROPPED.value
        if is_over and percent_at(policy, reached) < percent_at(policy, kept):
            return reached
    return earlier(reached, kept)


def paid_fen(parts: Sequence[Part]) -> int:
    return sum(one.amount_fen for one in parts if one.state == State.PAID)


def reasons_against_part(parts: Sequence[Part], policy: Policy, stage: str, due_fen: int) -> Iterator[Message]:
    """Why nothing more of a training's subsidy may be claimed at a stage; none where nothing was had of it."""
    if not parts:
        return
    for one in parts:
        if one.state != State.PAID:
            yield reason("part-open", _("Claim {claim} for the instalment before is not paid yet."), claim=one.claim)
        if one.is_recovered:
            text = _("Money of claim {claim} is to be paid back: nothing more is paid for this training.")
            yield reason("part-recovered", text, "N6.4", claim=one.claim)
    had = max(percent_at(policy, one.stage) for one in parts)
    if percent_at(policy, stage) <= had:
        yield _not_yet(policy, had)
    elif due_fen <= 0:
        yield reason("nothing-more", _("What was paid before is all that is due at this stage."), policy.document)


def _not_yet(policy: Policy, had: int) -> Message:
    following = next((one for one in policy.instalments if one.percent > had), None)
    if following is None:
        return reason("all-parts-had", _("All instalments of this training were claimed already."), "N12.3")
    text = {
        Stage.CERTIFIED.value: _("There is no valid certificate of this class."),
        Stage.EMPLOYED.value: _("Employment is not shown."),
    }.get(following.stage, _("The class is not completed."))
    return reason(f"not-{following.stage}", text, policy.document)
