"""Schemes around attendance, classes, online study and exams (domain 5.2 III-VI)."""

import numpy as np

from simulators.province.columns import DAY, Chunk, Text, taken
from simulators.province.schemes import SCHEMES as SCHEMES
from simulators.province.schemes import (
    between,
    body,
    check_in_rows,
    enrolled,
    lesson_rows,
    roster,
    scheme,
    some,
    whole,
)

Touched = list[tuple[str, int]]


def of_days(chunk: Chunk, row: int, count: int) -> np.ndarray:
    """The check-ins of the first lessons of a class."""
    rows, k = check_in_rows(chunk, row), chunk.tables["check_ins"]
    first = chunk.tables["lessons"]["lesson_id"][lesson_rows(chunk, row)[:count]]
    return rows[np.isin(k["lesson_id"][rows], first)]


@scheme("one-telephone-checks-all-in", "D30", "D41", likely=True)
def one_device(chunk: Chunk, row: int) -> Touched:
    k, rows = chunk.tables["check_ins"], of_days(chunk, row, 5)
    people = np.isin(
        k["enrolment_id"][rows],
        chunk.tables["enrolments"]["enrolment_id"][some(chunk, row, round(between(chunk, 2.6, 12)))],
    )
    rows = rows[people]
    k["device"].codes[rows] = k["device"].codes[rows[0]]
    for lesson in np.unique(k["lesson_id"][rows]):
        for direction in (0, 1):
            one = rows[(k["lesson_id"][rows] == lesson) & (k["direction"].codes[rows] == direction)]
            if len(one):
                k["happened_at"][one] = k["happened_at"][one].min() + np.arange(len(one)) * 2
    return whole(chunk, row)


@scheme("made-up-position", "D40")
def mock(chunk: Chunk, row: int) -> Touched:
    k, rows, who = chunk.tables["check_ins"], check_in_rows(chunk, row), some(chunk, row, 5)
    mine = rows[np.isin(k["enrolment_id"][rows], chunk.tables["enrolments"]["enrolment_id"][who])]
    k["is_mock"][mine] = True
    return enrolled(chunk, who)


@scheme("not-at-the-place", "D39", likely=True)
def outside(chunk: Chunk, row: int) -> Touched:
    k, rows = chunk.tables["check_ins"], of_days(chunk, row, 3)
    rows = chunk.rng.choice(rows, round(len(rows) * between(chunk, 0.02, 1)), replace=False)
    k["outside_m"][rows] = chunk.rng.uniform(80, 6000, len(rows))
    return whole(chunk, row)


@scheme("all-in-at-the-end", "D42", likely=True)
def at_the_end(chunk: Chunk, row: int) -> Touched:
    k, lesson = chunk.tables["check_ins"], chunk.tables["lessons"]
    rows = check_in_rows(chunk, row)
    rows = rows[k["direction"].codes[rows] == 0]
    ends = lesson["ends_at"][k["lesson_id"][rows] - chunk.first]
    k["happened_at"][rows] = ends - 900 + chunk.rng.integers(0, round(between(chunk, 60, 140)), len(rows))
    return whole(chunk, row)


@scheme("sheet-filled-for-all", "D43", likely=True)
def nobody_missing(chunk: Chunk, row: int) -> Touched:
    """Jinghong: every sheet in one hand, nobody ever missing."""
    p = chunk.tables["presences"]
    rows = presence_rows(chunk, row)
    lesson = chunk.tables["_which"]["lesson"][rows]
    p["presence"].codes[rows], p["minutes"][rows] = 0, 180
    p["starts_at"][rows] = chunk.tables["lessons"]["starts_at"][lesson]
    p["ends_at"][rows] = chunk.tables["lessons"]["ends_at"][lesson]
    return whole(chunk, row)


def presence_rows(chunk: Chunk, row: int) -> np.ndarray:
    rows = roster(chunk, row)
    return np.arange(rows[0] * chunk.lessons_each, (rows[-1] + 1) * chunk.lessons_each)


@scheme("attendance-made-up-by-hand", "D54", likely=True)
def by_hand(chunk: Chunk, row: int) -> Touched:
    rows = presence_rows(chunk, row)
    rows = chunk.rng.choice(rows, round(len(rows) * between(chunk, 0.04, 0.3)), replace=False)
    p = taken(chunk.tables["presences"], rows)
    ends = chunk.tables["lessons"]["ends_at"][chunk.tables["_which"]["lesson"][rows]]
    names = ("enrolment_id", "person_id", "class_id", "lesson_id", "institution_id", "day", "region_code")
    chunk.add(
        "corrections", **{name: p[name] for name in names}, asked_by=chunk.first, decided_by=chunk.first + 100, minutes=180,
        asked_at=ends + 9 * DAY, lesson_ends_at=ends,
    )  # fmt: skip
    return whole(chunk, row)


