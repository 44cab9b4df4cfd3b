"""Institutions with their rooms and teachers, firms, and the people of a county before any of them trains."""

import numpy as np

from simulators.province.columns import Chunk, Text, word

BODIES, EVALUATORS, FIRMS, OCCUPATIONS = 16, 2, 40, 20
BEFORE = np.datetime64("2020-03-01", "D").astype(np.int32)
LATER = np.datetime64("2030-12-31", "D").astype(np.int32)
FIRST_DAY = np.datetime64("2026-01-12", "D")
LAST_MONTH = 24 - 1  # of 2025 and 2026, from 0
OLD_STAFF = 900_000  # persons beyond trainees: teachers from here, assessors, owners


def calendar() -> np.ndarray:
    """The weekdays of a training year."""
    days = FIRST_DAY + np.arange(345)
    return days[(days.astype(np.int64) + 3) % 7 < 5].astype(np.int32)


def institutions(chunk: Chunk) -> None:
    rng, count = chunk.rng, BODIES + EVALUATORS
    ids = chunk.first + np.arange(count)
    place = np.column_stack([rng.normal(118.8, 0.2, count), rng.normal(32.0, 0.2, count)])
    chunk.add(
        "institutions",
        institution_id=ids, capacity=100_000, region_code=chunk.region,
        kind=Text((np.arange(count) >= BODIES).astype(int), ("training", "evaluation")), state="listed",
        company=Text(ids, prefix="c"), legal_person=Text(ids, prefix="l"), phone=Text(ids, prefix="ph"),
        address=Text(ids, prefix="ad"), account=Text(ids, prefix="ia"), agent=Text(ids, prefix="ag"),
        listed_on=np.full(count, BEFORE), longitude=place[:, 0], latitude=place[:, 1],
    )  # fmt: skip
    chunk.add(
        "sites",
        site_id=ids,
        institution_id=ids,
        address=Text(ids, prefix="ad"),
        longitude=place[:, 0],
        latitude=place[:, 1],
    )
    for kind in ("licence", "agreement", "safety"):
        chunk.add(
            "papers",
            institution_id=ids,
            kind=kind,
            valid_from=np.full(count, BEFORE),
            valid_until=np.full(count, LATER),
        )
    owners = chunk.first + OLD_STAFF + 50_000 + np.arange(count)
    chunk.add(
        "positions", person_id=owners, company=Text(ids, prefix="c"), role="legal-person",
        from_on=np.full(count, BEFORE), share=rng.uniform(51, 100, count),
    )  # fmt: skip
    accounts = chunk.first + np.arange(BODIES)
    for month in range(12):
        day = (np.datetime64("2026-01", "M") + month).astype("datetime64[D]").astype(np.int32) + 4
        chunk.add(
            "sign_ins", account_id=accounts, institution_id=ids[:BODIES], region_code=chunk.region,
            role="institution-manager", network=Text(ids[:BODIES], prefix="net-i"), day=np.full(BODIES, day),
        )  # fmt: skip


def firms(chunk: Chunk) -> None:
    ids = chunk.first + 500 + np.arange(FIRMS)
    chunk.add(
        "companies",
        insured=chunk.rng.integers(900, 5000, FIRMS), company=Text(ids, prefix="c"), phone=Text(ids, prefix="ph"),
        address=Text(ids, prefix="ad"), account=Text(ids, prefix="ca"), agent=Text(ids, prefix="ag"),
        registered_on=np.full(FIRMS, BEFORE),
    )  # fmt: skip


