from datetime import UTC, date, datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Enrolment, Lesson, TrainingClass
from rollbook.directory.tests.factories import DemandItemFactory
from rollbook.institutions.tests.factories import InstitutionFactory
from rollbook.persons.tests.factories import PersonFactory


class ClassFactory(DjangoModelFactory):
    """A draft; `state="running"` and the like give one that was approved by an official."""

    class Meta:
        model = TrainingClass
        skip_postgeneration_save = True

    class Params:
        decided = factory.LazyAttribute(lambda c: c.state in ("approved", "running", "ended", "assessed"))

    institution = factory.SubFactory(InstitutionFactory)
    region_code = factory.SelfAttribute("institution.region_code")
    item = factory.SubFactory(DemandItemFactory)
    occupation = factory.SelfAttribute("item.occupation")
    level = factory.SelfAttribute("item.level")
    title = factory.Sequence("2026 金陵 焊工 四级 {} 期".format)
    starts_on = date(2026, 3, 2)
    ends_on = factory.LazyAttribute(lambda c: c.starts_on + timedelta(11))
    planned_size = 30
    state = "draft"
    created_at = datetime(2026, 2, 1, tzinfo=UTC)
    number = factory.Maybe("decided", factory.Sequence("KB3201022026{:05d}".format), None)
    decided_at = factory.Maybe("decided", datetime(2026, 2, 20, tzinfo=UTC), None)
    decided_by = factory.Maybe("decided", factory.SubFactory(AccountFactory), None)

    @factory.post_generation
    def trainees(self, create, extracted, **kwargs):
        for _ in range(extracted or 0):
            EnrolmentFactory(training_class=self)


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    training_class = factory.SubFactory(ClassFactory)
    person = factory.SubFactory(PersonFactory)
    category = "unemployed"
    added_at = datetime(2026, 2, 1, tzinfo=UTC)


class LessonFactory(DjangoModelFactory):
    """Four academic hours of practice. Give `room` and `teacher` of the class's institution."""

    class Meta:
        model = Lesson

    training_class = factory.SubFactory(ClassFactory)
    starts_at = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai
    ends_at = factory.LazyAttribute(lambda lesson: lesson.starts_at + timedelta(hours=3))
    hours = 4
    kind = "practice"
    subject = "焊接操作"
    teacher_person = factory.SelfAttribute("teacher.person")
    is_binding = True
