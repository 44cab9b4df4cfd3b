from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import DateField, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import MD5, Cast, NullIf, TruncDate

from rollbook.accounts import queries as accounts
from rollbook.accounts.rules import APART, INSTITUTIONAL, Permission, holds
from rollbook.institutions import rules
from rollbook.institutions.models import (
    Equipment,
    Institution,
    Paper,
    ProjectApproval,
    Qualification,
    Restriction,
    Room,
    Site,
    SiteVisit,
    Teacher,
    VisitPhoto,
)
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[Institution]:
    """An official sees the region's, people of an institution their own, a worker none."""
    if by.role in INSTITUTIONAL:
        return Institution.objects.filter(pk=by.institution_id or 0)
    if by.role == "worker" or by.role in APART:
        return Institution.objects.none()
    return Institution.objects.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", institution_id: int, *, lock: bool = False) -> Institution:
    found = visible_to(by).filter(pk=institution_id)
    try:
        return (found.select_for_update() if lock else found).get()
    except Institution.DoesNotExist:
        raise NotFound from None


def restrictions_on(institution_id: int, on: date) -> list[Restriction]:
    """Every restriction in force on a day."""
    in_force = Restriction.objects.filter(institution_id=institution_id, lifted_at=None)
    return list(in_force.filter(Q(ends_on=None) | Q(ends_on__gte=on)).order_by("placed_at", "pk"))


def listed() -> QuerySet[Institution]:
    """The public directory: what anyone may see, with those that were removed (N2.1)."""
    return Institution.objects.filter(state__in=[rules.State.LISTED, rules.State.REMOVED])


def projects_of(institution_id: int, on: date | None = None) -> QuerySet[ProjectApproval]:
    """The projects asked for, or, on a day, those that may be trained then."""
    found = ProjectApproval.objects.filter(institution_id=institution_id).select_related("occupation")
    if on is not None:
        found = found.filter(state=rules.ProjectState.APPROVED, in_force__contains=on)
    return found.order_by("occupation__code", "level")


def papers_lacking(institution_id: int, first: date, last: date) -> list[str]:
    """The kinds of required papers that are not valid over the whole of a period."""
    filed = Paper.objects.filter(institution_id=institution_id).values_list("kind", "valid")
    valid: dict[str, list[tuple[date, date]]] = {}
    for kind, days in filed:
        valid.setdefault(kind, []).append((days.lower, days.upper))
    return [kind for kind in rules.REQUIRED_PAPERS if not rules.covers_all(valid.get(kind, ()), first, last)]


def papers_expiring(by: "Account", today: date, days: int = 60) -> QuerySet[Paper]:
    """Papers of visible, listed institutions that lapse soon and have no successor on file."""
    soon = Paper.objects.filter(
        institution__in=visible_to(by), institution__state=rules.State.LISTED,
        valid__endswith__gt=today, valid__endswith__lte=today + timedelta(days),
    )  # fmt: skip
    successor = Paper.objects.filter(
        institution=OuterRef("institution"), kind=OuterRef("kind"), valid__endswith__gt=OuterRef("valid__endswith")
    )
    return soon.filter(~Exists(successor)).select_related("institution").order_by("valid")


def rooms_of(institution_id: int) -> QuerySet[Room]:
    return Room.objects.filter(site__institution_id=institution_id).select_related("site").order_by("pk")


def teachers_of(institution_id: int) -> QuerySet[Teacher]:
    """Those who teach now."""
    found = Teacher.objects.filter(institution_id=institution_id, left_on=None).select_related("person")
    return found.prefetch_related("qualifications__occupation").order_by("pk")


def certificates_filed(institution_id: int) -> set[tuple[int, str]]:
    """Who has which certificate on file."""
    found = Qualification.objects.filter(teacher__institution_id=institution_id)
    return set(found.values_list("teacher__person_id", "certificate_number"))


def equipment_filed(institution_id: int) -> set[tuple[str, str, str]]:
    """What is on file, by site, room and name."""
    found = Equipment.objects.filter(room__site__institution_id=institution_id)
    return set(found.values_list("room__site__name", "room__name", "name"))


