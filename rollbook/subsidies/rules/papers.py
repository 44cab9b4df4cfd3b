"""What a paper shows where no department does, reviewed by an officer: work, by a labour contract or a business licence, and
a safety certificate, which another authority issues (domain 3.2, 3.3, N13.1)."""

from collections.abc import Iterable, Iterator
from datetime import date

from rollbook.institutions.rules import reasons_against_uscc
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.subsidies.rules.policy import Subsidy


class PaperKind(Choice):
    """What a paper is; a licence shows work of one's own and no employer. `name` is of the employer, of the own business, or
    of the authority that issued the certificate."""

    CONTRACT = "labour-contracts", _("Labour contract")
    LICENCE = "business-licence", _("Business licence")
    SAFETY = "safety-certificate", _("Safety certificate")


# Reasons against a claim that a paper may mend.
SHOWN_BY_PAPER = frozenset({"not-employed", "contract-months", "payee"})


def is_shown_by_paper(subsidy: str, against: Iterable[Message]) -> bool:
    """Whether a paper may mend what stands against a subsidy."""
    codes = {one.code for one in against}
    return bool(codes & SHOWN_BY_PAPER) or (subsidy == Subsidy.SAFETY and "not-certified" in codes)


class PaperState(Choice):
    ASKED = "asked", _("Waits for review")
    GRANTED = "granted", _("Accepted as proof")
    REFUSED = "refused", _("Not accepted as proof")


def reasons_against_paper(
    *, kind: str, name: str, from_on: date, until_on: date | None, today: date, has_file: bool, is_open: bool
) -> Iterator[Message]:
    """What is wrong with a paper of whatever kind."""
    if kind not in PaperKind.values():
        yield reason("paper-kind", _("Say what the paper is."), "3.2")
    if from_on > today:
        yield reason("future", _("It begins after today."), "3.2")
    if until_on is not None and until_on < from_on:
        yield reason("days-turned", _("The last day lies before the first day."))
    if not name.strip():
        yield reason("no-name", _("Name the employer, the own business or the authority."), "3.2")
    if not has_file:
        yield reason("no-paper", _("Attach the paper."), "3.2")
    if is_open:
        yield reason("paper-open", _("A paper of this trainee waits for review already."), "3.2")


def reasons_against_certificate(*, is_offered: bool, number: str, is_shown: bool, is_used: bool) -> Iterator[Message]:
    """Why a safety certificate is not taken: each is paid for once, whoever files it (domain 3.3, 8 and 11)."""
    if not is_offered:
        text = _("The region's policy pays for no safety certificate of this project.")
        yield reason("no-safety", text, "N12.2")
    if not number.strip():
        yield reason("no-number", _("Enter the number of the certificate."), "3.3")
    if is_shown:
        yield reason("not-needed", _("The certificate of this trainee is accepted already."), "3.3")
    if is_used:
        yield number_used()


def number_used() -> Message:
    return reason("number-used", _("This number was filed before: a certificate is paid for once."), "N12.3")


def reasons_against_work(
    *, kind: str, uscc: str, until_on: date | None, certified_on: date | None, lacks_work: bool, lacks_contract: bool
) -> Iterator[Message]:
    """Why a paper of work is not taken: nothing of the kind is asked for, or departments show it already."""
    if not lacks_work and not lacks_contract:
        text = _("The policy asks for no proof of work here, or it is shown already: no paper is needed.")
        yield reason("not-needed", text, "3.2")
    elif not lacks_contract:
        yield from _against_work(until_on, certified_on)
    elif kind == PaperKind.LICENCE and not lacks_work:
        yield reason("licence", _("A labour contract is asked for: a licence shows no employer."), "3.2")
    yield from reasons_against_uscc(uscc)


def _against_work(until_on: date | None, certified_on: date | None) -> Iterator[Message]:
    if certified_on is not None and until_on is not None and until_on <= certified_on:
        text = _("It ended on {until}, before the certificate of {day}: work after that is asked for.")
        yield reason("work-before", text, "3.2", until=until_on, day=certified_on)


def reasons_against_decision(state: str, *, granted: bool, remark: str, is_filer: bool) -> Iterator[Message]:
    """An accepted paper may still be found false; one that was not accepted is filed anew."""
    if state == PaperState.REFUSED or (state == PaperState.GRANTED and granted):
        yield reason("decided", _("This is decided already."), "N14.1")
    if not granted and not remark.strip():
        yield reason("why", _("Say on what ground."), "N14.1")
    if is_filer:
        yield reason("same-person", _("Another person than who filed it must decide."), "N14.1")
