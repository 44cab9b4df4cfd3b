"""What a cell of a file may hold, whatever the file is about: each gives the value, or says what is wrong with the text."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason


def a_day(text: str) -> date:
    """2026-03-05, also as 2026/3/5, 2026.3.5 or 2026年3月5日; a moment of a spreadsheet is its day."""
    try:
        year, month, day = (int(part) for part in re.split(r"[-/.年月]", text.split("T")[0].strip().rstrip("日")))
        return date(year, month, day)
    except ValueError:
        raise ValueError(reason("bad-date", _("“{text}” is no date; write 2026-03-05."), text=text)) from None


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within limits."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            told = _("“{text}” is no whole number from {least} to {most}.")
            raise ValueError(reason("bad-number", told, text=text, least=least, most=most))
        return int(text)

    return parse


def fen(text: str) -> int:
    """Yuan with at most two decimals, as integer fen: 3,240.50 is 324050."""
    try:
        amount = Decimal(text.replace(",", "").replace("，", "").strip("¥￥元 "))
    except InvalidOperation:
        amount = Decimal("NaN")
    exact = amount * 100
    if not exact.is_finite() or exact != int(exact) or not 0 <= amount < 10_000_000:
        raise ValueError(reason("bad-amount", _("“{text}” is no amount in yuan, such as 1200 or 1200.50."), text=text))
    return int(exact)


def one_of(words: Mapping[str, str]) -> Callable[[str], str]:
    """One of a few words, each with the value that it stands for."""

    def parse(text: str) -> str:
        if text not in words:
            known = "、".join(dict.fromkeys(word for word in words if not word.isascii()))
            told = _("“{text}” is not known here; write one of: {known}.")
            raise ValueError(reason("bad-choice", told, text=text, known=known))
        return words[text]

    return parse
