"""A case: looked into, handed over to whoever may punish, concluded (N11.4; domain 6.1, 6.2)."""

from collections.abc import Iterator

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class CaseState(Choice):
    OPEN = "open", _("Under investigation")
    HANDED = "handed", _("Handed over")
    ACCEPTED = "accepted", _("Accepted by the other authority")
    CONCLUDED = "concluded", _("Concluded")


class CaseMove(Choice):
    HAND_OVER = "hand-over", _("Hand over")
    ACCEPT = "accept", _("Accepted")
    RETURN = "return", _("Sent back")
    CONCLUDE = "conclude", _("Conclude")


class Authority(Choice):
    POLICE = "police", _("Police")
    DISCIPLINE = "discipline", _("Discipline inspection")
    LABOUR = "labour", _("Labour inspection")
    MARKET = "market", _("Market supervision")
    FINANCE = "finance", _("Finance")
    AUDIT = "audit", _("Audit office")


class CaseOutcome(Choice):
    SENTENCED = "sentenced", _("Prosecuted or sentenced")
    PUNISHED = "punished", _("Fined or disciplined")
    MEASURE = "measure", _("Dealt with by a measure of ours")
    NO_OFFENCE = "no-offence", _("No offence found")


S, M = CaseState, CaseMove
CASE_LIFECYCLE = Lifecycle(
    {
        (S.OPEN, M.HAND_OVER): S.HANDED,
        (S.HANDED, M.ACCEPT): S.ACCEPTED,
        (S.HANDED, M.RETURN): S.OPEN,
        (S.ACCEPTED, M.CONCLUDE): S.CONCLUDED,
        (S.OPEN, M.CONCLUDE): S.CONCLUDED,
    }
)


def reasons_against_handing(*, authority: str, office: str, facts: str, is_insider: bool) -> Iterator[Message]:
    """A letter says to whom, on what facts; officials are a matter of discipline or the police."""
    if authority not in Authority.values():
        yield reason("no-authority", _("Choose the authority that it is handed to."), "6.1")
    elif is_insider and authority not in (Authority.POLICE, Authority.DISCIPLINE):
        yield reason("insider-authority", _("What officials did goes to discipline inspection or the police."), "N14.1")
    if not office.strip():
        yield reason("no-office", _("Name the office that it is handed to."))
    if not facts.strip():
        yield reason("no-facts", _("Say what was found out, so that the other office need not ask."), "6.1")


def reasons_against_concluding(*, outcome: str, conclusion: str, own: bool) -> Iterator[Message]:
    if own:
        yield reason("own-case", _("Another officer than who opened a case concludes it."), "N14.1")
    if outcome not in CaseOutcome.values():
        yield reason("no-outcome", _("Choose how the case came out."))
    if not conclusion.strip():
        yield reason("no-conclusion", _("Say how it came out, with the document that says so."))
