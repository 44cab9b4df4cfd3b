"""An application that nothing stops, and the accounts around it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions
from rollbook.classes.models import TrainingClass
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.models import DemandItem
from rollbook.directory.tests.factories import DemandItemFactory
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
START = date(2026, 3, 16)
BEGINS = datetime(2026, 3, 16, 1, tzinfo=UTC)


@dataclass
class Application:
    klass: TrainingClass
    manager: Account
    county: Account

    def submit(self):
        return actions.submit_class(by=self.manager, class_id=self.klass.pk, now=NOW)

    def review(self, move="approve", by=None, **values):
        return actions.review_class(by=by or self.county, class_id=self.klass.pk, move=move, now=NOW, **values)


def ready(people=(), *, region="320102", institution=None, trainees=2, room=None) -> Application:
    """A draft of two days that may be submitted; `people` come to its roster beside new ones."""
    institution = institution or equipped(region_code=region)
    item = DemandItem.objects.first() or DemandItemFactory(hours=8)
    klass = ClassFactory(
        institution=institution, item=item, starts_on=START, ends_on=START + timedelta(1), head="王校长",
        resources="国家基本职业培训包", assessment_plan="理论与实操", trainees=trainees - len(people),
    )  # fmt: skip
    for person in people:
        EnrolmentFactory(training_class=klass, person=person)
    room = room or Room.objects.filter(site__institution=institution).first()
    teacher = Teacher.objects.filter(institution=institution).first()
    for day in range(2):
        LessonFactory(
            training_class=klass, room=room, teacher=teacher, is_binding=False, starts_at=BEGINS + timedelta(day)
        )
    manager = AccountFactory(role="institution-manager", institution_id=institution.pk)
    actions.commit_institution(by=manager, class_id=klass.pk, signed_name="王校长", now=NOW)
    return Application(klass, manager, AccountFactory(region_code=region))
