"""Cases of families V, VI and VII and of insiders (domain 5.2 D83-D126, I01-I04)."""

from datetime import date

from rollbook.risk.tests.cases_training import month, roster
from rollbook.risk.tests.worlds import (
    DAY,
    END,
    at,
    certificate,
    claim,
    day,
    exam,
    institution,
    klass,
    lesson,
    person,
    presence,
    review,
    score,
    session,
)


def answers(n, room, choices, right="A"):
    """Wrong answers of a candidate: one letter a question."""
    rows = []
    for question, choice in enumerate(choices):
        row = {"exam_id": 1, "enrolment_id": n, "room_id": room, "question": question, "choice": choice, "day": DAY}
        rows.append({**row, "is_right": choice == right})
    return rows


def call(n, klass=1, **other):
    return {
        "enrolment_id": n,
        "person_id": n,
        "class_id": klass,
        "day": DAY,
        "outcome": "reached",
        "paid_back": False,
        **other,
    }


def reveal(n, account=1, minute=600, person=None, **other):
    row = {
        "reveal_id": n,
        "account_id": account,
        "person_id": person or n,
        "minute": minute,
        "day": DAY,
        "was_due": False,
    }
    return {**row, "region_code": "320102", "person_region": "320583", **other}


def change(n, klass=1, minute=600, was=50, now=52):
    row = {"enrolment_id": n, "class_id": klass, "was": was, "now": now, "minute": minute, "day": DAY}
    return {**row, "institution_id": 9, "by_account": 4}


def duty(exam, person, n_day=20, **other):
    row = {"exam_id": exam, "person_id": person, "duty": "assessor", "day": day(n_day)}
    return {**row, "starts_at": at(9, n=n_day), "ends_at": at(11, n=n_day), **other}


def transfer(n, to="boss", amount=80_000):
    return {"from_account": f"a{n}", "to_account": to, "amount_fen": amount, "day": date(2026, 6, 5)}


def paid(n, klass=1, **other):
    return claim(n, klass, account=f"a{n}", paid_on=date(2026, 6, 1), **other)


def said(n, institution=1, on=DAY, **other):
    return {"complaint_id": n, "institution_id": institution, "day": on, "has_evidence": False, **other}


def quiz(n, klass=1, seconds=100, right=10):
    row = {"enrolment_id": n, "class_id": klass, "course": "safety", "questions": 10, "day": DAY}
    return {**row, "seconds": seconds, "right_first": right}


SPREAD = [
    score(n, klass=k, enrolment_id=k * 100 + n, person_id=k * 100 + n) for k in range(2, 13) for n in range(1, 13)
]

