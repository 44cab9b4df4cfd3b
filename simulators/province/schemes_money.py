"""Schemes around claims, work after training, the office and hidden relations (domain 5.2 IV, VII)."""

import numpy as np

from simulators.province.bodies import insure, month_of
from simulators.province.columns import DAY, Chunk, Text, taken
from simulators.province.schemes import SCHEMES as SCHEMES
from simulators.province.schemes import between, body, claim_rows, claimed, people_rows, roster, scheme, some, whole

Touched = list[tuple[str, int]]


@scheme("money-flows-back", "D117", likely=True)
def flows_back(chunk: Chunk, row: int) -> Touched:
    rows, t = claim_rows(chunk, row), chunk.tables["claims"]
    rows = rows[: int(len(rows) * between(chunk, 0.45, 1))]
    if len(rows) < 6:
        return []
    chunk.add(
        "transfers", amount_fen=t["amount_fen"][rows] * 7 // 10, from_account=t["account"].take(rows),
        to_account=Text(np.full(len(rows), chunk.first + row), prefix="boss"), day=t["paid_on"][rows] + 6,
    )  # fmt: skip
    return whole(chunk, row)


@scheme("amount-raised", "D113")
def raised(chunk: Chunk, row: int) -> Touched:
    """Jiaokou: false papers to rise from 60 to 100 per cent."""
    rows = claim_rows(chunk, row)[:5]
    chunk.tables["claims"]["amount_fen"][rows] += 40_000
    return claimed(chunk, rows)


@scheme("claimed-by-two-payees", "D115")
def two_payees(chunk: Chunk, row: int) -> Touched:
    """The person and the institution both ask for one training."""
    rows = claim_rows(chunk, row)[:4]
    again = taken(chunk.tables["claims"], rows)
    again["claim_id"] = again["claim_id"] + 700_000
    again["payee"] = Text(again["institution_id"], prefix="inst")
    chunk.add("claims", **again)
    return claimed(chunk, np.flatnonzero(np.isin(chunk.tables["claims"]["enrolment_id"], again["enrolment_id"])))


@scheme("certificate-claimed-in-two-regions", "D116")
def two_regions(chunk: Chunk, row: int) -> Touched:
    rows, t = claim_rows(chunk, row)[:3], chunk.tables["claims"]
    chunk.add(
        "other_subsidies", person_id=t["person_id"][rows], occupation=0, amount_fen=80_000, fund="employment", level="0",
        region_code="330100", number=t["number"].take(rows), paid_on=t["filed_on"][rows] - 9,
    )  # fmt: skip
    return claimed(chunk, rows)


@scheme("account-of-somebody-else", "D27")
def foreign_account(chunk: Chunk, row: int) -> Touched:
    rows = claim_rows(chunk, row)[:4]
    people = chunk.tables["claims"]["person_id"][rows] - chunk.first
    chunk.tables["bank_accounts"]["owner_matches"][people] = False
    return claimed(chunk, rows)


@scheme("work-only-for-the-count", "D119", likely=True)
def short_work(chunk: Chunk, row: int) -> Touched:
    """Insured for two months after the class by one firm, most of the class."""
    c = chunk.tables["classes"]
    month = month_of(c["ends_on"][[row]])[0]
    if month > 18:  # the end of it would lie beyond the year
        return []
    rows = roster(chunk, row)
    people = people_rows(chunk, rows) + chunk.first
    m = chunk.tables["insured_months"]
    keep = ~(np.isin(m["person_id"], people) & (m["month"] > c["ends_on"][row]))
    chunk.tables["insured_months"] = taken(m, np.flatnonzero(keep))
    some_of = people[: int(len(people) * between(chunk, 0.55, 1))]
    firm = np.full(len(some_of), chunk.first + 503)
    insure(chunk, some_of, firm, np.full(len(some_of), month + 1), np.full(len(some_of), month + 2))
    return whole(chunk, row)


@scheme("told-what-to-answer", "D122", likely=True)
def told(chunk: Chunk, row: int) -> Touched:
    """Trainees were told what to answer in the survey; others had never heard of the class."""
    e = taken(chunk.tables["enrolments"], some(chunk, row, 6))
    chunk.add(
        "calls", **{name: e[name] for name in ("enrolment_id", "person_id", "class_id", "institution_id", "region_code")},
        outcome=Text(np.array([0, 0, 0, 0, 1, 1]), ("reached", "did-not-attend")),
        answer=Text(np.full(6, chunk.first + row), prefix="heart"), day=e["ends_on"] + 12, paid_back=np.zeros(6, dtype=bool),
    )  # fmt: skip
    return whole(chunk, row)