def places_of(ids: Iterable[int]) -> dict[int, tuple[float, float]]:
    """Longitude and latitude of each institution, by a site of which they are known."""
    found = Site.objects.filter(institution__in=list(ids), longitude__isnull=False, latitude__isnull=False)
    rows = found.order_by("-pk").values_list("institution", "longitude", "latitude")
    return {pk: (float(longitude or 0), float(latitude or 0)) for pk, longitude, latitude in rows}


def equipment_of(room_id: int) -> list[str]:
    """The equipment filed for a room, in words."""
    found = Equipment.objects.filter(room_id=room_id).order_by("pk")
    return [f"{one.name} ×{one.quantity}" for one in found]


def rooms_named(ids: Iterable[int | None]) -> dict[int, str]:
    """The names of rooms by their ids."""
    return dict(Room.objects.filter(pk__in=[pk for pk in ids if pk]).values_list("pk", "name"))


def teachers_named(ids: Iterable[int | None]) -> dict[int, str]:
    """The names of teachers by their ids."""
    return dict(Teacher.objects.filter(pk__in=[pk for pk in ids if pk]).values_list("pk", "person__name"))


def teachers_qualified(institution_id: int, occupation_identity: int, level: str, on: date) -> set[int]:
    """Teachers whose certificate is valid on a day and at least of the level taught (1 is highest)."""
    found = Qualification.objects.filter(
        Q(expires_on=None) | Q(expires_on__gte=on),
        teacher__institution_id=institution_id,
        occupation__identity=occupation_identity,
    )
    if level != "0":
        found = found.filter(level__lte=level, level__gt="0")
    return set(found.values_list("teacher_id", flat=True))


def application_of(institution_id: int, today: date) -> rules.Application:
    """What is on file, as the rules weigh it."""
    projects = list(projects_of(institution_id))
    teachers = list(teachers_of(institution_id))
    papers = Paper.objects.filter(institution_id=institution_id, valid__contains=today)
    return rules.Application(
        sites=Site.objects.filter(institution_id=institution_id).count(),
        seats=rooms_of(institution_id).aggregate(n=Sum("seats", default=0))["n"],
        equipment=Equipment.objects.filter(room__site__institution_id=institution_id).count(),
        teachers=len(teachers),
        full_time=sum(teacher.is_full_time for teacher in teachers),
        papers=sorted(set(papers.values_list("kind", flat=True))),
        projects=[str(project) for project in projects],
        teachers_by_project={
            str(one): len(teachers_qualified(institution_id, one.occupation.identity, one.level, today))
            for one in projects
        },
    )


def last_visit(institution_id: int) -> SiteVisit | None:
    found = SiteVisit.objects.filter(institution_id=institution_id).order_by("-visited_at", "-pk")
    return found.select_related("first_officer", "second_officer").first()


def dossier_of(institution_id: int) -> str:
    """The name of an institution's file of evidence."""
    return f"institutions.Institution:{institution_id}"


def photos_of(visit: SiteVisit) -> list[VisitPhoto]:
    """The photographs of a visit that lie among the evidence."""
    return list(visit.photos.filter(item__isnull=False).select_related("item").order_by("pk"))


def photos_to_move() -> list[int]:
    """Photographs of visits that lie as plain files still."""
    return list(VisitPhoto.objects.exclude(file="").order_by("pk").values_list("pk", flat=True))


def visits_to_confirm(by: "Account") -> QuerySet[SiteVisit]:
    """Visits that another officer recorded and this one took part in."""
    return SiteVisit.objects.filter(second_officer=by, confirmed_at=None).select_related("institution")


def papers_of(institution_id: int) -> QuerySet[Paper]:
    return Paper.objects.filter(institution_id=institution_id).order_by("kind", "-pk")


def paper(by: "Account", paper_id: int) -> Paper:
    try:
        return Paper.objects.get(pk=paper_id, institution__in=visible_to(by))
    except Paper.DoesNotExist:
        raise NotFound from None


def lock(institution_id: int) -> Institution:
    """The institution, held until the transaction ends: for what counts against its capacity (N2.2)."""
    return Institution.objects.select_for_update(no_key=True).get(pk=institution_id)


def by_id(institution_id: int) -> Institution:
    return Institution.objects.get(pk=institution_id)


