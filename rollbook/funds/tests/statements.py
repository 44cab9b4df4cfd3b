"""A day's statement as the bank writes it."""

from collections.abc import Sequence
from datetime import date

from rollbook.funds.files import VERSION, Moved, closed


def write_statement(region_code: str, day: date, moved: Sequence[Moved]) -> bytes:
    """Header with count and both sums, a record a movement, trailer."""
    sums = [sum(one.amount_fen for one in moved if one.direction == way) for way in ("OUT", "IN")]
    body = [f"H|{VERSION}|STM|{region_code}|{day:%Y%m%d}|{len(moved)}|{sums[0]}|{sums[1]}"]
    body += [f"D|{one.bank_reference}|{one.batch}|{one.reference}|{one.direction}|{one.amount_fen}" for one in moved]
    return closed(body)
