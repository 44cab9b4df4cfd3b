"""Cases of family IV and of hidden relations (domain 5.2 D58-D82, D110)."""

from datetime import date

from rollbook.risk.tests.worlds import (
    DAY,
    END,
    day,
    exam,
    institution,
    klass,
    lesson,
    month,
    person,
    presence,
    roster,
)


def teacher(n, institution=1, person=None, **other):
    return {"teacher_id": n, "institution_id": institution, "person_id": person or n, "is_full_time": True, **other}


def fault(klass, kind, seconds):
    row = {"lesson_id": klass * 100, "class_id": klass, "day": DAY, "kind": kind}
    return {**row, "seconds": seconds, "lesson_seconds": 14400}


def spent(klass, fen):
    return {"class_id": klass, "amount_fen": fen, "day": DAY, "occupation": 1}


NORTH, SOUTH = {"longitude": 118.80, "latitude": 32.06}, {"longitude": 118.80, "latitude": 31.06}

CASES = {
    "D58": (
        {
            "classes": [
                klass(1, most_size=10),
                klass(2),
                klass(3),
                klass(4, institution_id=2),
                klass(5, institution_id=2),
            ],
            "enrolments": roster(12) + roster(12, 2, 21) + roster(12, 3, 41) + roster(12, 4, 61) + roster(12, 5, 81),
            "lessons": [
                lesson(1, klass=2),
                lesson(2, klass=3),
                lesson(3, klass=4, institution_id=2, room_id=3),
                lesson(4, klass=5, institution_id=2, room_id=3, start=13, end=16),
            ],
            "rooms": [{"room_id": 2, "seats": 8}, {"room_id": 3, "seats": 40}],
            "institutions": [institution(1), institution(2, capacity=20)],
        },
        {1, 2, 4, 5},
    ),
    "D59": (
        {
            "lessons": [
                lesson(1),
                lesson(2, klass=2, start=11, end=14, room_id=1),
                lesson(3, klass=3, start=14, end=16, room_id=1),
                lesson(4, klass=4),
            ],
        },
        {1, 2},
    ),
    "D60": (
        {
            "lessons": [
                lesson(1, person_id=5),
                lesson(2, klass=2, start=11, end=14, person_id=5),
                lesson(3, klass=3, person_id=6, n_day=1),
                lesson(4, klass=4, person_id=6, start=13, end=15, site_id=2, n_day=1),
                lesson(5, klass=5, person_id=7, n_day=2),
                lesson(6, klass=6, person_id=7, start=15, end=17, site_id=2, n_day=2),
            ],
            "sites": [{"site_id": 1, **NORTH}, {"site_id": 2, **SOUTH}],
        },
        {1, 2, 4},
    ),
    "D61": (
        {
            "lessons": [
                lesson(1, filed_teacher_id=9),
                lesson(2, klass=2, filed_teacher_id=9, plan_changed=True),
                lesson(3, klass=3),
                lesson(4, klass=4),
            ],
            "teachers": [teacher(n, person=900 + n) for n in (1, 2)]
            + [teacher(3, person=903, left_on=date(2026, 1, 1))]
            + [teacher(4, person=904, left_on=END)],
        },
        {1, 3},
    ),
    "D62": (
        {
            "classes": [klass(n, level="4") for n in range(1, 5)],
            "lessons": [lesson(n, klass=n) for n in range(1, 5)],
            "qualifications": [
                {"teacher_id": 1, "occupation": 1, "level": "3"},
                {"teacher_id": 2, "occupation": 1, "level": "5"},
                {"teacher_id": 3, "occupation": 2, "level": "1"},
                {"teacher_id": 4, "occupation": 1, "level": "4", "expires_on": date(2026, 1, 1)},
            ],
        },
        {2, 3, 4},
    ),
    "D63": (
        {
            "teachers": [teacher(n, institution=n, person=7) for n in (1, 2, 3)]
            + [teacher(4, institution=4, person=8), teacher(5, institution=5, person=9)],
            "institutions": [institution(n, company=f"c{n}") for n in range(1, 6)],
            "insured_months": [month(8, 2025, n, "c4") for n in range(1, 6)]
            + [month(9, 2025, n, "mill") for n in range(1, 6)],
        },
        {1, 2, 3, 5},
    ),
    "D64": (
        {
            "lessons": [
                lesson(1, start=8, end=16),
                lesson(2, klass=2, start=8, end=12, person_id=5),
                lesson(3, klass=3, start=13, end=17, person_id=5),
                lesson(4, klass=4),
            ],
        },
        {1, 2, 3},
    ),
    "D65": (
        {
            "lessons": [
                lesson(1, taught_minutes=120),
                lesson(2, klass=2, taught_minutes=238),
                lesson(3, klass=3, taught_minutes=240, video_minutes=100),
                lesson(4, klass=4),
            ],
        },
        {1, 3},
    ),
    "I05": (
        {
            "lessons": [
                *(lesson(n, n_day=n, teacher_minutes=100) for n in (1, 2)),
                *(lesson(n, klass=2, n_day=n, teacher_minutes=120) for n in (11, 12)),
                *(lesson(n, klass=3, n_day=n) for n in (21, 22)),  # nobody asks
                lesson(31, klass=4, teacher_minutes=0),  # once
            ],
        },
        {1},
    ),
    "D66": (
        {"classes": [klass(1, hours=40), klass(2), klass(3, practice_hours=20), klass(4, hours=56, practice_hours=40)]},
        {1, 3},
    ),
    "D67": (
        {
            "lessons": [
                lesson(1, filed_room_id=9),
                lesson(2, klass=2, filed_room_id=9, plan_changed=True),
                lesson(3, klass=3, filed_room_id=3),
            ],
        },
        {1},
    ),
    "D68": (
        {
            "sites": [
                {"site_id": 1, "institution_id": 1, "address": "road 1"},
                {"site_id": 2, "institution_id": 2, "address": "road 1"},
                {"site_id": 3, "institution_id": 3, "address": "road 9"},
            ],
            "lessons": [
                lesson(1),
                lesson(2, klass=2, institution_id=2, site_id=2, start=9, end=11),
                lesson(3, klass=3, institution_id=3, site_id=3),
                lesson(4, klass=4, institution_id=2, site_id=2, start=14, end=16),
            ],
        },
        {1, 2},
    ),
    "D69": ({"camera_faults": [fault(1, "black", 7200), fault(2, "offline", 600), fault(3, "still", 14000)]}, {1}),
    "D70": (
        {
            "camera_faults": [fault(1, "still", 14000), fault(2, "still", 2000), fault(3, "still", 14000)],
            "presences": [presence(n) for n in range(1, 9)] + [presence(n, klass=2) for n in range(11, 19)],
        },
        {1},
    ),
    "D71": (
        {
            "classes": [klass(n) for n in range(1, 7)],
            "enrolments": [row for n in range(1, 7) for row in roster(5, n, n * 10)],
            "purchases": [spent(n, 500_000) for n in range(1, 6)] + [spent(6, 5_000)],
        },
        {6},
    ),
    "D72": (
        {
            "lessons": [lesson(1, kind="practice"), lesson(2, klass=2, kind="practice"), lesson(3, klass=3)],
            "rooms": [{"room_id": 1, "stations": 4}, {"room_id": 2, "stations": 8}, {"room_id": 3, "stations": 1}],
            "enrolments": roster(12) + roster(12, 2, 21) + roster(12, 3, 41),
        },
        {1},
    ),
    "D73": (
        {
            "enrolments": roster(40, 1, 1, starts_on=date(2025, 9, 1))
            + roster(130, 2, 100)
            + roster(100, 3, 300, institution_id=2, starts_on=date(2025, 9, 1))
            + roster(130, 4, 500, institution_id=2),
        },
        {1},
    ),
    "D74": (
        {
            "institutions": [
                institution(1, phone="one", company="c1"),
                institution(2, phone="one", company="c2"),
                institution(3, phone="three", company="c3"),
                institution(4, phone="four", company="c4"),
                institution(5, phone="five", company="c5"),
            ],
            "companies": [
                {"company": "c3", "agent": "li"},
                {"company": "c4", "agent": "li"},
                {"company": "c5", "agent": "wu"},
            ],
        },
        {1, 2},
    ),
    "D75": (
        {
            "enrolments": roster(12, category="employee", employer="shell")
            + roster(12, 2, 21, category="employee", employer="works")
            + roster(12, 3, 41, category="employee", employer="tiny"),
            "companies": [
                {"company": "shell", "registered_on": date(2026, 1, 10), "insured": 2},
                {"company": "works", "registered_on": date(2010, 1, 10), "insured": 300},
                {"company": "tiny", "registered_on": date(2010, 1, 10), "insured": 8},
            ],
        },
        {1, 3},
    ),
    "D76": (
        {
            "lessons": [lesson(n, n_day=n, person_id=70) for n in range(1, 12)]
            + [lesson(100 + n, klass=2, institution_id=3, n_day=n, person_id=71) for n in range(1, 12)],
            "teachers": [teacher(1, institution=2, person=70), teacher(2, institution=3, person=71)],
            "institutions": [institution(n, account=f"a{n}") for n in (1, 2, 3, 4, 5)],
            "transfers": [
                {"from_account": "a4", "to_account": "a5", "amount_fen": 5_000_000, "day": DAY},
                {"from_account": "a5", "to_account": "a4", "amount_fen": 1_000, "day": DAY},
            ],
        },
        {1, 4},
    ),
    "D77": (
        {
            "institutions": [institution(1, account="school"), institution(2, account="other")],
            "classes": [klass(1), klass(2, institution_id=2)],
            "bank_accounts": [{"person_id": n, "account": f"p{n}"} for n in range(1, 13)],
            "transfers": [
                {"from_account": "school", "to_account": f"p{n}", "amount_fen": 20_000, "day": day(-10)}
                for n in range(1, 7)
            ]
            + [
                {"from_account": "other", "to_account": f"p{n}", "amount_fen": n * 100, "day": day(-10)}
                for n in range(1, 7)
            ]
            + [
                {"from_account": "other", "to_account": f"p{n}", "amount_fen": 900, "day": day(-10)}
                for n in range(7, 13)
            ],
            "teachers": [teacher(n, institution=2, person=n) for n in range(7, 13)],
        },
        {1},
    ),
    "D78": (
        {
            "classes": [klass(n, ended_on=date(2025, 6, 1)) for n in (1, 2)],
            "enrolments": roster(12, starts_on=date(2025, 5, 1), ends_on=date(2025, 6, 1))
            + roster(12, 2, 21, starts_on=date(2025, 5, 1), ends_on=date(2025, 6, 1)),
            "persons": [person(n, birth_on=date(1963, 1, 1)) for n in range(1, 33)],
            "insured_months": [month(n, 2025, 8) for n in range(21, 33)] + [month(99, 2026, 1)],
        },
        {1},
    ),
    "D79": (
        {
            "classes": [klass(n, institution_id=n) for n in (1, 2, 3)],
            "papers": [
                {"institution_id": 1, "kind": "fire", "valid_from": date(2025, 1, 1), "valid_until": date(2026, 3, 10)},
                {"institution_id": 2, "kind": "fire", "valid_from": date(2025, 1, 1), "valid_until": date(2026, 3, 10)},
                {
                    "institution_id": 2,
                    "kind": "fire",
                    "valid_from": date(2026, 3, 11),
                    "valid_until": date(2027, 3, 10),
                },
            ],
            "projects": [
                {"institution_id": 3, "occupation": 1, "level": "5", "from_on": date(2025, 1, 1), "until_on": DAY}
            ],
        },
        {1, 3},
    ),
    "D80": (
        {
            "institutions": [
                institution(1, state="removed", company="old"),
                institution(2, company="new"),
                institution(3, company="own"),
            ],
            "positions": [
                {"person_id": 7, "company": "old", "role": "legal-person"},
                {"person_id": 7, "company": "new", "role": "shareholder"},
                {"person_id": 8, "company": "own", "role": "legal-person"},
            ],
        },
        {2},
    ),
    "D82": (
        {
            "classes": [klass(n, is_deemed=n < 8) for n in range(1, 13)]
            + [klass(n, region_code="320583", is_deemed=n < 22) for n in range(20, 40)],
        },
        {320102},
    ),
    "D110": (
        {
            "exams": [exam(1), exam(2, klass=2, institution_id=8)],
            "institutions": [institution(1, phone="x"), institution(9, phone="x"), institution(8, phone="y")],
        },
        {1},
    ),
}
