"""Cases of families III and IV and of hidden relations (domain 5.2 D39-D82, D110)."""

from rollbook.risk.tests.worlds import (
    DAY,
    END,
    at,
    check_in,
    claim,
    day,
    enrol,
    klass,
    lesson,
    presence,
    roster,
)


def photo(n, klass=1, **other):
    row = {"photo_id": n, "class_id": klass, "lesson_id": klass * 100 + n, "kind": "lesson", "day": DAY}
    times = {"taken_at": at(9), "uploaded_at": at(13), "lesson_starts_at": at(8), "lesson_ends_at": at(12)}
    return {**row, **times, "outside_m": 0.0, **other}


def correction(n, klass=1, hours=1):
    row = {"enrolment_id": n, "person_id": n, "class_id": klass, "lesson_id": klass * 100, "day": DAY}
    return {**row, "asked_at": at(12 + hours), "lesson_ends_at": at(12)}


def set_aside(n, **other):
    row = check_in(n)
    kept = {name: row[name] for name in ("check_in_id", "enrolment_id", "person_id", "class_id", "day", "happened_at")}
    return {**kept, **other}


NORTH, SOUTH = {"longitude": 118.80, "latitude": 32.06}, {"longitude": 118.80, "latitude": 31.06}

CASES = {
    "D39": (
        {
            "check_ins": [check_in(n, outside_m=900.0, accuracy_m=20.0) for n in (1, 2, 3)]
            + [check_in(n, klass=2, outside_m=30.0, accuracy_m=50.0) for n in (11, 12, 13)]
            + [check_in(n, klass=3, outside_m=0.0, accuracy_m=20.0) for n in (21, 22, 23)],
        },
        {1},
    ),
    "D40": (
        {
            "check_ins": [
                check_in(1, hour=8, **NORTH),
                check_in(1, hour=8, minute=30, check_in_id=1001, **SOUTH),
                check_in(2, hour=8, **NORTH),
                check_in(2, hour=12, check_in_id=2001, **SOUTH),
                check_in(3, is_mock=True),
            ],
            "set_aside": [set_aside(4, is_mock=True, why="mock-position"), set_aside(5, why="double")],
        },
        {1, 3, 4},
    ),
    "D41": (
        {
            "check_ins": [check_in(n, second=2 * n, device="one") for n in range(1, 7)]
            + [check_in(n, klass=2, second=n, device="hall", is_kiosk=True) for n in range(11, 19)]
            + [check_in(n, klass=3, minute=n - 20, device="two") for n in range(21, 29)],
        },
        {1},
    ),
    "D42": (
        {
            "enrolments": roster(12) + roster(12, 2, 21),
            "lessons": [lesson(100), lesson(200, klass=2)],
            "check_ins": [check_in(n, hour=11, minute=50, second=n) for n in range(1, 13)]
            + [check_in(n, klass=2, hour=8, second=n - 20) for n in range(21, 33)],
        },
        {1},
    ),
    "D43": (
        {
            "presences": [presence(n, n_day=d) for n in range(1, 21) for d in range(10)]
            + [
                presence(n, klass=2, n_day=d, presence="absent" if n == 30 and d == 4 else "present")
                for n in range(21, 41)
                for d in range(10)
            ],
        },
        {1},
    ),
    "D44": (
        {
            "presences": [presence(n, presence="absent" if n < 4 else "present") for n in range(1, 11)]
            + [presence(n, klass=2, presence="absent" if n < 13 else "late") for n in range(11, 21)],
        },
        {1},
    ),
    "D45": (
        {
            "classes": [klass(1, ended_on=END), klass(2)],
            "presences": [
                presence(1, minutes=180),
                presence(2, minutes=200),
                presence(3, klass=2, minutes=10),
                presence(4, minutes=10),
            ],
            "claims": [claim(1), claim(2), claim(3, klass=2)],
        },
        {1},
    ),
    "D46": (
        {
            "lessons": [lesson(100), lesson(101, n_day=1)],
            "check_ins": [
                check_in(1, hour=6),
                check_in(1, hour=6, n_day=1),
                check_in(2, hour=7, minute=45),
                check_in(2, hour=7, minute=45, n_day=1),
                check_in(3, hour=6),
            ],
        },
        {1},
    ),
    "D47": (
        {
            "presences": [presence(1, n_day=d, ends_at=None) for d in range(3)]
            + [presence(2, n_day=d, minutes=230) for d in range(3)]
            + [presence(3, ends_at=None)]
            + [presence(4, n_day=d, ends_at=None, presence="absent") for d in range(3)],
        },
        {1},
    ),
    "D48": (
        {
            "enrolments": [
                enrol(1),
                enrol(2, klass=2, person_id=1),
                enrol(3),
                enrol(4),
                enrol(5),
                enrol(6, klass=2, person_id=5),
            ],
            "presences": [
                presence(1),
                presence(2, klass=2, start=11, end=14, person_id=1),
                presence(3),
                presence(4),
                presence(5),
                presence(6, klass=2, start=13, end=16, person_id=5),
            ],
            "sightings": [
                {"person_id": 3, "kind": "train", "day": DAY, "at": at(10)},
                {"person_id": 4, "kind": "toll", "day": DAY, "at": at(13)},
                {"person_id": 4, "kind": "exam", "day": DAY, "at": at(10), "class_id": 1},
            ],
        },
        {1, 2, 3},
    ),
    "D49": (
        {
            "check_ins": [check_in(1, liveness=0.1), check_in(1, n_day=1, liveness=0.2), check_in(2, liveness=0.1)]
            + [check_in(3, n_day=d, liveness=0.95) for d in range(3)],
        },
        {1},
    ),
    "D50": (
        {
            "photos": [
                photo(1),
                photo(2, klass=2),
                photo(3, klass=3),
                photo(4, klass=4, lesson_id=5),
                photo(5, klass=4, lesson_id=5),
            ],
            "photo_pairs": [
                {"photo_id": 2, "other_photo_id": 1, "distance": 3},
                {"photo_id": 3, "other_photo_id": 1, "distance": 20},
                {"photo_id": 5, "other_photo_id": 4, "distance": 2},
            ],
        },
        {2},
    ),
    "D51": (
        {
            "photos": [photo(1, outside_m=3000.0), photo(2, uploaded_at=at(12, n=3))]
            + [photo(n, klass=2) for n in (3, 4)]
            + [photo(5, klass=3, taken_at=at(20))],
        },
        {1},
    ),
    "D52": (
        {
            "head_counts": [
                {"lesson_id": 1, "class_id": 1, "day": DAY, "people": 10, "present": 30},
                {"lesson_id": 2, "class_id": 2, "day": DAY, "people": 27, "present": 30},
            ],
        },
        {1},
    ),
    "D54": (
        {
            "presences": [presence(n, n_day=d) for n in range(1, 11) for d in range(4)]
            + [presence(n, klass=2, n_day=d) for n in range(11, 31) for d in range(10)],
            "corrections": [correction(n, hours=60) for n in range(1, 6)]
            + [correction(n, klass=2) for n in range(11, 17)],
        },
        {1},
    ),
    "D55": (
        {
            "check_ins": [check_in(n, batch="b", received_at=at(9, n=3)) for n in range(1, 12)]
            + [check_in(n, klass=2, batch="c", received_at=at(20)) for n in range(21, 32)],
        },
        {1},
    ),
    "D56": (
        {
            "presences": [presence(n, n_day=d) for n in (1, 2) for d in range(10)],
            "leaves": [
                {
                    "enrolment_id": 1,
                    "class_id": 1,
                    "minutes": 240,
                    "day": day(d),
                    "decided_at": at(7, n=d),
                    "lesson_starts_at": at(8, n=d),
                }
                for d in range(3)
            ]
            + [
                {
                    "enrolment_id": 2,
                    "class_id": 1,
                    "minutes": 240,
                    "day": DAY,
                    "decided_at": at(7),
                    "lesson_starts_at": at(8),
                }
            ],
        },
        {1},
    ),
}
