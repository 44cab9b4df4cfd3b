"""A class in training with a lesson of 09:00 to 12:00, and the accounts around it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions
from rollbook.classes.models import Enrolment, Lesson, TrainingClass
from rollbook.classes.tests.factories import ClassFactory, LessonFactory
from rollbook.directory.models import DemandItem
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped

BEGINS = datetime(2026, 3, 2, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(hours=3)
NOW = BEGINS + timedelta(minutes=2)
PROOF = b"%PDF-1.4\n% a doctor's certificate\n%%EOF\n"


@dataclass
class Scene:
    klass: TrainingClass
    lesson: Lesson
    people: list[Enrolment]
    worker: Account
    teacher: Account
    manager: Account
    county: Account

    def check_in(self, by=None, **changes):
        values = {"lesson_id": self.lesson.pk, "direction": "in", "event_id": uuid4(), "now": NOW, **changes}
        values.setdefault("code", actions.code_of(self.lesson, values["now"]))
        return actions.check_in(by=by or self.worker, **values)


def running(trainees=3, lessons=1, **terms) -> Scene:
    load_terms(**terms)
    return another(trainees, lessons)


def another(trainees=3, lessons=1) -> Scene:
    institution = equipped()
    klass = ClassFactory(
        institution=institution,
        item=DemandItem.objects.first() or DemandItemFactory(),
        state="running",
        trainees=trainees,
        starts_on=date(2026, 3, 2),
    )
    room = Room.objects.filter(site__institution=institution).first()
    teacher = Teacher.objects.filter(institution=institution).first()
    made = [
        LessonFactory(training_class=klass, room=room, teacher=teacher, starts_at=BEGINS + timedelta(days=day))
        for day in range(lessons)
    ]
    people = list(Enrolment.objects.filter(training_class=klass).order_by("pk"))
    staff = {"institution_id": institution.pk}
    return Scene(
        klass=klass,
        lesson=made[0],
        people=people,
        worker=AccountFactory(role="worker", person_id=people[0].person_id),
        teacher=AccountFactory(role="teacher", person_id=teacher.person_id, **staff),
        manager=AccountFactory(role="institution-manager", **staff),
        county=AccountFactory(),
    )