@scheme("photo-of-another-class", "D50")
def old_photo(chunk: Chunk, row: int) -> Touched:
    rows = lesson_rows(chunk, row)[:3]
    other = (rows + chunk.lessons_each) % len(chunk.tables["lessons"]["lesson_id"])
    ids = chunk.tables["photos"]["photo_id"]
    chunk.add(
        "photo_pairs", photo_id=ids[rows], other_photo_id=ids[other], distance=chunk.rng.integers(0, 4, len(rows))
    )
    return whole(chunk, row)


@scheme("few-heads", "D52", likely=True)
def few_heads(chunk: Chunk, row: int) -> Touched:
    rows = lesson_rows(chunk, row)
    h = chunk.tables["head_counts"]
    h["people"][rows] = h["present"][rows] * between(chunk, 0.3, 0.82)
    return whole(chunk, row)


@scheme("ghost-class", "D70", "D69", likely=True)
def ghost(chunk: Chunk, row: int) -> Touched:
    rows, lesson = lesson_rows(chunk, row), chunk.tables["lessons"]
    names = ("lesson_id", "class_id", "institution_id", "room_id", "day", "region_code")
    chunk.add(
        "camera_faults",
        **{name: taken(lesson, rows)[name] for name in names},
        kind="still",
        seconds=round(10_800 * between(chunk, 0.75, 1)),
        lesson_seconds=10_800,
    )
    return whole(chunk, row)


@scheme("hours-cut", "D65", likely=True)
def hours_cut(chunk: Chunk, row: int) -> Touched:
    """Putian: shortened training, the bureau knew."""
    chunk.tables["lessons"]["taught_minutes"][lesson_rows(chunk, row)] = round(180 * between(chunk, 0.5, 0.96))
    return whole(chunk, row)


@scheme("teacher-in-two-places", "D60")
def two_places(chunk: Chunk, row: int) -> Touched:
    """The teacher of another class of the same days gives this one's lessons too."""
    lesson, rows = chunk.tables["lessons"], lesson_rows(chunk, row)
    others = np.flatnonzero(
        (lesson["day"] == lesson["day"][rows[4]]) & (lesson["starts_at"] == lesson["starts_at"][rows[4]])
        & (lesson["class_id"] != lesson["class_id"][rows[0]])
    )  # fmt: skip
    if not len(others):
        return []
    lesson["teacher_id"][rows], lesson["person_id"][rows] = (
        lesson["teacher_id"][others[0]],
        lesson["person_id"][others[0]],
    )
    lesson["filed_teacher_id"][rows] = lesson["teacher_id"][rows]
    return [*whole(chunk, row), *beside(chunk, others[:1])]


@scheme("room-taken-twice", "D59")
def room_twice(chunk: Chunk, row: int) -> Touched:
    lesson, rows = chunk.tables["lessons"], lesson_rows(chunk, row)
    same = (lesson["day"] == lesson["day"][rows[4]]) & (lesson["starts_at"] == lesson["starts_at"][rows[4]])
    others = np.flatnonzero(same & (lesson["class_id"] != lesson["class_id"][rows[0]]))
    if not len(others):
        return []
    lesson["room_id"][rows] = lesson["filed_room_id"][rows] = lesson["room_id"][others[0]]
    return [*whole(chunk, row), *beside(chunk, others[:1])]


def beside(chunk: Chunk, lessons: np.ndarray) -> Touched:
    """The class whose teacher or room was used: it is in two places just as well."""
    return [("class", int(one)) for one in chunk.tables["lessons"]["class_id"][lessons]]


@scheme("rented-teacher", "D61", "D62")
def rented(chunk: Chunk, row: int) -> Touched:
    lesson, rows = chunk.tables["lessons"], lesson_rows(chunk, row)
    lesson["person_id"][rows], lesson["teacher_id"][rows] = chunk.first + 990_000 + row, chunk.first + 990_000 + row
    return whole(chunk, row)


@scheme("licence-lapsed", "D79")
def lapsed(chunk: Chunk, row: int) -> Touched:
    """The project was taken from the institution before the class ended."""
    c = chunk.tables["classes"]
    chunk.add(
        "papers", institution_id=c["institution_id"][[row]], kind="branch-licence", valid_from=c["starts_on"][[row]] - 300,
        valid_until=c["ends_on"][[row]] - 2,
    )  # fmt: skip
    later = (c["institution_id"] == c["institution_id"][row]) & (c["ends_on"] >= c["ends_on"][row] - 2)
    return [("class", int(one)) for one in c["class_id"][later]]


