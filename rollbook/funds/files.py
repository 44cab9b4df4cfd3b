"""The bank's files: GB18030 text, one record a line, fields between bars (docs/adapters/bank.md)."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

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


def _opened(content: bytes) -> list[list[str]]:
    """The records before the trailer, when the trailer fits and the text is what was agreed."""
    cut = content.rfind(b"T|")
    digest = hashlib.sha256(content[: max(cut, 0)]).hexdigest()
    if cut < 0 or content[cut:] != f"T|{digest}\r\n".encode():
        raise Refused(reason("bank-digest", _("The file was cut or changed: its digest does not fit."), "N14.1"))
    try:
        lines = content[:cut].decode(ENCODING).split("\r\n")[:-1]
    except UnicodeDecodeError:
        raise Refused(reason("bank-encoding", _("The file is not in GB18030."), "N14.1")) from None
    return [line.split("|") for line in lines]


def read_back(content: bytes, batch: str, expected: Mapping[str, int]) -> list[Back]:
    """Read a return file strictly; `expected` has the amount in fen of each reference. Everything
    that is wrong is told at once, and then nothing of the file counts."""
    header, *records = _opened(content) or [[]]
    if len(header) != 6 or header[:4] != ["H", VERSION, "RET", batch] or not _whole(header[4], header[5]):
        raise Refused(
            reason("bank-header", _("The header is not that of a return for batch {batch}."), "N14.1", batch=batch)
        )
    found: list[Back] = []
    seen: set[str] = set()
    wrong: list[Message] = []
    for number, fields in enumerate(records, 2):
        one = _record(number, fields, expected, seen)
        if isinstance(one, Back):
            found.append(one)
            seen.add(one.reference)
        else:
            wrong.append(one)
    if (len(found), sum(one.amount_fen for one in found)) != (int(header[4]), int(header[5])) and not wrong:
        wrong.append(reason("bank-sum", _("Count or sum of the header do not fit the records."), "N14.1"))
    if wrong:
        raise Refused(*wrong)
    return found


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement of a statement: "OUT" for a payment, "IN" for money that came back."""

    bank_reference: str
    batch: str
    reference: str
    direction: str
    amount_fen: int


def statement_of(content: bytes) -> tuple[str, date]:
    """Whose statement a file is, and of which day."""
    header = (_opened(content) or [[]])[0]
    if len(header) == 8 and header[:3] == ["H", VERSION, "STM"] and _whole(*header[3:]) and len(header[4]) == 8:
        with suppress(ValueError):
            return header[3], date(int(header[4][:4]), int(header[4][4:6]), int(header[4][6:]))
    raise Refused(reason("statement-header", _("The header is not that of a statement."), "N14.1"))


def write_statement(region_code: str, day: date, moved: Sequence[Moved]) -> bytes:
    """As the bank writes it, for the demo and for tests: header with count and both sums, a record a movement, trailer."""
    sums = [sum(one.amount_fen for one in moved if one.direction == way) for way in ("OUT", "IN")]
    body = [f"H|{VERSION}|STM|{region_code}|{day:%Y%m%d}|{len(moved)}|{sums[0]}|{sums[1]}"]
    body += [f"D|{one.bank_reference}|{one.batch}|{one.reference}|{one.direction}|{one.amount_fen}" for one in moved]
    return closed(body)


def read_statement(content: bytes) -> list[Moved]:
    """Read a statement strictly: all of it, or what is wrong in it."""
    statement_of(content)
    header, *records = _opened(content)
    found: list[Moved] = []
    wrong: list[Message] = []
    seen: set[str] = set()
    for number, fields in enumerate(records, 2):
        is_sound = len(fields) == 6 and fields[0] == "D" and fields[4] in ("OUT", "IN") and _whole(fields[5])
        if not is_sound or int(fields[5]) == 0 or not fields[1] or fields[1] in seen or max(map(len, fields)) > 64:
            wrong.append(reason("bank-record", _("Record {number} cannot be read."), "N14.1", number=number))
            continue
        seen.add(fields[1])
        found.append(Moved(fields[1], fields[2][:32], fields[3][:32], fields[4], int(fields[5])))
    sums = [sum(one.amount_fen for one in found if one.direction == way) for way in ("OUT", "IN")]
    if [len(found), *sums] != list(map(int, header[5:])) and not wrong:
        wrong.append(reason("bank-sum", _("Count or sum of the header do not fit the records."), "N14.1"))
    if wrong:
        raise Refused(*wrong)
    return found


def _whole(*texts: str) -> bool:
    return all(text.isascii() and text.isdigit() and len(text) < 16 for text in texts)


def _record(number: int, fields: list[str], expected: Mapping[str, int], seen: set[str]) -> "Back | Message":
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
