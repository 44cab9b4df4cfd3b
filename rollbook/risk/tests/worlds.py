"""Small worlds for detectors: rows with what is ordinary filled in, so that a case says only what is odd in it."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from rollbook.risk.detectors.tables import SHAPES

DAY = date(2026, 3, 2)  # a Monday
END = date(2026, 3, 20)


def day(n=0):
    return DAY + timedelta(n)


def at(hour, minute=0, second=0, n=0):
    """A moment of day `n`, at this local hour (UTC+8)."""
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=n, hours=hour - 8, minutes=minute, seconds=second)


def person(n, **other):
    row = {"sex": "1", "id_kind": "citizen", "home_code": "320102", "region_code": "320102", "id_valid": True}
    return {"person_id": n, "birth_on": date(1990, 5, 1), "verification": "matched", **row, **other}


def enrol(n, klass=1, **other):
    row = {"institution_id": 1, "occupation": 1, "level": "5", "region_code": "320102", "category": "rural"}
    dates = {"starts_on": DAY, "ends_on": END, "added_at": at(9, n=-20)}
    return {"enrolment_id": n, "person_id": n, "class_id": klass, **row, **dates, **other}


def roster(n, klass=1, first=1, **other):
    return [enrol(first + i, klass=klass, **other) for i in range(n)]


def month(n, year=2026, month=3, company="acme"):
    return {"person_id": n, "company": company, "month": date(year, month, 1)}


def klass(n=1, **other):
    row = {"institution_id": 1, "occupation": 1, "level": "5", "region_code": "320102", "hours": 80}
    plan = {"practice_hours": 50, "least_hours": 56, "least_practice": 60, "most_size": 50, "is_deemed": False}
    return {"class_id": n, **row, **plan, "starts_on": DAY, "ends_on": END, "decided_at": at(10, n=-9), **other}


def lesson(n, klass=1, start=8, end=12, n_day=0, **other):
    row = {"institution_id": 1, "room_id": klass, "site_id": 1, "teacher_id": klass, "person_id": 900 + klass}
    times = {"day": day(n_day), "starts_at": at(start, n=n_day), "ends_at": at(end, n=n_day)}
    length = {"minutes": (end - start) * 60, "hours": (end - start) * 60 // 45, "kind": "theory"}
    return {"lesson_id": n, "class_id": klass, "region_code": "320102", **row, **times, **length, **other}


def presence(n, klass=1, start=8, end=12, n_day=0, **other):
    """Enrolment `n`, of person `n`, in the lesson of that class and day."""
    row = {"enrolment_id": n, "person_id": n, "class_id": klass, "lesson_id": klass * 100 + n_day}
    times = {"day": day(n_day), "starts_at": at(start, n=n_day), "ends_at": at(end, n=n_day)}
    length = {"minutes": (end - start) * 60, "lesson_minutes": 240, "presence": "present"}
    return {**row, "institution_id": 1, "region_code": "320102", **times, **length, **other}


def check_in(n, klass=1, hour=8, minute=0, second=0, n_day=0, **other):
    moment = at(hour, minute, second, n_day)
    row = {"enrolment_id": n, "person_id": n, "class_id": klass, "lesson_id": klass * 100 + n_day, "direction": "in"}
    times = {"day": day(n_day), "minute": hour * 60 + minute, "second": second}
    given = {"happened_at": moment, "received_at": moment, "check_in_id": n * 1000 + n_day * 10, "means": "code"}
    place = {"institution_id": 1, "region_code": "320102", "device": f"phone-{n}"}
    return {**row, **times, **given, **place, **other}


def claim(n, klass=1, **other):
    row = {"enrolment_id": n, "person_id": n, "institution_id": 1, "class_id": klass, "occupation": 1, "level": "5"}
    money = {"amount_fen": 100000, "due_fen": 100000, "state": "filed", "kind": "person", "payee": f"p{n}"}
    return {"claim_id": n, **row, **money, "region_code": "320102", "filed_on": date(2026, 4, 10), **other}


def institution(n=1, **other):
    return {"institution_id": n, "capacity": 200, "region_code": "320102", "state": "listed", **other}


def session(n, of=1, start=8, end=10, n_day=0, **other):
    wall = int((end - start) * 3600)
    row = {"enrolment_id": of, "person_id": of, "class_id": 1, "institution_id": 1, "device": f"d{of}", "course": "c"}
    times = {"day": day(n_day), "starts_at": at(start, n=n_day), "ends_at": at(end, n=n_day)}
    seen = {"wall_s": wall, "content_s": wall, "credited_s": wall, "idle_s": 20, "hidden_s": 0, "blurs": 0, "seeks": 0}
    moves = {"beats": wall // 30, "beat_spread_ms": 900.0, "clicks": 40, "click_places": 25, "chain_holds": True}
    faces = {"face_checks": 8, "face_fails": 0, "fails_in_a_row": 0, "answer_spread_ms": 800.0}
    return {"session_id": n, "region_code": "320102", **row, **times, **seen, **moves, **faces, **other}


def exam(n, klass=1, n_day=20, **other):
    row = {"class_id": klass, "institution_id": 9, "trainer_id": 1, "room_id": klass, "occupation": 1, "level": "5"}
    times = {"day": day(n_day), "starts_at": at(9, n=n_day), "ends_at": at(11, n=n_day), "minutes": 120}
    staff = {"seats": 50, "candidates": 30, "assessors": 3, "invigilators": 2, "kind": "theory", "least_minutes": 60}
    proof = {"has_video": True, "has_sign_in": True, "has_papers": True}
    return {"exam_id": n, "region_code": "320102", **row, **times, **staff, **proof, **other}


def score(n, klass=1, n_day=20, **other):
    row = {"enrolment_id": n, "person_id": n, "class_id": klass, "exam_id": klass, "institution_id": 9, "level": "5"}
    marks = {"theory": 70 + n % 17, "practice": 65 + n % 23, "minutes": 80, "passed": True, "photo_score": 0.9}
    return {**row, "occupation": 1, "room_id": klass, "region_code": "320102", "day": day(n_day), **marks, **other}


def certificate(n, klass=1, **other):
    row = {"enrolment_id": n, "person_id": n, "class_id": klass, "institution_id": 9, "occupation": 1, "level": "5"}
    dates = {"ends_on": END, "exam_on": date(2026, 3, 25), "issued_on": date(2026, 3, 30)}
    state = {"number": f"N{n}", "number_valid": True, "state": "valid", "kind": "completion", "has_training": True}
    return {"certificate_id": n, "region_code": "320102", **row, **dates, **state, **other}


def review(n, account=1, hour=10, minute=0, n_day=0, **other):
    row = {"account_id": account, "subject_id": n, "institution_id": 1, "kind": "claim", "move": "pass-first"}
    times = {"day": day(n_day), "at": at(hour, minute, n=n_day), "minute": hour * 60 + minute, "seconds": 600}
    return {"review_id": n, "region_code": "320102", **row, **times, **other}


def tables(rows):
    """The rows as Arrow, in every table's own types; a table that a case does not name is empty."""
    made = {}
    for name, shape in SHAPES.items():
        known = set(shape.schema)
        for row in rows.get(name, ()):
            assert set(row) <= known, (name, set(row) - known)
        made[name] = pa.Table.from_pylist(list(rows.get(name, ())), schema=shape.schema.to_pyarrow())
    return made
