"""Schemes of deceit from real cases (domain 5.1, 5.2): each taints one class, or what stands behind it, and its truth
is written down: what was touched, and which detector should find it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from simulators.province.bodies import insure, month_of
from simulators.province.columns import Chunk, Text

Make = Callable[[Chunk, int], "list[tuple[str, int]]"]
SCHEMES: dict[str, tuple[tuple[str, ...], Make]] = {}
LIKELY: set[str] = set()  # found by likelihood; the rest must all be found


def scheme(name: str, *detectors: str, likely: bool = False) -> Callable[[Make], Make]:
    """Register a scheme: any of `detectors` finds it."""

    def of(make: Make) -> Make:
        SCHEMES[name] = (detectors, make)
        if likely:
            LIKELY.add(name)
        return make

    return of


def inject(chunk: Chunk, rate: float) -> None:
    """Taint so many of the classes, every scheme in turn, each class by one scheme."""
    count = len(chunk.tables["classes"]["class_id"])
    wanted = max(round(rate * count), min(len(SCHEMES), count // 4))
    order = chunk.rng.permutation(count).tolist()
    names = list(SCHEMES)
    at = chunk.number * 7
    for nth in range(wanted):
        if not order:
            return
        name = names[(at + nth) % len(names)]
        row = order.pop()
        while row in chunk.used and order:
            row = order.pop()
        chunk.used.add(row)
        detectors, make = SCHEMES[name]
        touched = make(chunk, row)
        instance = chunk.first + nth
        touched += _the_same_people(chunk, touched)
        if touched:
            chunk.truth += [(instance, name, ",".join(detectors), kind, number) for kind, number in touched]
            chunk.truth.append((instance, name, "", "class", int(chunk.tables["classes"]["class_id"][row])))


def _the_same_people(chunk: Chunk, touched: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """What is wrong with a person is wrong on each of their rosters."""
    e = chunk.tables["enrolments"]
    rows = np.array([number - chunk.first for kind, number in touched if kind == "enrolment"], dtype=np.int64)
    others = np.flatnonzero(np.isin(e["person_id"], e["person_id"][rows]))
    return enrolled(chunk, np.setdiff1d(others, rows)) if len(rows) else []


def between(chunk: Chunk, least: float, most: float) -> float:
    """How boldly a scheme is done: some lie below what any limit takes for odd."""
    return float(chunk.rng.uniform(least, most))


# What a scheme takes hold of


def roster(chunk: Chunk, row: int) -> np.ndarray:
    """The enrolments of a class."""
    r = chunk.tables["_rosters"]
    return np.arange(r["starts"][row], r["starts"][row] + r["size"][row])


def some(chunk: Chunk, row: int, most: int) -> np.ndarray:
    """Some of a class."""
    rows = roster(chunk, row)
    return chunk.rng.choice(rows, min(most, len(rows)), replace=False)


def people_rows(chunk: Chunk, enrolments: np.ndarray) -> np.ndarray:
    found: np.ndarray = chunk.tables["enrolments"]["person_id"][enrolments] - chunk.first
    return found


def check_in_rows(chunk: Chunk, row: int) -> np.ndarray:
    """The check-ins of a class: presences stand in the order of rosters, and check-ins in theirs."""
    k, rows = chunk.tables["check_ins"], roster(chunk, row)
    first, last = np.searchsorted(k["enrolment_id"], [chunk.first + rows[0], chunk.first + rows[-1] + 1])
    return np.arange(first, last)


def lesson_rows(chunk: Chunk, row: int) -> np.ndarray:
    return np.arange(row * chunk.lessons_each, (row + 1) * chunk.lessons_each)


def claim_rows(chunk: Chunk, row: int) -> np.ndarray:
    t, rows = chunk.tables["claims"], roster(chunk, row)
    return np.flatnonzero((t["enrolment_id"] >= chunk.first + rows[0]) & (t["enrolment_id"] <= chunk.first + rows[-1]))


def enrolled(chunk: Chunk, rows: np.ndarray) -> list[tuple[str, int]]:
    return [("enrolment", int(one)) for one in chunk.tables["enrolments"]["enrolment_id"][rows]]


def claimed(chunk: Chunk, rows: np.ndarray) -> list[tuple[str, int]]:
    return [("claim", int(one)) for one in chunk.tables["claims"]["claim_id"][rows]]


def whole(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return [("class", int(chunk.tables["classes"]["class_id"][row]))]


def body(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return [("institution", int(chunk.tables["classes"]["institution_id"][row]))]


def categorise(chunk: Chunk, rows: np.ndarray, category: str) -> None:
    column = chunk.tables["enrolments"]["category"]
    column.codes[rows] = column.words.index(category)


# Who is on the roster


def fact(chunk: Chunk, row: int, most: int, table: str, **columns: Any) -> list[tuple[str, int]]:
    rows = some(chunk, row, most)
    chunk.add(table, person_id=chunk.tables["enrolments"]["person_id"][rows], **columns)
    return enrolled(chunk, rows)


def days_before(chunk: Chunk, row: int, days: int, most: int) -> np.ndarray:
    size = min(most, chunk.tables["_rosters"]["size"][row])
    return np.full(size, chunk.tables["classes"]["starts_on"][row] - days, dtype=np.int32)


@scheme("dead-souls", "D03")
def dead(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return fact(chunk, row, 2, "deaths", source="cremation", died_on=days_before(chunk, row, 90, 2))


@scheme("pensioners-as-trainees", "D07")
def pensioners(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return fact(chunk, row, 4, "pensions", kind="old-age", from_on=days_before(chunk, row, 700, 4))


@scheme("pupils-as-trainees", "D10")
def pupils(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    since = days_before(chunk, row, 300, 6)
    return fact(chunk, row, 6, "school_rolls", from_on=since, graduates_on=since + 1100)


@scheme("officials-as-trainees", "D11")
def officials(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return fact(chunk, row, 2, "payrolls", from_on=days_before(chunk, row, 2000, 2))


@scheme("workers-as-unemployed", "D12")
def workers(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    """Jiaokou: workers of large firms registered as without work."""
    rows = some(chunk, row, 5)
    categorise(chunk, rows, "unemployed")
    people = chunk.tables["enrolments"]["person_id"][rows]
    month = np.full(len(rows), month_of(chunk.tables["classes"]["starts_on"][[row]])[0])
    insure(chunk, people, np.full(len(rows), chunk.first + 501), month - 6, month + 3)
    return enrolled(chunk, rows)


@scheme("leavers-of-the-firm", "D14")
def leavers(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    """Taizhou: people who had left the firm were used for its claim."""
    rows = some(chunk, row, 6)
    categorise(chunk, rows, "employee")
    firm = chunk.first + 900_000 + row  # none of theirs since
    chunk.tables["enrolments"]["employer"].codes[rows] = firm
    month = np.full(len(rows), month_of(chunk.tables["classes"]["starts_on"][[row]])[0])
    people = chunk.tables["enrolments"]["person_id"][rows]
    insure(chunk, people, np.full(len(rows), firm), np.maximum(month - 11, 0), month - 5)
    return enrolled(chunk, rows)


def absent(chunk: Chunk, row: int, table: str, **columns: Any) -> list[tuple[str, int]]:
    """Two who count as present on every day and were elsewhere all the time."""
    rows = some(chunk, row, 2)
    c = chunk.tables["classes"]
    chunk.add(
        table, person_id=chunk.tables["enrolments"]["person_id"][rows],
        from_on=np.full(len(rows), c["starts_on"][row] - 3), until_on=np.full(len(rows), c["ends_on"][row] + 1), **columns,
    )  # fmt: skip
    return enrolled(chunk, rows)


@scheme("prisoners", "D04")
def prisoners(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return absent(chunk, row, "detentions", source="police")


@scheme("travellers", "D05")
def travellers(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return absent(chunk, row, "travels")


@scheme("patients", "D06")
def patients(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    return absent(chunk, row, "stays")


@scheme("owners-as-unemployed", "D16")
def owners(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    rows = some(chunk, row, 3)
    categorise(chunk, rows, "flexible")
    chunk.add(
        "positions", person_id=chunk.tables["enrolments"]["person_id"][rows], role="shareholder",
        company=Text(np.full(len(rows), chunk.first + 502), prefix="c"), from_on=days_before(chunk, row, 800, 3),
        share=np.full(len(rows), 30.0),
    )  # fmt: skip
    return enrolled(chunk, rows)


@scheme("paid-by-another-fund", "D18")
def paid_elsewhere(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    """Yuzhong: one identity, one level, two dates."""
    rows, e = some(chunk, row, 4), chunk.tables["enrolments"]
    chunk.add(
        "other_subsidies", person_id=e["person_id"][rows], occupation=e["occupation"][rows], amount_fen=100_000,
        fund="unemployment-insurance", level=e["level"].take(rows), region_code="320000",
        number=Text(chunk.first + rows, prefix="OS"), paid_on=days_before(chunk, row, 200, 4),
    )  # fmt: skip
    return enrolled(chunk, rows)


@scheme("shell-employer", "D75")
def shell(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    rows, firm = some(chunk, row, 18), chunk.first + 800_000 + row
    categorise(chunk, rows, "employee")
    chunk.tables["enrolments"]["employer"].codes[rows] = firm
    chunk.add(
        "companies",
        insured=np.array([2]),
        company=Text(np.array([firm]), prefix="c"),
        registered_on=days_before(chunk, row, 60, 1),
    )
    people = chunk.tables["enrolments"]["person_id"][rows]
    month = np.full(len(rows), month_of(chunk.tables["classes"]["starts_on"][[row]])[0])
    insure(chunk, people, np.full(len(rows), firm), month - 1, month + 1)
    return whole(chunk, row)


# Identities and contacts


@scheme("one-phone", "D25", likely=True)
def one_phone(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    people = people_rows(chunk, some(chunk, row, round(between(chunk, 2.6, 9))))
    phone = chunk.tables["persons"]["phone"]
    phone.codes[people] = phone.codes[people[0]]
    return whole(chunk, row)


@scheme("one-account", "D26")
def one_account(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    claims = claim_rows(chunk, row)[:6]
    if len(claims) < 2:
        return []
    people = chunk.tables["claims"]["person_id"][claims] - chunk.first
    for table, rows in (("bank_accounts", people), ("claims", claims)):
        account = chunk.tables[table]["account"]
        account.codes[rows] = chunk.first + people[0]
    return claimed(chunk, claims)


@scheme("cards-opened-together", "D29", likely=True)
def serial_cards(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    people = people_rows(chunk, roster(chunk, row))
    people = people[: int(len(people) * between(chunk, 0.55, 1))]
    a = chunk.tables["bank_accounts"]
    a["branch"].codes[people], a["opened_on"][people] = 7, chunk.tables["classes"]["starts_on"][row] - 10
    return whole(chunk, row)


@scheme("bought-names-in-a-row", "D37", likely=True)
def in_a_row(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    people = people_rows(chunk, some(chunk, row, 5))
    p = chunk.tables["persons"]
    p["birth_on"][people], p["home_code"].codes[people] = p["birth_on"][people[0]], p["home_code"].codes[people[0]]
    return whole(chunk, row)


@scheme("twice-registered", "D32", likely=True)
def two_faces(chunk: Chunk, row: int) -> list[tuple[str, int]]:
    rows = some(chunk, row, 2)
    people = chunk.tables["enrolments"]["person_id"][rows]
    chunk.add(
        "face_pairs",
        person_id=people[:1],
        other_person_id=people[1:2],
        similarity=np.array([between(chunk, 0.83, 0.99)]),
    )
    return enrolled(chunk, rows)
