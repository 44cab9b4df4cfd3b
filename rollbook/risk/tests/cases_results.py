"""Cases of families V, VI and VII and of insiders (domain 5.2 D83-D126, I01-I04)."""

from datetime import date

from rollbook.risk.tests.worlds import (
    DAY,
    END,
    at,
    certificate,
    day,
    exam,
    institution,
    lesson,
    person,
    presence,
    roster,
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


def change(n, klass=1, minute=600, was=50, now=52):
    row = {"enrolment_id": n, "class_id": klass, "was": was, "now": now, "minute": minute, "day": DAY}
    return {**row, "institution_id": 9, "by_account": 4}


def duty(exam, person, n_day=20, **other):
    row = {"exam_id": exam, "person_id": person, "duty": "assessor", "day": day(n_day)}
    return {**row, "starts_at": at(9, n=n_day), "ends_at": at(11, n=n_day), **other}


def quiz(n, klass=1, seconds=100, right=10, **more):
    row = {"enrolment_id": n, "class_id": klass, "course": "safety", "questions": 10, "day": DAY}
    return {**row, "seconds": seconds, "right_first": right, **more}


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
            "quizzes": [quiz(1, 4, chain_holds=False), quiz(2, 3, chain_holds=True), quiz(3, 3)],
        },
        {1, 2, 4},
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
    "D101": (
        {
            "scores": [
                score(1, photo_score=0.2),
                score(2),
                score(3, photo_score=None),
                score(4, photo_score=None, photo_word="other"),
                score(5, photo_word="other"),
            ]
        },
        {1, 4, 5},
    ),
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
                certificate(7, kind="level", issued_on=day(90)),
            ],
            "national_numbers": [{"number": "known", "as_of": day(90)}, {"number": "other", "as_of": day(20)}],
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
}