def officer(account_id: int, permission: Permission, region_code: str) -> "Account | None":
    return accounts.officers(permission, region_code).filter(pk=account_id).first()


def fellow_officers(by: "Account", region_code: str) -> "list[Account]":
    """Who may be the second officer of a visit."""
    found = accounts.officers(Permission.INSTITUTION_VERIFY, region_code)
    return list(found.exclude(pk=by.pk))


def names_of(institution_ids: Iterable[int]) -> dict[int, str]:
    return dict(Institution.objects.filter(pk__in=list(institution_ids)).values_list("pk", "name"))


def screened() -> dict[str, "QuerySet[Any, Any]"]:
    """Institutions, places, teachers and papers as the tables of screening; what is a text there is a digest of it."""
    listed = Institution.objects.exclude(state=rules.State.DRAFT)
    return {
        "institutions": listed.values(
            "region_code",
            "kind",
            "state",
            "capacity",
            institution_id=F("pk"),
            company=MD5("uscc"),
            legal_person_=NullIf(MD5("legal_person"), MD5(Value(""))),
            phone_=NullIf("phone", Value("")),  # digested by whoever reads it, with the key that persons' are
            address_=NullIf(MD5("address"), MD5(Value(""))),
            account=NullIf(Subquery(persons.accounts_by_uscc(OuterRef("uscc"))), Value("")),
            listed_on=TruncDate("listed_at"),
        ),
        "sites": Site.objects.values(
            "institution_id",
            site_id=F("pk"),
            address_=MD5("address"),
            longitude_=Cast("longitude", FloatField()),
            latitude_=Cast("latitude", FloatField()),
        ),
        "rooms": Room.objects.annotate(stands=Sum("equipment__work_stations", default=0)).values(
            "site_id", "seats", "kind", room_id=F("pk"), institution_id=F("site__institution_id"), stations=NullIf("stands", 0)
        ),
        "teachers": Teacher.objects.values("institution_id", "person_id", "is_full_time", "left_on", teacher_id=F("pk")),
        "qualifications": Qualification.objects.values(
            "teacher_id", "level", "expires_on", occupation_=F("occupation__identity")
        ),
        "papers": Paper.objects.values(
            "institution_id", "kind", valid_from=StartsWith("valid"), valid_until=LastDay("valid")
        ),
        "projects": ProjectApproval.objects.filter(state=rules.ProjectState.APPROVED).values(
            "institution_id", "level", occupation_=F("occupation__identity"), from_on=StartsWith("in_force"),
            until_on=LastDay("in_force"),
        ),
    }  # fmt: skip


def without_account(by: "Account") -> "QuerySet[Institution]":
    """Listed institutions of an administrator's region that nobody can sign in for: their names alone are theirs to see."""
    if not holds(by, Permission.ACCOUNT_MANAGE):
        return Institution.objects.none()
    listed = Institution.objects.filter(state=rules.State.LISTED, region_code__startswith=prefix(by.region_code))
    return listed.exclude(pk__in=accounts.managing()).order_by("name", "pk")


def by_uscc(value: OuterRef) -> "QuerySet[Institution]":
    """The institution of a unified social credit code, as a subquery of contexts above."""
    return Institution.objects.exclude(state=rules.State.DRAFT).filter(uscc=value).order_by("pk")


class StartsWith(Func):
    """The first day of a range of days."""

    function = "LOWER"
    output_field = DateField()


class LastDay(Func):
    """Its last day: the day before the open end."""

    template = "(UPPER(%(expressions)s) - 1)"
    output_field = DateField()


def people_of(institution_ids: Iterable[int]) -> dict[int, set[int]]:
    """The persons who teach, or taught, at institutions: who does not check them (domain 6.3)."""
    people: dict[int, set[int]] = {}
    found = Teacher.objects.filter(institution__in=list(institution_ids))
    for institution_id, person_id in found.values_list("institution", "person"):
        people.setdefault(institution_id, set()).add(person_id)
    return people


def placed(ids: Iterable[int]) -> "QuerySet[Institution, Any]":
    """Where institutions belong, for alerts about them."""
    return Institution.objects.filter(pk__in=list(ids)).values("pk", "name", "region_code")