@scheme("too-many-on-the-roster", "D58")
def crowd(chunk: Chunk, row: int) -> Touched:
    new = np.array([chunk.first + 700 + row])
    chunk.add("rooms", room_id=new, seats=np.array([10]), stations=np.array([60]), kind="workshop")
    lesson = chunk.tables["lessons"]
    rows = lesson_rows(chunk, row)
    lesson["room_id"][rows] = lesson["filed_room_id"][rows] = new[0]
    return whole(chunk, row)


@scheme("no-material-bought", "D71", likely=True)
def no_material(chunk: Chunk, row: int) -> Touched:
    spent = chunk.tables["purchases"]["amount_fen"]
    spent[row] = int(spent[row] * between(chunk, 0.01, 0.22))
    return whole(chunk, row)


# Online


@scheme("two-devices-at-once", "D83")
def two_devices(chunk: Chunk, row: int) -> Touched:
    return _sessions(chunk, row, twin="device")


@scheme("pages-at-once", "D84")
def pages(chunk: Chunk, row: int) -> Touched:
    return _sessions(chunk, row, twin="course")


@scheme("course-brushed", "D85", "D91")
def brushed(chunk: Chunk, row: int) -> Touched:
    """Daqing: a tool that plays faster than time, the same click again and again."""
    return _sessions(chunk, row, fast=True)


