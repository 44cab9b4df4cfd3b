from datetime import UTC, date, datetime

import factory
from django.db.backends.postgresql.psycopg_any import DateRange
from factory.django import DjangoModelFactory

from rollbook.directory.tests.factories import OccupationFactory
from rollbook.institutions.models import (
    Institution,
    Paper,
    ProjectApproval,
    Qualification,
    Room,
    Site,
    Teacher,
)
from rollbook.persons.tests.factories import PersonFactory


class InstitutionFactory(DjangoModelFactory):
    """A listed institution of Xuanwu county, without rooms, teachers, papers or projects."""

    class Meta:
        model = Institution

    name = factory.Sequence("金陵职业培训学校 {}".format)
    short_name = factory.Sequence("金陵{}".format)
    uscc = factory.Sequence("5232{:014d}".format)  # not checked here: unique is enough
    kind = "private-school"
    region_code = "320102"
    address = "玄武区北京东路 1 号"
    capacity = 500
    state = "listed"
    listed_at = datetime(2026, 1, 5, tzinfo=UTC)


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = Site

    institution = factory.SubFactory(InstitutionFactory)
    name = "本部"
    address = "玄武区北京东路 1 号"
    region_code = "320102"


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence("{} 室".format)
    kind = "workshop"
    seats = 60


class TeacherFactory(DjangoModelFactory):
    class Meta:
        model = Teacher

    institution = factory.SubFactory(InstitutionFactory)
    person = factory.SubFactory(PersonFactory)


class QualificationFactory(DjangoModelFactory):
    class Meta:
        model = Qualification

    teacher = factory.SubFactory(TeacherFactory)
    occupation = factory.SubFactory(OccupationFactory)
    level = "2"
    certificate_number = factory.Sequence("Y0000320{:014d}".format)


class PaperFactory(DjangoModelFactory):
    class Meta:
        model = Paper

    institution = factory.SubFactory(InstitutionFactory)
    kind = "licence"
    number = factory.Sequence("P{}".format)
    valid = factory.LazyFunction(lambda: DateRange(date(2025, 1, 1), date(2028, 1, 1)))


class ProjectApprovalFactory(DjangoModelFactory):
    class Meta:
        model = ProjectApproval

    institution = factory.SubFactory(InstitutionFactory)
    occupation = factory.SubFactory(OccupationFactory)
    level = "4"
    state = "approved"
    in_force = factory.LazyFunction(lambda: DateRange(date(2026, 1, 1), date(2027, 1, 1)))
    decided_by = factory.SubFactory("rollbook.accounts.tests.factories.AccountFactory")


def equipped(**kwargs) -> Institution:
    """A listed institution that may train its occupation at level 4: two rooms, two teachers,
    every paper. Give `occupation` to have it train that one."""
    occupation = kwargs.pop("occupation", None) or OccupationFactory()
    institution = InstitutionFactory(**kwargs)
    site = SiteFactory(institution=institution, region_code=institution.region_code)
    RoomFactory.create_batch(2, site=site)
    for teacher in TeacherFactory.create_batch(2, institution=institution):
        QualificationFactory(teacher=teacher, occupation=occupation)
    for kind in ("licence", "fire", "health", "safety", "agreement"):
        PaperFactory(institution=institution, kind=kind)
    ProjectApprovalFactory(institution=institution, occupation=occupation)
    return institution
