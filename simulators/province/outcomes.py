"""Exams, certificates, claims and the office's work on them, when nothing is wrong."""

import numpy as np

from simulators.province import schemes
from simulators.province.bodies import BODIES, EVALUATORS, OLD_STAFF
from simulators.province.columns import DAY, Chunk, Text, taken

FEN = {"5": 80_000, "4": 120_000, "3": 180_000}
POOL = 900  # assessors of a county and those around it


def exams(chunk: Chunk) -> None:
    """Theory in the morning and practice in the afternoon, some days after the class."""
    rng, c = chunk.rng, chunk.tables["classes"]
    count, size = len(c["class_id"]), chunk.tables["_rosters"]["size"]
    day = (c["ends_on"] + 5 + rng.integers(0, 5, count)).astype(np.int32)
    body = chunk.first + BODIES + np.arange(count) % EVALUATORS
    order = np.argsort(np.argsort(day, kind="stable"))
    for kind, start, hours, offset, duty in (
        ("theory", 3600, 2, 0, "invigilator"), ("practice", 5 * 3600, 4, 500_000, "assessor"),
    ):  # fmt: skip
        ids, starts = chunk.first + offset + np.arange(count), day.astype(np.int64) * DAY + start
        chunk.add(
            "exams",
            exam_id=ids, class_id=c["class_id"], institution_id=body, trainer_id=c["institution_id"],
            room_id=chunk.first + 700_000 + order % 97, occupation=c["occupation"], seats=60, candidates=size, assessors=3,
            invigilators=np.maximum(2, -(-size // 15)), minutes=120, least_minutes=30, region_code=chunk.region, level=c["level"],
            kind=kind, paper=Text(ids, prefix="paper"), day=day, paper_drawn_on=(day - 1).astype(np.int32),
            starts_at=starts, ends_at=starts + hours * 3600, has_video=np.ones(count, dtype=bool),
            has_sign_in=np.ones(count, dtype=bool), has_papers=np.ones(count, dtype=bool),
        )  # fmt: skip
        for nth in range(3):  # a third invigilator where there are more than thirty candidates
            on = np.flatnonzero(size > 30) if (duty, nth) == ("invigilator", 2) else np.arange(count)
            who = chunk.first + OLD_STAFF + 60_000 + (order[on] * 3 + nth) % POOL
            chunk.add(
                "exam_staff", exam_id=ids[on], person_id=who, institution_id=body[on], duty=duty, day=day[on], starts_at=starts[on],
                ends_at=starts[on] + hours * 3600,
            )  # fmt: skip


def scores(chunk: Chunk) -> None:
    rng, e, x = chunk.rng, chunk.tables["enrolments"], chunk.tables["exams"]
    row, count = chunk.tables["_rosters"]["row"], len(e["enrolment_id"])
    level = rng.normal(0, 1.5, len(chunk.tables["classes"]["class_id"]))[row]
    theory = np.clip(rng.normal(71, 9, count) + level, 15, 100).astype(int)
    practice = np.clip(rng.normal(74, 9, count) + level, 15, 100).astype(int)
    chunk.add(
        "scores",
        exam_id=x["exam_id"][row], enrolment_id=e["enrolment_id"], person_id=e["person_id"], class_id=e["class_id"],
        institution_id=x["institution_id"][row], room_id=x["room_id"][row], occupation=e["occupation"], theory=theory,
        practice=practice, minutes=rng.integers(50, 118, count), entered_by=chunk.first + 200, region_code=chunk.region,
        level=e["level"], day=x["day"][row], photo_score=rng.uniform(0.75, 0.99, count).astype(np.float32),
        passed=(theory >= 60) & (practice >= 60),
    )  # fmt: skip


def certificates(chunk: Chunk) -> None:
    e, s = chunk.tables["enrolments"], chunk.tables["scores"]
    held = np.flatnonzero(s["passed"])
    day = s["day"][held]
    ids = chunk.first + held
    chunk.add(
        "certificates",
        certificate_id=ids, enrolment_id=e["enrolment_id"][held], person_id=e["person_id"][held], class_id=e["class_id"][held],
        institution_id=s["institution_id"][held], occupation=e["occupation"][held], serial=np.arange(len(held)),
        region_code=chunk.region, level=e["level"].take(held), number=Text(ids, prefix="S"), kind="level", state="valid",
        issued_on=(day + 6).astype(np.int32), ends_on=e["ends_on"][held], exam_on=day,
        number_valid=np.ones(len(held), dtype=bool), has_training=np.ones(len(held), dtype=bool),
    )  # fmt: skip


def claims(chunk: Chunk) -> None:
    """Of those who passed and came to four fifths; paid a month later to the own account."""
    rng, t, p = chunk.rng, chunk.tables["certificates"], chunk.tables["presences"]
    e = chunk.tables["enrolments"]
    attended = np.zeros(len(e["enrolment_id"]), dtype=np.int64)
    np.add.at(attended, p["enrolment_id"] - chunk.first, p["minutes"])
    row = t["enrolment_id"] - chunk.first
    entitled = np.flatnonzero(attended[row] * 100 >= 80 * 180 * chunk.lessons_each)
    c = taken(t, entitled)
    count = len(entitled)
    amount = np.array([FEN["5"], FEN["4"], FEN["3"]])[c["level"].codes]
    filed = (c["issued_on"] + rng.integers(2, 40, count)).astype(np.int32)
    chunk.add(
        "claims",
        claim_id=chunk.first + row[entitled], enrolment_id=c["enrolment_id"], person_id=c["person_id"],
        institution_id=e["institution_id"][row[entitled]], class_id=c["class_id"], occupation=c["occupation"],
        amount_fen=amount, due_fen=amount, filed_by=c["person_id"], region_code=chunk.region, level=c["level"], state="paid",
        kind="person", payee=Text(c["person_id"], prefix="p"), number=c["number"], account=Text(c["person_id"], prefix="a"),
        filed_on=filed, certificate_on=c["issued_on"], paid_on=(filed + 30).astype(np.int32),
    )  # fmt: skip
    claims = chunk.tables["claims"]
    chunk.add(
        "payments",
        claim_id=claims["claim_id"], person_id=claims["person_id"], amount_fen=amount, account=claims["account"], state="paid",
        day=claims["paid_on"], owner_matches=np.ones(count, dtype=bool),
    )  # fmt: skip


def office(chunk: Chunk) -> None:
    """Reviews of classes and claims in office hours, sealed data shown now and then, calls, pictures of lessons."""
    rng, c, t = chunk.rng, chunk.tables["classes"], chunk.tables["claims"]
    for kind, subject, body, day, who in (
        ("class", c["class_id"], c["institution_id"], c["starts_on"] - 8, c["decided_by"]),
        ("claim", t["claim_id"], t["institution_id"], t["filed_on"] + 4, chunk.first + 100 + rng.integers(0, 4, len(t["claim_id"]))),
    ):  # fmt: skip
        count = len(subject)
        minute = rng.integers(540, 1020, count)
        chunk.add(
            "reviews",
            review_id=chunk.first + rng.permutation(count) + (500_000 if kind == "claim" else 0), account_id=who,
            subject_id=subject, institution_id=body, minute=minute,
            seconds=np.maximum(rng.lognormal(6, 0.5, count), 30).astype(int), region_code=chunk.region, kind=kind,
            move=Text((rng.random(count) < 0.12).astype(int), ("approve", "return")),
            network=Text(np.full(count, chunk.first), prefix="net-o"), day=day.astype(np.int32),
            at=day.astype(np.int64) * DAY + (minute - 480) * 60 + rng.integers(0, 60, count),
        )  # fmt: skip
    shown = rng.choice(chunk.tables["persons"]["person_id"], min(2000, len(c["class_id"])))
    minute = rng.integers(540, 1020, len(shown))
    chunk.add(
        "reveals",
        reveal_id=chunk.first + np.arange(len(shown)), account_id=chunk.first + 100 + rng.integers(0, 4, len(shown)),
        person_id=shown, minute=minute, region_code=chunk.region, person_region=chunk.region, purpose="review",
        day=rng.choice(c["starts_on"], len(shown)), was_due=rng.random(len(shown)) < 0.9,
    )  # fmt: skip
    _calls(chunk)
    _pictures(chunk)


def _calls(chunk: Chunk) -> None:
    rng, e = chunk.rng, chunk.tables["enrolments"]
    some = np.flatnonzero(rng.random(len(e["enrolment_id"])) < 0.02)
    called = taken(e, some)
    chunk.add(
        "calls",
        **{name: called[name] for name in ("enrolment_id", "person_id", "class_id", "institution_id", "region_code")},
        outcome=Text((rng.random(len(some)) < 0.03).astype(int), ("reached", "wrong-number")),
        answer=Text(called["enrolment_id"], prefix="an"), day=(called["ends_on"] + 10).astype(np.int32),
        paid_back=np.zeros(len(some), dtype=bool),
    )  # fmt: skip


def _pictures(chunk: Chunk) -> None:
    """A photo of each lesson, heads counted on it, and material bought for each class."""
    rng, lesson, c = chunk.rng, chunk.tables["lessons"], chunk.tables["classes"]
    p = chunk.tables["presences"]
    count = len(lesson["lesson_id"])
    there = np.bincount(p["lesson_id"] - chunk.first, weights=p["presence"].codes < 2, minlength=count).astype(int)
    heads = np.maximum(there - (rng.random(count) < 0.2) * rng.integers(0, 3, count), 0)
    at = lesson["starts_at"] + rng.integers(600, 9000, count)
    same = {name: lesson[name] for name in ("lesson_id", "class_id", "institution_id", "day", "region_code")}
    chunk.add(
        "photos",
        photo_id=lesson["lesson_id"], people=heads, kind="lesson", sha256=Text(lesson["lesson_id"], prefix="ph"), taken_at=at,
        uploaded_at=at + 60, lesson_starts_at=lesson["starts_at"], lesson_ends_at=lesson["ends_at"],
        outside_m=np.zeros(count, dtype=np.float32), **same,
    )  # fmt: skip
    chunk.add("head_counts", people=heads, present=there, at=at, **same)
    size = chunk.tables["_rosters"]["size"]
    chunk.add(
        "purchases",
        class_id=c["class_id"], institution_id=c["institution_id"], occupation=c["occupation"],
        amount_fen=(size * 4000 * rng.uniform(0.7, 1.3, len(size))).astype(np.int64), region_code=chunk.region,
        day=(c["starts_on"] - 3).astype(np.int32),
    )  # fmt: skip


def mess(chunk: Chunk) -> None:
    """What every honest county has: a village on one agent's telephone, a late upload, a list that lags."""
    rng, c = chunk.rng, chunk.tables["classes"]
    for one in np.flatnonzero(rng.random(len(c["class_id"])) < 0.004):
        rows = schemes.roster(chunk, int(one))[: int(rng.integers(3, 6))]
        people = schemes.people_rows(chunk, rows)
        chunk.tables["persons"]["phone"].codes[people] = chunk.tables["persons"]["phone"].codes[people[0]]
    for one in np.flatnonzero(
        rng.random(len(c["class_id"])) < 0.003
    ):  # no network at the place: all of a day sent later
        at = schemes.check_in_rows(chunk, int(one))
        k = chunk.tables["check_ins"]
        day = k["day"][at[0]]
        late = at[k["day"][at] == day]
        k["received_at"][late] = k["happened_at"][late] + 2 * DAY
        k["batch"].codes[late] = chunk.first + int(one)
    for one in np.flatnonzero(
        rng.random(len(c["class_id"])) < 0.002
    ):  # day surgery that the record makes three days of
        row = schemes.roster(chunk, int(one))[0]
        day = c["starts_on"][one]
        chunk.add(
            "stays",
            person_id=chunk.tables["enrolments"]["person_id"][[row]],
            from_on=np.array([day - 1]),
            until_on=np.array([day + 2]),
        )
    travellers = rng.choice(chunk.tables["persons"]["person_id"], 50)
    gone = np.datetime64("2025-08-01", "D").astype(np.int32) + rng.integers(0, 100, 50).astype(np.int32)
    chunk.add("travels", person_id=travellers, from_on=gone, until_on=gone + 9)
