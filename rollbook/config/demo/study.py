"""Of the class whose training is over: the paper that it sat, with answers, and what it studied online."""

import random
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from rollbook.accounts.models import Account
from rollbook.assessment import actions as assessment
from rollbook.assessment.rules import Answers, DutyKind, Part
from rollbook.config.demo.courses import Course, at
from rollbook.config.demo.people import Made
from rollbook.learning import actions as learning
from rollbook.learning.rules import Quiz, Session

KEY = ["A", "B", "CD", "对", "C"] * 4
PLATFORM, COURSE = "职培云", "职业道德与安全"


def fill(rng: random.Random, manager: Account, ended: Course, examiners: Sequence[Made], now: datetime) -> None:
    last, class_id = ended.days[-1], ended.row.pk
    assessment.plan_assessment(
        by=manager, class_id=class_id, held_on=last, place="本部考场", assessors="考评组", now=now
    )
    begins, people = at(last, time(18, 30)), [one.pk for one in ended.enrolments]
    sat = assessment.file_sitting(
        by=manager, class_id=class_id, part=Part.THEORY, room_id=ended.lessons[0].room_id, starts_at=begins,
        ends_at=begins + timedelta(minutes=90), minutes=90, paper=f"LL-{last:%Y%m}-017", drawn_on=last - timedelta(1),
        key=KEY, examiners=[assessment.Examiner(one.name, one.number, DutyKind.INVIGILATOR) for one in examiners], now=now,
    )  # fmt: skip

    def chosen() -> tuple[str, ...]:
        return tuple(right if rng.random() < 0.75 else rng.choice(KEY) for right in KEY)

    sheets = {one: Answers(rng.randint(40, 90), chosen()) for one in people}
    assessment.file_answers(by=manager, sitting_id=sat.pk, sheets=sheets, now=now)
    evenings = [at(day, time(20)) for day in ended.days[:3]]
    sessions = [
        Session(
            enrolment_id=one, number=f"{one}-{n}", course=COURSE, starts_at=evening,
            ends_at=evening + timedelta(minutes=50), device=f"d{one}", content=2700, credited=2700, face_checks=4,
            face_fails=int(rng.random() < 0.1), blurs=rng.randrange(4),
        )
        for one in people for n, evening in enumerate(evenings)
    ]  # fmt: skip
    learning.file_sessions(by=manager, class_id=class_id, platform=PLATFORM, sessions=sessions, now=now)
    quizzes = [
        Quiz(enrolment_id=one, number=f"q{one}", course=COURSE, taken_at=evenings[-1] + timedelta(hours=1), questions=20,
             right_first=rng.randint(11, 20), seconds=rng.randint(300, 1200))
        for one in people
    ]  # fmt: skip
    learning.file_quizzes(by=manager, class_id=class_id, platform=PLATFORM, quizzes=quizzes, now=now)