def tracks(chunk: Chunk, each: int) -> None:
    """A room with a teacher for half of every day: `each` of them to an institution."""
    count = BODIES * each
    ids, body = chunk.first + np.arange(count), chunk.first + np.arange(count) // each
    people = chunk.first + OLD_STAFF + np.arange(count)
    chunk.add("rooms", room_id=ids, site_id=body, institution_id=body, seats=60, stations=60, kind="workshop")
    chunk.add(
        "teachers", teacher_id=ids, institution_id=body, person_id=people, is_full_time=np.ones(count, dtype=bool),
        joined_on=np.full(count, BEFORE),
    )  # fmt: skip
    occupation = occupation_of(np.arange(count))
    chunk.add(
        "qualifications",
        teacher_id=ids,
        occupation=occupation,
        level=word("3", count),
        expires_on=np.full(count, LATER),
    )
    for level in ("5", "4", "3"):
        chunk.add(
            "projects",
            institution_id=body,
            occupation=occupation,
            level=word(level, count),
            from_on=np.full(count, BEFORE),
        )


def occupation_of(track: np.ndarray) -> np.ndarray:
    return track % OCCUPATIONS + 1


CATEGORIES = ("rural", "unemployed", "employee", "flexible", "difficulty", "monitored", "graduate")
SHARES = (0.38, 0.2, 0.27, 0.1, 0.02, 0.01, 0.02)


def people(chunk: Chunk, count: int) -> np.ndarray:
    """The trainees, and what other departments know of them when nothing is wrong; gives their categories."""
    rng, ids = chunk.rng, chunk.first + np.arange(count)
    category = rng.choice(len(CATEGORIES), count, p=SHARES)
    born = np.datetime64("1981-01-01", "D").astype(np.int32) + rng.integers(0, 365 * 26, count).astype(np.int32)
    family = np.where(rng.random(count) < 0.02, ids - ids % 2, ids)  # two of a family on one phone
    away = rng.random(count) < 0.15
    chunk.add(
        "persons",
        person_id=ids, sex=Text(rng.integers(0, 2, count), ("1", "2")), id_kind="citizen",
        home_code=Text(np.where(away, rng.integers(1, 90, count), 0), (chunk.region, *(f"41{n:04}" for n in range(1, 90)))),
        region_code=chunk.region, category=Text(category, CATEGORIES), phone=Text(family, prefix="ph"),
        address=Text(ids, prefix="ad"), verification=Text((rng.random(count) < 2e-4).astype(int), ("matched", "mismatched")),
        birth_on=born, id_valid=rng.random(count) > 5e-5, registered_by=chunk.first + rng.integers(0, 8, count),
    )  # fmt: skip
    chunk.add(
        "bank_accounts",
        person_id=ids, account=Text(ids, prefix="a"), bank=Text(rng.integers(0, 9, count), prefix="bank"),
        branch=Text(rng.integers(0, 400, count), prefix="br"), holder_kind="person",
        opened_on=BEFORE - rng.integers(0, 3000, count).astype(np.int32), owner_matches=rng.random(count) > 3e-4,
    )  # fmt: skip
    for kind in ("unemployed", "difficulty", "monitored"):
        listed = ids[category == CATEGORIES.index(kind)]
        late = np.where(rng.random(len(listed)) < 0.01, 0, 0).astype(np.int32)
        chunk.add("lists", person_id=listed, kind=kind, from_on=BEFORE + late)
    graduates = ids[category == CATEGORIES.index("graduate")]
    chunk.add(
        "school_rolls", person_id=graduates, from_on=np.full(len(graduates), BEFORE),
        graduates_on=np.full(len(graduates), np.datetime64("2026-12-31", "D").astype(np.int32)),
    )  # fmt: skip
    return category


def insure(chunk: Chunk, people: np.ndarray, firms: np.ndarray, first: np.ndarray, last: np.ndarray) -> None:
    """Months of insurance, `first` to `last` counted from January 2025."""
    lengths = np.maximum(last - first + 1, 0)
    who = np.repeat(np.arange(len(people)), lengths)
    month = np.repeat(first, lengths) + np.arange(len(who)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if len(who) == 0:
        return
    days = (np.datetime64("2025-01", "M") + month).astype("datetime64[D]").astype(np.int32)
    chunk.add("insured_months", person_id=people[who], company=Text(firms[who], prefix="c"), month=days)


def month_of(days: np.ndarray) -> np.ndarray:
    """Months from January 2025."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - (2025 - 1970) * 12