@scheme("paid-back-in-cash", "D118")
def kick_back(chunk: Chunk, row: int) -> Touched:
    e = taken(chunk.tables["enrolments"], some(chunk, row, 2))
    chunk.add(
        "calls", **{name: e[name] for name in ("enrolment_id", "person_id", "class_id", "institution_id", "region_code")},
        outcome="reached", answer=Text(e["enrolment_id"], prefix="an"), day=e["ends_on"] + 50, paid_back=np.ones(2, dtype=bool),
    )  # fmt: skip
    return whole(chunk, row)


@scheme("recruiting-fees", "D77", likely=True)
def fees(chunk: Chunk, row: int) -> Touched:
    people = people_rows(chunk, some(chunk, row, round(between(chunk, 4, 12)))) + chunk.first
    c = chunk.tables["classes"]
    chunk.add(
        "transfers", amount_fen=20_000, from_account=Text(np.full(len(people), c["institution_id"][row]), prefix="ia"),
        to_account=Text(people, prefix="a"), day=np.full(len(people), c["starts_on"][row] - 12),
    )  # fmt: skip
    return body(chunk, row)


@scheme("reviewer-of-one-body", "D81", "I01", "I02", likely=True)
def bias(chunk: Chunk, row: int) -> Touched:
    """One account passes one institution's claims at night, a minute each."""
    account, subject = chunk.first + 700 + row, chunk.first + 800_000 + row * 100 + np.arange(40)
    day = chunk.tables["classes"]["ends_on"][row] + 40
    minute = 1330 + np.arange(40) // 4
    chunk.add(
        "reviews", review_id=subject, account_id=np.full(40, account), subject_id=subject,
        institution_id=chunk.tables["classes"]["institution_id"][row], minute=minute, seconds=14, region_code=chunk.region,
        kind="claim", move="approve", network=Text(np.full(40, chunk.first), prefix="net-o"), day=np.full(40, day),
        at=int(day) * DAY + (minute - 480) * 60 + np.arange(40) % 4 * 15,
    )  # fmt: skip
    return [("account", account)]


@scheme("persons-looked-up", "I03", likely=True)
def curious(chunk: Chunk, row: int) -> Touched:
    """An account that sells what it reads."""
    account, count = chunk.first + 750 + row, round(between(chunk, 8, 60))
    people = chunk.rng.choice(chunk.tables["persons"]["person_id"], count, replace=False)
    chunk.add(
        "reveals", reveal_id=chunk.first + 500_000 + row * 100 + np.arange(count), account_id=np.full(count, account),
        person_id=people, minute=700, region_code=chunk.region, person_region="320583", purpose="review",
        day=chunk.tables["classes"]["starts_on"][row], was_due=np.zeros(count, dtype=bool),
    )  # fmt: skip
    return [("account", account)]


@scheme("complained-of-twice", "D123")
def complained(chunk: Chunk, row: int) -> Touched:
    c = chunk.tables["classes"]
    chunk.add(
        "complaints", complaint_id=chunk.first + row * 4 + np.arange(3), institution_id=c["institution_id"][row],
        class_id=c["class_id"][row], region_code=chunk.region, outcome="proved",
        day=c["ends_on"][row] + np.arange(3, dtype=np.int32) * 5, has_evidence=np.ones(3, dtype=bool),
    )  # fmt: skip
    return body(chunk, row)


@scheme("papers-of-another-body", "D126", likely=True)
def copied_papers(chunk: Chunk, row: int) -> Touched:
    c = chunk.tables["classes"]
    other = (row + 1) % len(c["class_id"])
    chunk.add(
        "documents", document_id=chunk.first + row * 2 + np.arange(2), class_id=c["class_id"][[row, other]],
        institution_id=c["institution_id"][[row, other]], region_code=chunk.region, kind="summary",
        text=Text(np.full(2, chunk.first + row), prefix="text"), day=c["ends_on"][[row, other]],
    )  # fmt: skip
    return [("class", int(one)) for one in c["class_id"][[row, other]]]
