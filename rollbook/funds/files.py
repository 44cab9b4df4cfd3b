"""The bank's files: GB18030 text, one record a line, fields between bars (docs/adapters/bank.md)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

ENCODING = "gb18030"
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Out:
    """One payment as the bank gets it."""

    reference: str
    name: str
    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Back:
    """What the bank says of one payment: "PAID" or "FAIL"."""

    reference: str
    amount_fen: int
    status: str
    bank_reference: str
    failure: str


def clean(text: str) -> str:
    """A field cannot hold what separates fields."""
    return "".join(" " if letter in "|\r\n" else letter for letter in text)


def write_out(batch: str, lines: Sequence[Out]) -> bytes:
    """Header with count and sum, a record a payment, trailer with the digest of all before it."""
    total = sum(one.amount_fen for one in lines)
    body = [f"H|{VERSION}|OUT|{batch}|{len(lines)}|{total}"]
    body += [f"D|{one.reference}|{clean(one.name)}|{one.account}|{one.amount_fen}" for one in lines]
    return closed(body)


def closed(body: Sequence[str]) -> bytes:
    content = "".join(line + "\r\n" for line in body).encode(ENCODING)
    return content + f"T|{hashlib.sha256(content).hexdigest()}\r\n".encode(ENCODING)


def read_back(content: bytes, batch: str, expected: Mapping[str, int]) -> list[Back]:
    """Read a return file strictly; `expected` has the amount in fen of each reference. Everything
    that is wrong is told at once, and then nothing of the file counts."""
    cut = content.rfind(b"T|")
    digest = hashlib.sha256(content[: max(cut, 0)]).hexdigest()
    if cut < 0 or content[cut:] != f"T|{digest}\r\n".encode():
        raise Refused(reason("bank-digest", _("The file was cut or changed: its digest does not fit."), "N14.1"))
    try:
        lines = content[:cut].decode(ENCODING).split("\r\n")[:-1]
    except UnicodeDecodeError:
        raise Refused(reason("bank-encoding", _("The file is not in GB18030."), "N14.1")) from None
    header = lines[0].split("|") if lines else []
    if len(header) != 6 or header[:4] != ["H", VERSION, "RET", batch] or not _whole(header[4], header[5]):
        raise Refused(
            reason("bank-header", _("The header is not that of a return for batch {batch}."), "N14.1", batch=batch)
        )
    found: list[Back] = []
    wrong: list[Message] = []
    for number, line in enumerate(lines[1:], 2):
        one = _record(number, line, expected, {back.reference for back in found})
        if isinstance(one, Back):
            found.append(one)
        else:
            wrong.append(one)
    if (len(found), sum(one.amount_fen for one in found)) != (int(header[4]), int(header[5])) and not wrong:
        wrong.append(reason("bank-sum", _("Count or sum of the header do not fit the records."), "N14.1"))
    if wrong:
        raise Refused(*wrong)
    return found


def _whole(*texts: str) -> bool:
    return all(text.isascii() and text.isdigit() and len(text) < 16 for text in texts)


def _record(number: int, line: str, expected: Mapping[str, int], seen: set[str]) -> "Back | Message":
    fields = line.split("|")
    if len(fields) != 6 or fields[0] != "D" or not _whole(fields[2]) or fields[3] not in ("PAID", "FAIL"):
        return reason("bank-record", _("Record {number} cannot be read."), "N14.1", number=number)
    _kind, reference, amount, status, bank_reference, failure = fields
    if reference not in expected or reference in seen:
        text = _("Record {number}: “{reference}” is not a payment of this batch, or stands there twice.")
        return reason("bank-reference", text, "N14.1", number=number, reference=reference)
    if int(amount) != expected[reference]:
        text = _("Record {number}: {amount} fen are returned for a payment of {expected}.")
        return reason("bank-amount", text, "N14.1", number=number, amount=amount, expected=expected[reference])
    return Back(reference, int(amount), status, bank_reference, failure)
