"""Classes of a year with rosters, lessons, presences and check-ins, when nothing is wrong but the ordinary mess."""

import numpy as np

from simulators.province import bodies
from simulators.province.bodies import BODIES, CATEGORIES, FIRMS, insure, month_of
from simulators.province.columns import DAY, NO_DAY, Chunk, Text, taken

GAP = 3  # free weekdays between two classes of a track
LESSON = 180 * 60  # seconds
HALVES = (30 * 60, 5 * 3600 + 30 * 60)  # UTC: 08:30 and 13:30 local


def classes(chunk: Chunk, count: int) -> None:
    """Each track holds one class after another, a lesson a weekday."""
    rng, days = chunk.rng, bodies.calendar()
    span = chunk.lessons_each + GAP
    in_a_row = len(days) // span
    each = max(1, -(-count // (BODIES * in_a_row)))
    bodies.tracks(chunk, each)
    k = np.arange(count)
    body, nth = k % BODIES, k // BODIES
    track, slot = body * each + nth % each, nth // each
    first = slot * span + rng.integers(0, GAP, count)
    ids = chunk.first + k
    starts, ends = days[first], days[first + chunk.lessons_each - 1]
    level = rng.choice(3, count, p=(0.5, 0.3, 0.2))
    hours = chunk.lessons_each * 4
    submitted = (starts.astype(np.int64) - 14) * DAY + rng.integers(1, 9, count) * 3600
    chunk.tables["_tracks"] = {"track": track, "first": first}
    chunk.add(
        "classes",
        class_id=ids, institution_id=chunk.first + body, occupation=bodies.occupation_of(track), planned_size=40, most_size=50,
        hours=hours, practice_hours=-(-hours * 6 // 10), least_hours=hours, least_practice=60, submitted_by=chunk.first + body,
        decided_by=chunk.first + 100 + rng.integers(0, 4, count), region_code=chunk.region, level=Text(level, ("5", "4", "3")),
        certificate_kind="level", study_form="offline", state="ended", title=Text(ids, prefix="class"),
        plan=Text(ids, prefix="plan"), starts_on=starts, ends_on=ends, ended_on=ends, submitted_at=submitted,
        decided_at=submitted + rng.integers(1, 5, count) * DAY, is_deemed=rng.random(count) < 0.05,
    )  # fmt: skip


def rosters(chunk: Chunk) -> None:
    """Who trains where: mostly new people, some who trained before in another occupation."""
    rng, c = chunk.rng, chunk.tables["classes"]
    size = rng.integers(20, 39, len(c["class_id"]))
    row = np.repeat(np.arange(len(size)), size)
    again = _again(chunk, row)
    new = again < 0
    person = np.empty(len(row), dtype=np.int64)
    person[new] = np.arange(new.sum())
    person[~new] = person[again[~new]]
    category = bodies.people(chunk, int(new.sum()))
    employer = np.where(
        category == CATEGORIES.index("employee"), chunk.first + 500 + rng.integers(0, FIRMS, len(category)), -1
    )
    count = len(row)
    chunk.tables["_rosters"] = {"row": row, "size": size, "starts": np.cumsum(size) - size}
    chunk.add(
        "enrolments",
        enrolment_id=chunk.first + np.arange(count), person_id=chunk.first + person, class_id=c["class_id"][row],
        institution_id=c["institution_id"][row], occupation=c["occupation"][row], region_code=chunk.region,
        level=c["level"].take(row), category=Text(category[person], CATEGORIES), employer=Text(employer[person], prefix="c"),
        network=Text(np.where(rng.random(count) < 0.3, rng.integers(0, 10**6, count), -1), prefix="net"), state="enrolled",
        starts_on=c["starts_on"][row], ends_on=c["ends_on"][row], dropped_on=np.full(count, NO_DAY, dtype=np.int32),
        added_at=c["submitted_at"][row] - rng.integers(0, 5 * DAY, count),
    )  # fmt: skip
    _work(chunk, category, employer, person, row)


def _again(chunk: Chunk, row: np.ndarray) -> np.ndarray:
    """For some enrolments an earlier one whose person comes again, each once; -1 for the rest."""
    rng, c = chunk.rng, chunk.tables["classes"]
    order = np.argsort(c["ends_on"], kind="stable")
    found, taken_once = np.full(len(row), -1, dtype=np.int64), set()
    starts = np.searchsorted(row, np.arange(len(c["class_id"])))
    sizes = np.bincount(row)
    before = np.searchsorted(c["ends_on"][order], c["starts_on"] - 25)
    for one in np.flatnonzero(rng.random(len(row)) < 0.12):
        mine = row[one]
        if before[mine] == 0:
            continue
        other = order[rng.integers(before[mine])]
        if c["occupation"][other] == c["occupation"][mine]:
            continue
        at = int(starts[other] + rng.integers(sizes[other]))
        if found[at] < 0 and at not in taken_once:
            found[one] = at
            taken_once.add(at)
    # who comes again must stand before whom it points to when persons are numbered
    return np.where((found >= 0) & (found < np.arange(len(row))), found, -1)


def _work(chunk: Chunk, category: np.ndarray, employer: np.ndarray, person: np.ndarray, row: np.ndarray) -> None:
    """Insurance: employees all year; of the others some from the month after their last class on, and for good."""
    rng, c = chunk.rng, chunk.tables["classes"]
    ids = chunk.first + np.arange(len(category))
    at_work = employer >= 0
    zeros = np.zeros(at_work.sum(), dtype=np.int64)
    insure(chunk, ids[at_work], employer[at_work], zeros, zeros + bodies.LAST_MONTH)
    last = np.zeros(len(category), dtype=np.int64)
    np.maximum.at(last, person, month_of(c["ends_on"][row]))
    hired = ~at_work & (rng.random(len(category)) < 0.55)
    first = last[hired] + 1 + rng.integers(0, 2, hired.sum())
    insure(
        chunk,
        ids[hired],
        chunk.first + 500 + rng.integers(0, FIRMS, hired.sum()),
        first,
        np.full(hired.sum(), bodies.LAST_MONTH),
    )


def lessons(chunk: Chunk) -> None:
    """Theory first; at least three fifths of them practice, however many there are."""
    rng, c, place = chunk.rng, chunk.tables["classes"], chunk.tables["_tracks"]
    each, count = chunk.lessons_each, len(c["class_id"])
    row, nth = np.repeat(np.arange(count), each), np.tile(np.arange(each), count)
    is_theory = (nth % 5 < 2) & (nth // 5 * 2 + nth % 5 < each * 2 // 5)
    day = bodies.calendar()[place["first"][row] + nth]
    track = place["track"][row]
    half = np.array(HALVES)[track % 2]
    starts = day.astype(np.int64) * DAY + half
    ids, total = chunk.first + np.arange(count * each), count * each
    minutes = np.full(total, 180)
    chunk.add(
        "lessons",
        lesson_id=ids, class_id=c["class_id"][row], institution_id=c["institution_id"][row], room_id=chunk.first + track,
        site_id=c["institution_id"][row], teacher_id=chunk.first + track,
        person_id=chunk.first + bodies.OLD_STAFF + track, hours=4, minute=(half // 60 + 480), minutes=minutes,
        taught_minutes=minutes - rng.integers(0, 6, total), filed_teacher_id=chunk.first + track,
        filed_room_id=chunk.first + track, region_code=chunk.region,
        kind=Text((~is_theory).astype(int), ("theory", "practice")), subject=Text(nth, prefix="s"), day=day,
        starts_at=starts, ends_at=starts + LESSON, plan_changed=np.zeros(total, dtype=bool),
    )  # fmt: skip


def presences(chunk: Chunk) -> None:
    """Each trainee in each lesson; people differ in how often they are absent."""
    rng, e, lesson = chunk.rng, chunk.tables["enrolments"], chunk.tables["lessons"]
    each, count = chunk.lessons_each, len(e["enrolment_id"])
    row = np.repeat(np.arange(count), each)
    which = chunk.tables["_rosters"]["row"][row] * each + np.tile(np.arange(each), count)
    habit = rng.beta(1, 40, count)[row]
    draw = rng.random(count * each)
    kind = np.where(draw < habit, 2, np.where(draw < habit + 0.02, 1, 0))
    came = kind < 2
    late = np.where(kind == 1, rng.integers(11, 40, len(row)), 0) * 60
    starts, ends = lesson["starts_at"][which] + late, lesson["ends_at"][which]
    chunk.tables["_which"] = {"row": row, "lesson": which}
    chunk.add(
        "presences",
        enrolment_id=e["enrolment_id"][row], person_id=e["person_id"][row], class_id=e["class_id"][row],
        lesson_id=lesson["lesson_id"][which], institution_id=e["institution_id"][row],
        minutes=np.where(came, 180 - late // 60, 0), lesson_minutes=180, region_code=chunk.region,
        presence=Text(kind, ("present", "late", "absent")), day=lesson["day"][which],
        starts_at=np.where(came, starts, 0), ends_at=np.where(came, ends, 0), is_corrected=np.zeros(len(row), dtype=bool),
    )  # fmt: skip
    some = np.flatnonzero(rng.random(len(row)) < 0.008)
    p = taken(chunk.tables["presences"], some)
    asked = p["day"].astype(np.int64) * DAY + 40_000
    chunk.add(
        "corrections",
        **{name: p[name] for name in ("enrolment_id", "person_id", "class_id", "lesson_id", "institution_id", "day", "region_code")},
        asked_by=chunk.first, decided_by=chunk.first + 100, minutes=180, asked_at=asked,
        lesson_ends_at=lesson["ends_at"][which[some]],
    )  # fmt: skip


def check_ins(chunk: Chunk) -> None:
    """In and out of every presence, from the trainee's own telephone; poor signal now and then."""
    rng, p = chunk.rng, chunk.tables["presences"]
    lesson = chunk.tables["lessons"]
    at = np.flatnonzero(p["presence"].codes < 2)
    which = chunk.tables["_which"]["lesson"][at]
    is_late = p["presence"].codes[at] == 1
    early = np.where(is_late, -(p["starts_at"][at] - lesson["starts_at"][which]), rng.integers(20, 1500, len(at)))
    times = np.stack(
        [lesson["starts_at"][which] - early, lesson["ends_at"][which] + rng.integers(10, 900, len(at))], axis=1
    ).ravel()
    twice = np.repeat(at, 2)
    count = len(twice)
    local = (times + 8 * 3600) % DAY
    body = np.repeat(lesson["institution_id"][which] - chunk.first, 2)
    site = chunk.tables["sites"]
    noise = rng.normal(0, 0.0002, (2, count))
    chunk.add(
        "check_ins",
        check_in_id=chunk.first * 1000 + np.arange(count), enrolment_id=p["enrolment_id"][twice],
        person_id=p["person_id"][twice], class_id=p["class_id"][twice], lesson_id=p["lesson_id"][twice],
        institution_id=p["institution_id"][twice], by_account=p["person_id"][twice], minute=local // 60, second=local % 60,
        region_code=chunk.region, direction=Text(np.tile([0, 1], len(at)), ("in", "out")), means="code",
        device=Text(p["person_id"][twice], prefix="d"), network=Text(np.full(count, -1), prefix="net"),
        batch=Text(np.full(count, -1), prefix="b"), day=p["day"][twice], happened_at=times,
        received_at=times + rng.integers(0, 4, count), outside_m=np.zeros(count, dtype=np.float32),
        accuracy_m=np.where(rng.random(count) < 3e-4, 160, rng.integers(5, 60, count)).astype(np.float32),
        longitude=(site["longitude"][body] + noise[0]).astype(np.float32).astype(np.float64),
        latitude=(site["latitude"][body] + noise[1]), face_score=rng.uniform(0.8, 0.99, count).astype(np.float32),
        liveness=rng.uniform(0.8, 1, count).astype(np.float32), is_mock=np.zeros(count, dtype=bool),
        is_kiosk=np.zeros(count, dtype=bool), by_hand=np.zeros(count, dtype=bool),
    )  # fmt: skip
