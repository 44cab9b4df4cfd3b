"""Reading columns of texts as what they should hold: many rows at once, each wrong one known."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rollbook.exchange.rules.contracts import Field, Kind
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.persons.rules import PROVINCES, REGIONS, WEIGHTS

Array: TypeAlias = Any  # pyarrow has no types

DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
IDENTITY_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100
USCC_WEIGHTS = np.array([pow(3, n, 31) for n in range(17)])
REPEATS = 4  # from so many rows to a different text on
REGION_CODES = sorted(PROVINCES | {code[:2] for code in REGIONS} | {f"9{n}" for n in range(10)})

WRONG: Mapping[Kind, str] = {
    Kind.IDENTITY: _("This is no valid identity number: length, date of birth or check digit is wrong."),
    Kind.NAME: _("This is no name."),
    Kind.DAY: _("This is no day; write 2026-03-01."),
    Kind.MONTH: _("This is no month; write 2026-03."),
    Kind.TIME: _("This is no time of day; write 08:30."),
    Kind.CODE: _("This is not one of the codes that were agreed: {codes}."),
    Kind.TEXT: _("This text is too long; at most 200 characters."),
    Kind.INTEGER: _("This is no whole number."),
    Kind.FEN: _("This is no amount in yuan with at most two decimals."),
    Kind.PERCENT: _("This is no share between 0 and 100 per cent."),
    Kind.USCC: _("This is no unified social credit code: length or check digit is wrong."),
    Kind.ACCOUNT: _("This is no bank account; it has 12 to 30 digits."),
    Kind.PHONE: _("This is no phone number."),
}
MISSING = _("This must be filled in.")
TWICE = _("The file says this of the same subject before, and otherwise.")


def wrong(field: Field) -> Message:
    values = {"codes": ", ".join(field.codes)} if field.kind == Kind.CODE else {}
    return reason(f"cell-{field.kind.value}", WRONG[field.kind], "N3.5", **values)


def missing() -> Message:
    return reason("cell-missing", MISSING, "N3.5")


def twice() -> Message:
    return reason("row-twice", TWICE, "N3.5")


def cleaned(texts: Array, kind: Kind) -> Array:
    """Texts without what nobody sees: width and outer spaces; an empty cell is null."""
    if kind == Kind.NAME:  # any dot of a transliterated name is the middle dot (domain 10.8)
        texts = pc.replace_substring_regex(pc.utf8_normalize(texts, "NFC"), r"[•．・‧∙.。]+", "·")
        is_han = pc.match_substring_regex(texts, r"^[\p{Han}〇·\s　]+$")
        tight = pc.utf8_trim(pc.replace_substring_regex(texts, r"[\s　]+", ""), "·")
        texts = pc.if_else(is_han, tight, pc.replace_substring_regex(texts, r"[\s　]+", " "))
    texts = pc.utf8_trim_whitespace(pc.utf8_normalize(texts, "NFKC" if kind != Kind.NAME else "NFC"))
    return pc.if_else(pc.equal(texts, ""), None, texts)


def parsed(field: Field, texts: Array) -> tuple[Array, Array]:
    """The values of a column and which cells are wrong; a wrong or empty cell is null."""
    coded = texts.dictionary_encode()
    if len(coded.dictionary) * REPEATS > len(texts):
        return _parsed(field, texts)
    values, is_wrong = _parsed(field, coded.dictionary)  # few different texts: each is read once
    return pc.take(values, coded.indices), pc.fill_null(pc.take(is_wrong, coded.indices), False)


def _parsed(field: Field, texts: Array) -> tuple[Array, Array]:
    texts = cleaned(texts, field.kind)
    values = READERS[field.kind](texts)
    if field.codes:
        values = pc.if_else(pc.is_in(values, pa.array(field.codes)), values, None)
    return values, pc.and_(pc.is_valid(texts), pc.is_null(values))


def _matching(texts: Array, pattern: str) -> Array:
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, None)


def _signs(texts: Array, width: int) -> tuple[Any, Any]:
    """The rows that have exactly this many ASCII characters, as a matrix of bytes; and which rows they are."""
    fits = pc.fill_null(pc.equal(pc.binary_length(texts), width), False)
    rows = np.flatnonzero(fits.to_numpy(zero_copy_only=False))
    packed = "".join(pc.filter(texts, fits).to_pylist()).encode()
    return np.frombuffer(packed, dtype=np.uint8).reshape(-1, width), rows


def _kept(texts: Array, rows: Any, good: Any) -> Array:
    is_good = np.zeros(len(texts), dtype=bool)
    is_good[rows[good]] = True
    return pc.if_else(pa.array(is_good), texts, None)


def identity(texts: Array) -> Array:
    """18 characters with a true check digit and a possible birth; 15 digits become the 18 of the same bearer."""
    texts = pc.utf8_upper(pc.replace_substring_regex(texts, r"\s", ""))
    old = pc.match_substring_regex(texts, r"^\d{15}$")
    if pc.any(old).as_py():
        longer = pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(texts, 0, 6), "19", pc.utf8_slice_codeunits(texts, 6, 15), ""
        )
        texts = pc.if_else(old, _with_check_digit(longer), texts)
    signs, rows = _signs(_matching(texts, r"^\d{17}[0-9X]$"), 18)
    digits = signs[:, :17].astype(np.int64) - ord("0")
    good = IDENTITY_CHECKS[digits @ np.array(WEIGHTS) % 11] == signs[:, 17]
    year, month, day = (digits[:, a:b] @ 10 ** np.arange(b - a)[::-1] for a, b in ((6, 10), (10, 12), (12, 14)))
    good &= (year >= 1900) & (year <= 2100) & _is_day(year, month, day)
    good &= np.isin(digits[:, 0] * 10 + digits[:, 1], [int(one) for one in REGION_CODES])
    return _kept(texts, rows, good)


def _with_check_digit(first17: Array) -> Array:
    signs, rows = _signs(first17, 17)
    digits = signs.astype(np.int64) - ord("0")
    found = np.full(len(first17), "", dtype="<U1")
    found[rows] = np.array(list("10X98765432"))[digits @ np.array(WEIGHTS) % 11]
    return pc.binary_join_element_wise(first17, pa.array(found), "")


def _is_day(year: Any, month: Any, day: Any) -> Any:
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    possible = (month >= 1) & (month <= 12) & (day >= 1)
    most = DAYS[np.clip(month, 1, 12) - 1]
    return possible & (day <= most) & ~((month == 2) & (day == 29) & ~is_leap)


def uscc(texts: Array) -> Array:
    """A unified social credit code with a true check digit."""
    texts = pc.utf8_upper(texts)
    signs, rows = _signs(_matching(texts, f"^[{USCC_SIGNS}]{{18}}$"), 18)
    worth = np.zeros(256, dtype=np.int64)
    worth[np.frombuffer(USCC_SIGNS.encode(), dtype=np.uint8)] = np.arange(31)
    check = (31 - worth[signs[:, :17]] @ USCC_WEIGHTS % 31) % 31
    return _kept(texts, rows, worth[signs[:, 17]] == check)


def day(texts: Array) -> Array:
    """A day written as 2026-03-01, 2026/3/1, 20260301, 2026年3月1日; the time of a spreadsheet's cell is dropped."""
    texts = pc.replace_substring_regex(texts, r"[T ]00:00:00(\.0+)?$", "")
    texts = pc.replace_substring_regex(texts, r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3")
    parts = pc.extract_regex(texts, r"^(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?$")
    return _dates(*(pc.struct_field(parts, [name]) for name in "ymd"))


def month(texts: Array) -> Array:
    """A month written as 2026-03, 202603, 2026年3月, or as its first day."""
    texts = pc.replace_substring_regex(texts, r"^(\d{4})[-/](\d\d?)[-/]0?1([T ]00:00:00(\.0+)?)?$", r"\1-\2")
    texts = pc.replace_substring_regex(texts, r"^(\d{4})(\d\d)(01)?$", r"\1-\2")
    parts = pc.extract_regex(texts, r"^(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})月?$")
    years, months = (pc.struct_field(parts, [name]) for name in "ym")
    return _dates(years, months, pc.if_else(pc.is_valid(years), "1", None))


def time_of_day(texts: Array) -> Array:
    """A time of day written as 8:30, 08:30 or 08:30:00; what is kept is 08:30."""
    parts = pc.extract_regex(texts, r"^(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?::[0-5]\d(?:\.0+)?)?$")
    hours, minutes = (pc.struct_field(parts, [name]) for name in "hm")
    return pc.binary_join_element_wise(pc.utf8_lpad(hours, 2, "0"), minutes, ":")


def _dates(years: Array, months: Array, days: Array) -> Array:
    is_read = pc.is_valid(years).to_numpy(zero_copy_only=False)
    y, m, d = (
        pc.fill_null(pc.cast(one, pa.int64()), 0).to_numpy(zero_copy_only=False) for one in (years, months, days)
    )
    good = is_read & _is_day(y, m, d)
    since = ((y - 1970) * 12 + m - 1).astype("datetime64[M]").astype("datetime64[D]") + (d - 1)
    return pa.array(since, mask=~good).cast(pa.date32())


def integer(texts: Array) -> Array:
    return pc.cast(_matching(texts, r"^-?\d{1,15}$"), pa.int64())


def hundredths(texts: Array) -> Array:
    """A number with at most two decimals, in hundredths: yuan in fen, per cent in hundredths of one."""
    texts = pc.replace_substring(texts, ",", "")
    parts = pc.extract_regex(texts, r"^(?P<sign>-?)(?P<whole>\d{1,13})(?:\.(?P<part>\d{1,2})0*)?$")
    whole, part, sign = (pc.struct_field(parts, [name]) for name in ("whole", "part", "sign"))
    part = pc.utf8_rpad(pc.if_else(pc.equal(pc.fill_null(part, ""), ""), "0", pc.fill_null(part, "0")), 2, "0")
    amount = pc.add(pc.multiply(pc.cast(whole, pa.int64()), 100), pc.cast(part, pa.int64()))
    return pc.if_else(pc.equal(sign, "-"), pc.negate(amount), amount)


def share(texts: Array) -> Array:
    values = hundredths(pc.replace_substring_regex(texts, r"\s*%$", ""))
    return pc.if_else(pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, 10_000)), values, None)


READERS: Mapping[Kind, Any] = {
    Kind.IDENTITY: identity,
    Kind.NAME: lambda texts: _matching(texts, r"^.{1,64}$"),
    Kind.DAY: day,
    Kind.MONTH: month,
    Kind.TIME: time_of_day,
    Kind.CODE: lambda texts: _matching(texts, r"^.{1,40}$"),
    Kind.TEXT: lambda texts: _matching(texts, r"^.{1,200}$"),
    Kind.INTEGER: integer,
    Kind.FEN: hundredths,
    Kind.PERCENT: share,
    Kind.USCC: uscc,
    Kind.ACCOUNT: lambda texts: _matching(pc.replace_substring_regex(texts, r"[\s-]", ""), r"^\d{12,30}$"),
    Kind.PHONE: lambda texts: _matching(pc.replace_substring_regex(texts, r"[\s()+-]", ""), r"^\d{7,15}$"),
}