def _sessions(chunk: Chunk, row: int, *, twin: str = "", fast: bool = False) -> Touched:
    """An online part of the class that a third of it did so, and the rest as it should be."""
    rng, e, rows = chunk.rng, chunk.tables["enrolments"], roster(chunk, row)
    bad = rng.choice(rows, max(len(rows) // 3, 1), replace=False)
    for nth, who in enumerate((rows, bad) if twin else (rows,)):
        count, is_bad = len(who), np.isin(who, bad)
        day = e["starts_on"][who] + 1
        starts = day.astype(np.int64) * DAY + 43_200
        wall = np.full(count, 2700)
        chunk.add(
            "sessions",
            session_id=chunk.first + who * 4 + nth, enrolment_id=e["enrolment_id"][who], person_id=e["person_id"][who],
            class_id=e["class_id"][who], institution_id=e["institution_id"][who], wall_s=wall,
            content_s=np.where(is_bad & fast, wall * 3, wall - 20), unseen_jump_s=0, hidden_s=30, idle_s=40, blurs=2, seeks=1,
            beats=np.where(is_bad & fast, 90, 60), clicks=np.where(is_bad & fast, 60, 9),
            click_places=np.where(is_bad & fast, 1, 7), face_checks=3, face_fails=0, fails_in_a_row=0, credited_s=wall - 200,
            region_code=chunk.region, platform="p1",
            device=Text(e["person_id"][who], prefix="x" if nth and twin == "device" else "d"),
            network=Text(e["person_id"][who], prefix="net"), city=chunk.region,
            course=word_of(nth if twin == "course" else 0, count), day=day, starts_at=starts + nth * 300,
            ends_at=starts + 2700, beat_spread_ms=np.where(is_bad & fast, 1.0, 400.0), answer_spread_ms=np.full(count, 900.0),
            chain_holds=np.ones(count, dtype=bool),
        )  # fmt: skip
    return enrolled(chunk, bad)


def word_of(which: int, count: int) -> Text:
    return Text(np.full(count, which), ("theory-1", "theory-2"))


# Exams and certificates


@scheme("answers-told", "D97", likely=True)
def answers(chunk: Chunk, row: int) -> Touched:
    """A group writes the same wrong answers; the rest of the room errs each in its own way."""
    rng, rows = chunk.rng, roster(chunk, row)
    told = rows[:5]
    x = chunk.tables["exams"]
    questions = np.arange(40)
    wrong = rng.choice(questions, 14, replace=False)
    for one in rows:
        is_wrong = np.isin(questions, wrong) if one in told else rng.random(40) < 0.3
        choice = np.where(is_wrong, 1 + (questions * 7 % 3 if one in told else rng.integers(0, 3, 40)), 0)
        chunk.add(
            "answers", exam_id=np.full(40, x["exam_id"][row]), enrolment_id=chunk.tables["enrolments"]["enrolment_id"][one],
            room_id=x["room_id"][row], question=questions, choice=Text(choice, ("A", "B", "C", "D")), day=x["day"][row],
            is_right=~is_wrong,
        )  # fmt: skip
    return enrolled(chunk, told)


@scheme("marks-lifted-at-night", "D100")
def lifted(chunk: Chunk, row: int) -> Touched:
    rows = some(chunk, row, 6)
    s = taken(chunk.tables["scores"], rows)
    names = ("enrolment_id", "class_id", "institution_id", "region_code", "day")
    chunk.add(
        "score_changes", **{name: s[name] for name in names}, by_account=chunk.first + 200, was=52, now=61, minute=1380
    )
    return whole(chunk, row)


@scheme("somebody-else-sat", "D101")
def substitutes(chunk: Chunk, row: int) -> Touched:
    rows = some(chunk, row, 3)
    chunk.tables["scores"]["photo_score"][rows] = 0.31
    return enrolled(chunk, rows)


@scheme("everybody-passes-at-60", "D98", likely=True)
def heap(chunk: Chunk, row: int) -> Touched:
    rows = roster(chunk, row)
    if len(rows) < 30:
        return []
    s = chunk.tables["scores"]
    s["theory"][rows] = chunk.rng.integers(60, 63, len(rows))
    return whole(chunk, row)


@scheme("examiner-taught-the-class", "D103")
def examiner(chunk: Chunk, row: int) -> Touched:
    staff, x = chunk.tables["exam_staff"], chunk.tables["exams"]
    duty = np.flatnonzero(staff["exam_id"] == x["exam_id"][row])[0]
    staff["person_id"][duty] = chunk.tables["lessons"]["person_id"][lesson_rows(chunk, row)[0]]
    return whole(chunk, row)


@scheme("certificates-before-the-end", "D108")
def early(chunk: Chunk, row: int) -> Touched:
    t, rows = chunk.tables["certificates"], roster(chunk, row)
    mine = np.flatnonzero(np.isin(t["enrolment_id"], chunk.tables["enrolments"]["enrolment_id"][rows]))
    t["issued_on"][mine] = t["ends_on"][mine] - 5
    return enrolled(chunk, t["enrolment_id"][mine] - chunk.first)


@scheme("certificates-sold", "D112", "D106")
def sold(chunk: Chunk, row: int) -> Touched:
    """Henan: certificates for a few thousand yuan with no training, through a body of its own."""
    rng, count = chunk.rng, 40
    ids = chunk.first + 600_000 + row * 50 + np.arange(count)
    shop = np.array([chunk.first + 600 + row])
    chunk.add(
        "institutions", institution_id=shop, capacity=100, region_code=chunk.region, kind="evaluation", state="listed"
    )
    chunk.add(
        "persons", person_id=ids, sex="1", id_kind="citizen", home_code="411000", region_code="411000", verification="matched",
        birth_on=rng.integers(4000, 11_000, count).astype(np.int32), id_valid=np.ones(count, dtype=bool),
    )  # fmt: skip
    chunk.add(
        "certificates", certificate_id=ids, person_id=ids, institution_id=np.full(count, shop[0]), occupation=1, serial=0,
        region_code=chunk.region, level="4", number=Text(ids, prefix="S"), kind="level", state="valid",
        issued_on=np.full(count, chunk.tables["classes"]["ends_on"][row]), number_valid=np.ones(count, dtype=bool),
        has_training=np.zeros(count, dtype=bool), exam_on=np.full(count, chunk.tables["classes"]["ends_on"][row] - 1),
        ends_on=np.full(count, chunk.tables["classes"]["ends_on"][row] - 3),
    )  # fmt: skip
    return [("institution", int(shop[0]))]


@scheme("examined-by-a-related-body", "D110", "D74")
def related(chunk: Chunk, row: int) -> Touched:
    """A new evaluation body with the telephone of the trainer."""
    x, i = chunk.tables["exams"], chunk.tables["institutions"]
    trainer = int(chunk.tables["classes"]["institution_id"][row] - chunk.first)
    new = np.array([chunk.first + 650 + row])
    chunk.add(
        "institutions", institution_id=new, capacity=100, region_code=chunk.region, kind="evaluation", state="listed",
        phone=i["phone"].take(np.array([trainer])),
    )  # fmt: skip
    x["institution_id"][x["class_id"] == chunk.tables["classes"]["class_id"][row]] = new[0]
    mine = chunk.tables["certificates"]["class_id"] == chunk.tables["classes"]["class_id"][row]
    chunk.tables["certificates"]["institution_id"][mine] = new[0]
    return [*whole(chunk, row), ("institution", int(new[0])), *body(chunk, row)]
