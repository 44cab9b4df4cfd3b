"""Cases of family VII and of insiders (domain 5.2 D113-D126, I01-I04)."""

from datetime import date

from rollbook.risk.tests.worlds import (
    DAY,
    at,
    claim,
    day,
    klass,
    month,
    review,
    roster,
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


def duty(exam, person, n_day=20, **other):
    row = {"exam_id": exam, "person_id": person, "duty": "assessor", "day": day(n_day)}
    return {**row, "starts_at": at(9, n=n_day), "ends_at": at(11, n=n_day), **other}


def transfer(n, to="boss", amount=80_000):
    return {"from_account": f"a{n}", "to_account": to, "amount_fen": amount, "day": date(2026, 6, 5)}


def paid(n, klass=1, **other):
    return claim(n, klass, account=f"a{n}", paid_on=date(2026, 6, 1), **other)


def said(n, institution=1, on=DAY, **other):
    return {"complaint_id": n, "institution_id": institution, "day": on, "has_evidence": False, **other}


CASES = {
    "D113": ({"claims": [claim(1, due_fen=90000), claim(2), claim(3, due_fen=None)]}, {1}),
    "D114": (
        {"claims": [claim(1, certificate_on=date(2025, 4, 1)), claim(2, certificate_on=date(2025, 4, 12))]},
        {1},
    ),
    "D115": (
        {
            "claims": [
                claim(1),
                claim(2, person_id=1, payee="school"),
                claim(3),
                claim(4, klass=2, person_id=3),
                claim(5, payee="school"),
                claim(6, person_id=5, kind="living"),
            ],
        },
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
    "F01": (
        {
            "receipts": [
                {
                    "receipt_id": n,
                    "enrolment_id": n,
                    "person_id": n,
                    "class_id": klass,
                    "amount_fen": 30_000,
                    "answer": word,
                }
                for n, klass, word in ((1, 1, "denied"), (2, 1, "confirmed"), (3, 2, "waiting"), (4, 3, "denied"))
            ],
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
            "reveals": [reveal(n) for n in range(1, 9)]
            + [reveal(n, person_id=None, item_id=n) for n in range(9, 31)]
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
