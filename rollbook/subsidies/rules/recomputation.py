"""What recomputation finds: decisions that do not come out again, and money that is not what was due."""

from collections.abc import Iterator
from dataclasses import dataclass

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

WHOLE = 10_000  # the band is kept in hundredths of a per cent


class Basis(Choice):
    """From which facts a decision was worked out again."""

    STORED = "stored", _("Stored facts and policy")
    PRESENT = "present", _("Facts of now")


class Outcome(Choice):
    """How a discrepancy was settled."""

    STANDS = "stands", _("The decision stands")
    CORRECTED = "corrected", _("Put right")
    RECOVERED = "recovered", _("To be recovered")
    GONE = "gone", _("No longer differs")  # found by the next recomputation, never said by a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far the sum paid may lie from the sum due, and who says so."""

    least: int  # paid for 10 000 due
    most: int
    document: str


def out_of_band(due_fen: int, paid_fen: int, band: Band) -> Message | None:
    """The alarm of a region: what was paid there is not what was due (B1)."""
    if band.least * due_fen <= paid_fen * WHOLE <= band.most * due_fen:
        return None
    text = _("Paid is {share} % of what was due; between {least} % and {most} % is right.")
    shares = {"share": share(due_fen, paid_fen), "least": percent(band.least), "most": percent(band.most)}
    return reason("out-of-band", text, band.document, **shares)


def share(due_fen: int, paid_fen: int) -> str:
    """Paid of due in per cent, "99.92"; a dash where nothing was due."""
    return percent(paid_fen * WHOLE // due_fen) if due_fen else "–"


def percent(in_ten_thousand: int) -> str:
    return f"{in_ten_thousand // 100}.{in_ten_thousand % 100:02}"


def reasons_against_settling(*, is_settled: bool, outcome: str, finding: str) -> Iterator[Message]:
    if is_settled:
        yield reason("settled", _("This discrepancy is settled already."), "N14.1")
    if outcome not in set(Outcome.values()) - {Outcome.GONE.value}:
        yield reason("bad-outcome", _("Say whether the decision stands, was put right, or money is to be recovered."))
    if not finding.strip():
        yield reason("finding", _("Write down what was found."), "N14.1")
