"""Cases of families I and II: what must be found, beside what must not (domain 5.2 D01-D38)."""

from datetime import date, timedelta

from rollbook.risk.tests.worlds import (
    DAY,
    at,
    check_in,
    claim,
    day,
    enrol,
    institution,
    lesson,
    month,
    person,
    presence,
    session,
)

LONG_AGO = date(2025, 1, 1)


def fact(n, since=LONG_AGO, until=None, **other):
    return {"person_id": n, "from_on": since, "until_on": until, **other}


def paid(n, level="5", occupation=1, on=LONG_AGO, **other):
    return {"person_id": n, "fund": "unemployment", "occupation": occupation, "level": level, "paid_on": on, **other}


def certified(n, level, on, occupation=1):
    return {"person_id": n, "occupation": occupation, "level": level, "issued_on": on}


ROSTER = [enrol(n) for n in range(1, 13)]

CASES = {
    "D01": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3), enrol(4, dropped_on=DAY)],
            "persons": [
                person(1, id_valid=False),
                person(2),
                person(3, id_kind="foreign-permanent", id_valid=False),
                person(4, id_valid=False),
            ],
        },
        {1},
    ),
    "D02": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "persons": [person(1, verification="mismatched"), person(2), person(3, verification="pending")],
        },
        {1},
    ),
    "D03": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "presences": [presence(2, n_day=2), presence(3, n_day=2)],
            "deaths": [
                {"person_id": 1, "died_on": LONG_AGO},
                {"person_id": 2, "died_on": day(1)},
                {"person_id": 3, "died_on": day(3)},
            ],
        },
        {1, 2},
    ),
    "D04": (
        {
            "presences": [presence(1, n_day=3), presence(2, n_day=3), presence(3, n_day=3, presence="absent")],
            "detentions": [fact(1, day(1), day(9)), fact(2, day(3), day(9)), fact(3, day(1), day(9))],
        },
        {1},
    ),
    "D05": (
        {
            "presences": [presence(1, n_day=3), presence(2, n_day=3)],
            "travels": [fact(1, day(1)), fact(2, day(3), day(3))],
        },
        {1},
    ),
    "D06": (
        {
            "presences": [presence(1, n_day=3), presence(2, n_day=3)],
            "stays": [fact(1, day(2), day(4)), fact(2, day(4), day(6))],
        },
        {1},
    ),
    "D07": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "pensions": [fact(1, kind="old-age"), fact(2, kind="survivor"), fact(3, date(2026, 9, 1), kind="old-age")],
        },
        {1},
    ),
    "D08": (
        {
            # a man of August 1964 still retired at 60; a woman of 1975 does later than 55
            "enrolments": [enrol(1), enrol(2), enrol(3), enrol(4)],
            "persons": [
                person(1, birth_on=date(1964, 8, 1)),
                person(2, birth_on=date(1966, 8, 1)),
                person(3, sex="2", birth_on=date(1970, 1, 5)),
                person(4, sex="2", birth_on=date(1972, 1, 5)),
            ],
        },
        {1, 3},
    ),
    "D09": (
        {
            "enrolments": [enrol(1), enrol(2)],
            "persons": [person(1, birth_on=date(2010, 3, 3)), person(2, birth_on=date(2010, 3, 2))],
        },
        {1},
    ),
    "D10": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "school_rolls": [
                fact(1, graduates_on=date(2028, 6, 30)),
                fact(2, graduates_on=date(2026, 6, 30)),
                fact(3, until=date(2025, 7, 1), graduates_on=date(2025, 7, 1)),
            ],
        },
        {1},
    ),
    "D11": ({"enrolments": [enrol(1), enrol(2)], "payrolls": [fact(1), fact(2, until=date(2025, 6, 1))]}, {1}),
    "D12": (
        {
            "enrolments": [
                enrol(1, category="unemployed"),
                enrol(2, category="employee"),
                enrol(3, category="unemployed"),
                enrol(4, category="rural"),
                enrol(5, category="rural"),
            ],
            "insured_months": [month(1), month(2), month(3, month=1), month(3, company=None), month(4)],
        },
        {1, 4},
    ),
    "D13": (
        {
            "presences": [presence(1), presence(2, start=18, end=21)],
            "shifts": [
                {"person_id": n, "company": "acme", "day": DAY, "starts_at": at(8), "ends_at": at(17)} for n in (1, 2)
            ],
        },
        {1},
    ),
    "D14": (
        {
            "enrolments": [enrol(n, category="employee", employer="acme") for n in (1, 2)],
            "insured_months": [month(1, 2025, 9), month(2, 2026, 2)],
        },
        {1},
    ),
    "D15": (
        {
            "enrolments": [
                enrol(1, category="disabled"),
                enrol(2, category="disabled"),
                enrol(3, category="veteran"),
                enrol(4, category="rural"),
                enrol(5, category="disabled"),
            ],
            "lists": [fact(2, kind="disabled"), fact(5, day(10), kind="disabled")],
        },
        {1},
    ),
    "D16": (
        {
            "enrolments": [enrol(n, category="unemployed") for n in (1, 2, 3)] + [enrol(4, category="employee")],
            "positions": [
                fact(1, company="own", role="legal-person"),
                fact(2, company="gone", role="shareholder"),
                fact(3, company="own", role="staff"),
                fact(4, company="own", role="director"),
            ],
            "companies": [{"company": "own"}, {"company": "gone", "closed_on": LONG_AGO}],
        },
        {1},
    ),
    "D17": (
        {
            "enrolments": [enrol(n) for n in range(1, 6)],
            "persons": [person(n) for n in (1, 2, 4, 5)] + [person(3, phone="desk")],
            "teachers": [
                {"teacher_id": 1, "institution_id": 1, "person_id": 1},
                {"teacher_id": 2, "institution_id": 1, "person_id": 50},
                {"teacher_id": 3, "institution_id": 2, "person_id": 5},
            ],
            "relatives": [{"person_id": 2, "other_person_id": 50, "kind": "spouse"}],
            "institutions": [institution(phone="desk", company="school")],
            "positions": [fact(4, company="school", role="staff")],
        },
        {1, 2, 3, 4},
    ),
    "D18": (
        {
            "enrolments": [enrol(1), enrol(2, person_id=1), enrol(3), enrol(4), enrol(5)],
            "claims": [claim(1)],
            "other_subsidies": [paid(3), paid(4, occupation=2), paid(5, level="4")],
        },
        {2, 3},
    ),
    "D19": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "other_subsidies": [paid(1, level="3"), paid(2, level="5"), paid(3, level="3", occupation=2)],
        },
        {1},
    ),
    "D20": (
        {
            "claims": [claim(n, person_id=1, filed_on=date(2022 + n, 5, 1)) for n in range(1, 5)]
            + [claim(9)]
            + [claim(n, person_id=2, enrolment_id=20) for n in range(21, 26)],  # instalments of one training
        },
        {4},
    ),
    "D21": (
        {
            "enrolments": [
                enrol(1),
                enrol(2, klass=2, person_id=1),
                enrol(3),
                enrol(4, klass=3, person_id=3),
            ],
            "lessons": [lesson(1), lesson(2, klass=2, start=11, end=15), lesson(3, klass=3, start=12, end=16)],
        },
        {1, 2},
    ),
    "D22": (
        {
            "presences": [presence(1), presence(2), presence(3)],
            "lessons": [lesson(1, klass=7, start=9, end=11, person_id=1), lesson(2, klass=7, start=13, person_id=2)],
            "exam_staff": [
                {"exam_id": 1, "person_id": 3, "duty": "assessor", "day": DAY, "starts_at": at(9), "ends_at": at(10)}
            ],
        },
        {1, 3},
    ),
    "D23": (
        {
            "enrolments": [enrol(n, level="4") for n in (1, 2, 3)] + [enrol(4, level="5"), enrol(5, level="4")],
            "work_years": [{"person_id": n, "occupation": 1, "years": 1} for n in (1, 2, 4)]
            + [{"person_id": 3, "occupation": 1, "years": 6}],
            "other_certificates": [certified(1, "5", date(2025, 1, 1)), certified(2, "5", date(2021, 1, 1))],
        },
        {1},
    ),
    "D24": (
        {
            "enrolments": [
                enrol(n, klass=n, person_id=1, starts_on=date(2025, 4, 1) + timedelta(60 * n)) for n in range(1, 5)
            ]
            + [enrol(10 + n, klass=n, person_id=2, starts_on=date(2023 + n, 4, 1)) for n in range(1, 4)],
        },
        {4},
    ),
    "D25": (
        {
            "enrolments": ROSTER[:4] + [enrol(n, klass=2) for n in range(20, 24)],
            "persons": [person(n, phone="one" if n < 4 else f"p{n}") for n in range(1, 5)]
            + [person(n, phone=f"q{n // 2}") for n in range(20, 24)],
        },
        {1},
    ),
    "D26": (
        {
            "claims": [claim(1, account="a"), claim(2, account="b")],
            "bank_accounts": [{"person_id": n, "account": "a"} for n in (1, 5)] + [{"person_id": 2, "account": "b"}],
        },
        {1},
    ),
    "D27": (
        {
            "claims": [claim(1, account="a"), claim(2, account="b"), claim(3, account="c")],
            "bank_accounts": [
                {"person_id": 1, "account": "a", "owner_matches": False},
                {"person_id": 2, "account": "b", "owner_matches": True},
                {"person_id": 3, "account": "c"},
            ],
        },
        {1},
    ),
    "D28": (
        {
            "claims": [
                claim(1, account="a"),
                claim(2, account="b"),
                claim(3, account="school"),
                claim(4, account="d"),
                claim(5, account=None),  # the institution itself is paid
                claim(6, account="school", institution_id=2),
            ],
            "bank_accounts": [
                {"person_id": 1, "account": "a", "holder_kind": "agent"},
                {"person_id": 50, "account": "b", "holder_kind": "person"},
                {"person_id": 4, "account": "d", "holder_kind": "person"},
            ],
            "teachers": [{"teacher_id": 1, "institution_id": 1, "person_id": 50}],
            "institutions": [institution(account="school")],
        },
        {1, 2, 3},
    ),
    "D29": (
        {
            "enrolments": ROSTER + [enrol(n, klass=2) for n in range(21, 33)],
            "bank_accounts": [
                {"person_id": n, "account": f"a{n}", "branch": "south", "opened_on": day(-n % 2)} for n in range(1, 13)
            ]
            + [
                {"person_id": n, "account": f"a{n}", "branch": "south", "opened_on": day(-5 * n)} for n in range(21, 33)
            ],
        },
        {1},
    ),
    "D30": (
        {
            "check_ins": [check_in(n, device="one") for n in (1, 2, 3)]
            + [check_in(n, klass=2, device="hall", is_kiosk=True) for n in range(11, 19)]
            + [check_in(n, klass=3) for n in range(21, 26)],
        },
        {1},
    ),
    "D31": (
        {
            "sessions": [session(n, of=n, network="x") for n in range(1, 12)]
            + [session(n, of=n, network="school", class_id=2) for n in range(21, 33)]
            + [session(n, of=n, network="y", class_id=3) for n in range(41, 44)],
            "sign_ins": [{"account_id": 1, "institution_id": 1, "role": "institution-manager", "network": "school"}],
        },
        {1},
    ),
    "D32": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3), enrol(4)],
            "face_pairs": [
                {"person_id": 1, "other_person_id": 2, "similarity": 0.93},
                {"person_id": 3, "other_person_id": 4, "similarity": 0.7},
            ],
        },
        {1, 2},
    ),
    "D33": (
        {
            "check_ins": [check_in(n, face_score=0.4 if n < 7 else 0.9, by_hand=n < 7) for n in range(1, 21)]
            + [check_in(n, klass=2, face_score=0.4 if n < 23 else 0.9, by_hand=n < 23) for n in range(21, 41)],
        },
        {1},
    ),
    "D34": (
        {
            "enrolments": ROSTER + [enrol(n, klass=2) for n in range(21, 33)],
            "persons": [person(n, home_code="321302", address="village") for n in range(1, 13)]
            + [person(n, address="village") for n in range(21, 33)],
        },
        {1},
    ),
    "D35": (
        {
            "enrolments": [enrol(1), enrol(2), enrol(3)],
            "photos": [
                {"photo_id": n, "person_id": n, "kind": "id", "sha256": "same" if n < 3 else "own"} for n in (1, 2, 3)
            ]
            + [{"photo_id": 9, "person_id": 3, "kind": "id", "sha256": "own"}],
        },
        {1, 2},
    ),
    "D36": (
        {
            "enrolments": ROSTER
            + [enrol(n + 100, klass=2, person_id=n, starts_on=day(60), ends_on=day(80)) for n in range(1, 12)]
            + [enrol(n + 200, klass=3, person_id=n if n < 5 else n + 50, starts_on=day(90)) for n in range(1, 13)],
        },
        {2},
    ),
    "D37": (
        {
            "enrolments": ROSTER[:6],
            "persons": [person(n, birth_on=date(1990, 5, 1 if n < 4 else n)) for n in range(1, 7)],
        },
        {1},
    ),
    "D38": (
        {
            "enrolments": [enrol(n, network="x", added_at=at(9, 0, n * 10)) for n in range(1, 22)]
            + [enrol(n, klass=2, network="x", added_at=at(9, n * 11)) for n in range(31, 52)],
        },
        {1},
    ),
}