CASES = {
    "D83": (
        {
            "sessions": [
                session(1),
                session(2, start=9, end=11, device="second"),
                session(3, of=3),
                session(4, of=3, start=10, end=11, device="other"),
            ],
        },
        {1},
    ),
    "D84": (
        {
            "sessions": [
                session(1),
                session(2, start=9, end=11, course="d"),
                session(3, of=3),
                session(4, of=3, start=10, end=11, course="d"),
            ],
        },
        {1},
    ),
    "D85": (
        {
            "sessions": [
                session(1, content_s=9000),
                session(2, of=2, unseen_jump_s=300),
                session(3, of=3, unseen_jump_s=2),
            ]
        },
        {1, 2},
    ),
    "D86": (
        {"sessions": [session(1, idle_s=1800), session(2, of=2, idle_s=1800, credited_s=3000), session(3, of=3)]},
        {1},
    ),
    "D87": ({"sessions": [session(1, blurs=12), session(2, of=2, hidden_s=3000), session(3, of=3, blurs=2)]}, {1, 2}),
    "D88": ({"sessions": [session(1, seeks=6), session(2, of=2, seeks=1)]}, {1}),
    "D89": ({"sessions": [session(1, start=6, end=12), session(2, start=13, end=18), session(3, of=3)]}, {1}),
    "D90": (
        {
            "sessions": [
                session(1, face_fails=2, fails_in_a_row=2),
                session(2, of=2, answer_spread_ms=10.0),
                session(3, of=3, face_checks=40, face_fails=1, fails_in_a_row=1),
                session(4, of=4, face_fails=1, fails_in_a_row=1),
            ],
        },
        {1, 2, 4},
    ),
    "D91": ({"sessions": [session(1, beat_spread_ms=1.0), session(2, of=2, click_places=1), session(3, of=3)]}, {1, 2}),
    "D92": (
        {
            "quizzes": [quiz(n, seconds=15) for n in range(1, 13)]
            + [quiz(n, 2, seconds=200, right=8) for n in range(21, 33)]
            + [quiz(n, 3) for n in range(41, 53)],
        },
        {1, 3},
    ),
    "D93": (
        {
            "sessions": [
                session(1, chain_holds=False),
                session(2, of=2, class_id=2, credited_s=90000),
                session(3, of=3, class_id=3),
            ],
        },
        {1, 2},
    ),
    "D94": (
        {
            "sessions": [
                session(1, city="3201"),
                session(2, start=10, end=11, city="4403"),
                session(3, of=3, city="3201"),
                session(4, of=3, start=16, end=17, city="4403"),
            ],
        },
        {1},
    ),
    "D95": (
        {
            "sessions": [session(1, n_day=5), session(2, of=2, n_day=0)],
            "presences": [presence(1, n_day=2), presence(2, n_day=2)],
            "lessons": [lesson(102, kind="practice", n_day=2)],
        },
        {1},
    ),
    "D96": (
        {"sessions": [session(1, n_day=-5), session(2, of=2), session(3, of=3, n_day=40)], "enrolments": roster(3)},
        {1, 3},
    ),
    "D97": (
        {
            # two candidates miss ten questions with the same letters; the others miss them each in their own way
            "answers": answers(1, 1, "BBCCDDBBCC")
            + answers(2, 1, "BBCCDDBBCC")
            + answers(3, 1, "CDBDBCDCDB")
            + answers(4, 1, "DCDBCBCDBD"),
        },
        {1, 2},
    ),
    "D98": (
        {
            "scores": [score(n, theory=61, practice=70, passed=n != 5) for n in range(1, 31)]
            + [
                score(
                    n,
                    klass=50,
                    enrolment_id=n,
                    passed=n % 4 > 0,
                    theory=60 + n % 30 + 3 * (n % 2),
                    practice=50 + n % 40,
                )
                for n in range(600, 631)
            ]
            + SPREAD,
        },
        {1},
    ),
    "D99": (
        {
            "exams": [exam(1), exam(2, klass=2)],
            "scores": [score(n, minutes=10) for n in (1, 2, 3)] + [score(n, klass=2) for n in (11, 12, 13)],
        },
        {1},
    ),
    "D100": (
        {
            "score_changes": [change(n) for n in (1, 2, 3)]
            + [change(11, 2, minute=1380, was=55, now=61)]
            + [change(21, 3, was=55, now=61)],
        },
        {1, 2},
    ),
    "D101": ({"scores": [score(1, photo_score=0.2), score(2), score(3, photo_score=None)]}, {1}),
    "D102": (
        {
            "exams": [exam(1)],
            "scores": [score(n) for n in (1, 2, 3, 4)],
            "travels": [
                {"person_id": 1, "from_on": day(10), "until_on": day(30)},
                {"person_id": 2, "from_on": day(25)},
            ],
            "deaths": [{"person_id": 3, "died_on": day(5)}],
            "presences": [presence(4, klass=7, n_day=20, start=8, end=10)],
        },
        {1, 3, 4},
    ),
    "D103": (
        {
            "exams": [exam(n, klass=n) for n in range(1, 7)],
            "exam_staff": [duty(1, 70), duty(2, 71), duty(3, 72), duty(4, 73), duty(5, 73), duty(6, 74)],
            "lessons": [lesson(1, person_id=70), lesson(2, klass=2, person_id=74)],
            "scores": [score(21, klass=2)],
            "relatives": [{"person_id": 71, "other_person_id": 21, "kind": "parent"}],
            "institutions": [institution(1, company="school")],
            "positions": [{"person_id": 72, "company": "school", "role": "shareholder"}],
        },
        {1, 2, 3, 4, 5},
    ),
    "D104": (
        {
            "exams": [
                exam(1, kind="practice", assessors=2),
                exam(2, klass=2, kind="practice"),
                exam(3, klass=3, invigilators=1),
                exam(4, klass=4),
                exam(5, klass=5, kind="practice", assessors=4),
            ],
        },
        {1, 3, 5},
    ),
    "D105": (
        {
            "exams": [
                exam(1, paper="a"),
                exam(2, klass=2, paper="a", n_day=40),
                exam(3, klass=3, paper="b", paper_drawn_on=day(20)),
                exam(4, klass=4, paper="c", paper_drawn_on=day(10)),
                exam(5, klass=5, paper="b"),
            ],
        },
        {2, 4},
    ),
    "D106": (
        {
            "certificates": [certificate(n, exam_on=day(20)) for n in range(1, 41)]
            + [certificate(n, institution_id=8, exam_on=day(20)) for n in range(51, 81)],
            "exams": [exam(1, seats=30), exam(2, institution_id=8)],
        },
        {9},
    ),
    "D107": (
        {
            "certificates": [
                certificate(1, number_valid=False),
                certificate(2, number="same"),
                certificate(3, number="same"),
                certificate(4),
                certificate(5, kind="level"),
                certificate(6, kind="level", number="known"),
            ],
            "national_numbers": [{"number": "known"}],
        },
        {1, 2, 3, 5},
    ),
    "D108": (
        {
            "certificates": [
                certificate(1, issued_on=date(2026, 3, 24)),
                certificate(2, exam_on=None, issued_on=END),
                certificate(3),
            ]
        },
        {1, 2},
    ),
    "D109": ({"exams": [exam(1, has_video=False), exam(2, klass=2), exam(3, klass=3, has_papers=None)]}, {1}),
    "D111": (
        {
            "certificates": [
                certificate(1, kind="level", level="4"),
                certificate(2, kind="level", level="4"),
                certificate(3, level="4"),
            ],
            "other_certificates": [
                {"person_id": 1, "occupation": 1, "level": "5", "issued_on": date(2025, 11, 1)},
                {"person_id": 2, "occupation": 1, "level": "5", "issued_on": date(2021, 11, 1)},
            ],
        },
        {1},
    ),
    "D112": (
        {
            "certificates": [certificate(n, has_training=False) for n in range(1, 31)]
            + [certificate(n, institution_id=8, has_training=False) for n in range(41, 71)],
            "persons": [person(n, region_code="321302" if n < 31 else "320102") for n in range(1, 71)],
            "institutions": [institution(9), institution(8)],
        },
        {9},
    ),
    "D113": ({"claims": [claim(1, due_fen=90000), claim(2), claim(3, due_fen=None)]}, {1}),
    "D114": (
        {"claims": [claim(1, certificate_on=date(2025, 4, 1)), claim(2, certificate_on=date(2025, 4, 12))]},
        {1},
    ),
    "D115": (
        {"claims": [claim(1), claim(2, person_id=1, payee="school"), claim(3), claim(4, klass=2, person_id=3)]},
        {1, 2},
    ),
    "D116": (
        {
            "claims": [
                claim(1, number="X1"),
                claim(2, number="X1", region_code="320583"),
                claim(3, number="X3"),
                claim(4, number="X4"),
            ],
            "other_subsidies": [
                {"number": "X3", "region_code": "440305", "person_id": 3},
                {"number": "X4", "region_code": "320102", "person_id": 4},
            ],
        },
        {1, 2, 3},
    ),
    "D117": (
        {
            "claims": [paid(n) for n in range(1, 9)] + [paid(n, 2) for n in range(21, 29)],
            "transfers": [transfer(n) for n in range(1, 7)] + [transfer(n, to=f"shop{n}") for n in range(21, 28)],
        },
        {1},
    ),
    "D118": ({"calls": [call(1, paid_back=True), call(2, 2)]}, {1}),
    "D119": (
        {
            "enrolments": roster(12, ends_on=date(2025, 6, 1)) + roster(12, 2, 21, ends_on=date(2025, 6, 1)),
            "insured_months": [month(n, 2025, m) for n in range(1, 13) for m in (7, 8)]
            + [month(n, 2025, m) for n in range(21, 33) for m in range(7, 13)]
            + [month(99, 2026, 1)],
        },
        {1},
    ),
    "D120": (
        {
            "claims": [claim(n, institution_id=1) for n in range(1, 21)]
            + [claim(100 + n, institution_id=n) for n in range(2, 13)]
        },
        {1},
    ),
    "D121": (
        {
            "claims": [claim(n, filed_on=date(2025, 12 if n < 40 else 5, 10)) for n in range(1, 61)]
            + [claim(100 + n, region_code="320583", filed_on=date(2025, 1 + n % 12, 10)) for n in range(60)],
        },
        {320102},
    ),
    "D122": (
        {
            "calls": [call(1, outcome="unknown"), call(11, 2, outcome="wrong-number")]
            + [call(n, 3, answer="all was well") for n in (21, 22, 23)]
            + [call(n, 4, answer=f"words {n}") for n in (31, 32, 33)],
            "denials": [{"enrolment_id": 2, "person_id": 2, "class_id": 1, "day": DAY}],
        },
        {1, 3},
    ),
    "D123": (
        {
            "complaints": [
                said(1),
                said(2, on=day(30)),
                said(3, 2),
                said(4, 2, on=day(300)),
                said(5, 3, has_evidence=True),
                said(6, 4, outcome="groundless"),
                said(7, 4, outcome="groundless"),
            ],
        },
        {1, 3},
    ),
    "D124": (
        {
            "objections": [{"objection_id": n, "claim_id": n, "class_id": 1, "day": DAY} for n in (1, 2)]
            + [{"objection_id": n, "claim_id": n, "class_id": 2, "day": DAY, "upheld": False} for n in (3, 4)],
        },
        {1},
    ),
    "D125": (
        {
            "classes": [klass(1, study_form="apprenticeship"), klass(2)],
            "enrolments": roster(3, employer="works") + roster(1, 2, 9, employer="works"),
            "insured_months": [
                month(1, 2026, 3, "mill"),
                month(2, 2026, 3, "works"),
                month(3, 2026, 3, "works"),
                month(9, 2026, 3, "mill"),
            ],
            "contracts": [{"person_id": 3, "company": "mill", "from_on": date(2025, 1, 1)}],
        },
        {1, 3},
    ),
    "D126": (
        {
            "documents": [
                {"document_id": n, "class_id": n, "institution_id": i, "kind": "plan", "text": text, "day": DAY}
                for n, i, text in [
                    (1, 1, "a"),
                    (2, 2, "a"),
                    (3, 3, "own"),
                    (4, 3, "own"),
                    (5, 1, "std"),
                    (6, 2, "std"),
                    (7, 3, "std"),
                    (8, 4, "std"),
                ]
            ],
        },
        {1, 2},
    ),
    "D81": (
        {
            "reviews": [review(n, seconds=30) for n in range(1, 23)]
            + [review(n, account=2, institution_id=2, seconds=900) for n in range(31, 53)]
            + [review(60, account=3, institution_id=3, network="school")],
            "sign_ins": [{"account_id": 9, "institution_id": 3, "role": "institution-manager", "network": "school"}],
        },
        {1, 3},
    ),
    "I01": (
        {
            "reviews": [review(n, minute=n // 4) for n in range(1, 25)]
            + [review(n, account=2, minute=n % 60) for n in range(31, 53)],
        },
        {1},
    ),
    "I02": (
        {
            "reviews": [review(n, hour=23) for n in range(1, 7)]
            + [review(n, account=2, hour=23) for n in range(11, 14)]
            + [review(n, account=3, hour=10) for n in range(21, 31)],
        },
        {1},
    ),
    "I03": (
        {
            "reveals": [reveal(n) for n in range(1, 31)]
            + [reveal(n, account=2) for n in range(41, 44)]
            + [reveal(n, account=3) for n in range(51, 53)]
            + [reveal(n, account=4, was_due=True) for n in range(61, 91)],
        },
        {1},
    ),
    "I04": (
        {"reveals": [reveal(n, minute=1400) for n in range(1, 7)] + [reveal(n, account=2) for n in range(11, 31)]},
        {1},
    ),
}
