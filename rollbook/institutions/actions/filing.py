from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate
from pypinyin import Style, lazy_pinyin

from rollbook.accounts import actions as accounts
from rollbook.accounts.rules import Permission, Role, authorise
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind, Place, months_later
from rollbook.institutions import queries, rules
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
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import actions as persons
from rollbook.web import uploads

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.evidence.models import Item

PROFILE = ("short_name", "nature", "address", "legal_person", "contact", "phone", "capacity")
M = rules.Move


def start_application(
    *, name: str, uscc: str, kind: str, region_code: str, address: str, username: str, password: str,
    manager: str, now: datetime,
) -> tuple[Institution, "Account"]:  # fmt: skip
    """Anyone may begin: an institution in preparation, and the account of its manager (N2.1)."""
    uscc = uscc.strip().upper()
    refuse_if(rules.reasons_against_uscc(uscc))
    rules.Kind(kind)
    taken = reason("institution-known", _("An institution with this name or code is registered already."), "N2.1")
    try:
        with transaction.atomic():
            made = Institution.objects.create(
                name=name.strip(), uscc=uscc, kind=kind, region_code=region_code, address=address, pinyin=pinyin(name)
            )
            account = accounts.create_account(
                by=None, username=username, password=password, name=manager, role=Role.INSTITUTION_MANAGER,
                region_code=region_code, institution_id=made.pk, now=now,
            )  # fmt: skip
            _record("institution.started", made, by=account, at=now)
    except IntegrityError:
        raise Refused(taken) from None
    return made, account


def pinyin(name: str) -> str:
    return " ".join(("".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))))[:512]


def _record(kind: str, one: Institution, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, institution_id=one.pk, **data)


def _own(by: "Account", institution_id: int) -> Institution:
    one = queries.get(by, institution_id, lock=True)
    authorise(by, Permission.INSTITUTION_APPLY, institution_id=one.pk)
    return one


@transaction.atomic
def save_profile(*, by: "Account", institution_id: int, now: datetime, **values: Any) -> Institution:
    one = _own(by, institution_id)
    changed = {key: value for key, value in values.items() if key in PROFILE and getattr(one, key) != value}
    for key, value in changed.items():
        setattr(one, key, value)
    if changed:
        one.save(update_fields=list(changed))
        _record("institution.saved", one, by=by, at=now, **changed)
    return one


@transaction.atomic
def add_site(*, by: "Account", institution_id: int, name: str, address: str, now: datetime) -> Site:
    one = _own(by, institution_id)
    site = Site.objects.create(institution=one, name=name, address=address, region_code=one.region_code)
    _record("institution.site-added", one, by=by, at=now, name=name)
    return site


@transaction.atomic
def add_room(
    *, by: "Account", institution_id: int, site_id: int, name: str, kind: str, seats: int, now: datetime
) -> Room:
    one = _own(by, institution_id)
    site = one.sites.filter(pk=site_id).first()
    if site is None:
        raise NotFound
    if site.rooms.filter(name=name).exists():
        raise Refused(reason("room-known", _("The site has a room “{name}” already."), name=name))
    room = Room.objects.create(site=site, name=name, kind=rules.RoomKind(kind), seats=seats)
    _record("institution.room-added", one, by=by, at=now, name=name, seats=seats)
    return room


@transaction.atomic
def add_equipment(
    *, by: "Account", institution_id: int, room_id: int, name: str, quantity: int, work_stations: int, now: datetime
) -> Equipment:
    one = _own(by, institution_id)
    room = queries.rooms_of(one.pk).filter(pk=room_id).first()
    if room is None:
        raise NotFound
    made = Equipment.objects.create(room=room, name=name, quantity=quantity, work_stations=work_stations)
    _record("institution.equipment-added", one, by=by, at=now, name=name, quantity=quantity)
    return made


@transaction.atomic
def add_teacher(
    *, by: "Account", institution_id: int, name: str, number: str, is_full_time: bool, experience_years: int,
    occupation_id: int, level: str, certificate_number: str, expires_on: date | None, now: datetime,
) -> Teacher:  # fmt: skip
    """File a teacher, or a further certificate of one (N10.1)."""
    one = _own(by, institution_id)
    person = persons.register(by=by, name=name, number=number, region_code=one.region_code, now=now)
    teacher, _made = Teacher.objects.get_or_create(
        institution=one,
        person=person,
        defaults={"is_full_time": is_full_time, "experience_years": experience_years},
    )
    Qualification.objects.create(
        teacher=teacher, occupation_id=occupation_id, level=level, certificate_number=certificate_number,
        expires_on=expires_on,
    )  # fmt: skip
    _record("institution.teacher-added", one, by=by, at=now, name=name, level=level)
    return teacher


@transaction.atomic
def add_paper(
    *, by: "Account", institution_id: int, kind: str, number: str, valid_from: date, valid_until: date,
    content: bytes, now: datetime,
) -> Paper:  # fmt: skip
    """File a licence or certificate with its scan (N2.2)."""
    one = _own(by, institution_id)
    if valid_until <= valid_from:
        raise Refused(reason("paper-dates", _("The last day of validity must be after the first.")))
    extension, digest = uploads.checked(content)
    paper = Paper(institution=one, kind=rules.PaperKind(kind), number=number, valid=DateRange(valid_from, valid_until))
    paper.file.save(f"{digest}.{extension}", ContentFile(content), save=False)
    paper.save()
    _record("institution.paper-added", one, by=by, at=now, paper=kind, number=number, sha256=digest)
    return paper


@transaction.atomic
def ask_project(
    *, by: "Account", institution_id: int, occupation_id: int, level: str, now: datetime
) -> ProjectApproval:
    one = _own(by, institution_id)
    if one.projects.filter(occupation_id=occupation_id, level=level, state__in=["asked", "approved"]).exists():
        raise Refused(reason("project-known", _("This project is asked for or approved already.")))
    project = ProjectApproval.objects.create(institution=one, occupation_id=occupation_id, level=level)
    _record("institution.project-asked", one, by=by, at=now, project=str(project))
    return project


@transaction.atomic
def submit_application(*, by: "Account", institution_id: int, now: datetime) -> Institution:
    one = _own(by, institution_id)
    state = rules.LIFECYCLE.after(rules.State(one.state), M.APPLY)
    refuse_if(reasons_to_apply(one, localdate(now)))
    one.state, one.applied_at = state, now
    one.save(update_fields=["state", "applied_at"])
    _record("institution.applied", one, by=by, at=now)
    return one


def reasons_to_apply(one: Institution, today: date) -> list[Any]:
    """What is missing, for the page as for the deed."""
    terms = directory.terms_for(one.region_code, today)
    return list(
        rules.reasons_against_application(
            queries.application_of(one.pk, today),
            teachers_least=terms[TermKey.TEACHERS_LEAST],
            full_time_percent=terms[TermKey.FULL_TIME_PERCENT],
        )
    )


def _moved(by: "Account", institution_id: int, permission: Permission, move: rules.Move) -> Institution:
    one = queries.get(by, institution_id, lock=True)
    authorise(by, permission, region_code=one.region_code)
    one.state = rules.LIFECYCLE.after(rules.State(one.state), move)
    return one


@transaction.atomic
def return_application(*, by: "Account", institution_id: int, why: str, now: datetime) -> Institution:
    one = _moved(by, institution_id, Permission.INSTITUTION_VERIFY, M.RETURN)
    one.save(update_fields=["state"])
    _record("institution.returned", one, by=by, at=now, why=why)
    return one


@transaction.atomic
def record_visit(
    *, by: "Account", institution_id: int, second_officer_id: int, checklist: Mapping[str, bool], conclusion: str,
    photos: Sequence[bytes], now: datetime,
) -> SiteVisit:  # fmt: skip
    """What two officers found on site; the second signs from the own account (N4.4)."""
    one = _moved(by, institution_id, Permission.INSTITUTION_VERIFY, M.VERIFY)
    second = queries.officer(second_officer_id, Permission.INSTITUTION_VERIFY, one.region_code)
    if second is None or second.pk == by.pk:
        text = _("Name a second officer of the region, other than yourself.")
        raise Refused(reason("second-officer", text, "N4.4"))
    if not photos:
        raise Refused(reason("no-photos", _("Add at least one photograph taken on site."), "N4.4"))
    checked = {}
    for content in photos:  # all of them before any is stored
        _extension, digest = uploads.checked(content, photo_only=True)
        if digest in checked or VisitPhoto.objects.filter(sha256=digest).exists():
            raise Refused(reason("photo-again", _("One of the photographs was used before; take new ones."), "N4.4"))
        checked[digest] = content
    passed = all(checklist.get(item, False) for item in rules.CHECKLIST)
    visit = SiteVisit.objects.create(
        institution=one, visited_at=now, first_officer=by, second_officer=second, passed=passed,
        checklist={item: bool(checklist.get(item)) for item in rules.CHECKLIST}, conclusion=conclusion,
    )  # fmt: skip
    for digest, content in checked.items():
        VisitPhoto.objects.create(visit=visit, sha256=digest, item=_kept(by, visit, content, now))
    one.save(update_fields=["state"])
    _record("institution.visited", one, by=by, at=now, passed=passed, second_officer=str(second))
    return visit


def _kept(by: "Account", visit: SiteVisit, content: bytes, now: datetime) -> "Item":
    """A photograph of a visit among the evidence of its institution."""
    one, terms = visit.institution, directory.terms_for(visit.institution.region_code, localdate(now))
    place = Place(
        subject=f"institutions.SiteVisit:{visit.pk}",
        dossier=queries.dossier_of(one.pk),
        region_code=one.region_code,
        institution_id=one.pk,
        keep=Keep.FILE,
        keep_until=months_later(localdate(visit.visited_at), terms[TermKey.KEEP_FILE_MONTHS]),
        gigabytes=terms[TermKey.EVIDENCE_GIGABYTES],
    )
    return evidence.store(by=by, kind=Kind.PHOTO, content=content, place=place, title=one.name, now=now)


@transaction.atomic
def move_photo(*, photo_id: int, now: datetime) -> bool:
    """Bring a photograph that lies as a plain file among the evidence; run by the operator after an upgrade."""
    photo = VisitPhoto.objects.select_for_update(of=("self",)).select_related(
        "visit__institution", "visit__first_officer"
    )
    one = photo.get(pk=photo_id)
    if not one.file:
        return False
    with one.file.open("rb") as file:
        one.item = _kept(one.visit.first_officer, one.visit, file.read(), now)
    name, storage, one.file = one.file.name or "", one.file.storage, ""
    one.save(update_fields=["item", "file"])
    transaction.on_commit(lambda: storage.delete(name))
    return True


@transaction.atomic
def confirm_visit(*, by: "Account", visit_id: int, now: datetime) -> SiteVisit:
    visit = queries.visits_to_confirm(by).select_for_update(of=("self",)).filter(pk=visit_id).first()
    if visit is None:
        raise NotFound
    visit.confirmed_at = now
    visit.save(update_fields=["confirmed_at"])
    _record("institution.visit-confirmed", visit.institution, by=by, at=now)
    return visit


def reasons_to_list(one: Institution, today: date) -> list[Any]:
    """Why the institution may not be listed yet, for the page as for the deed."""
    visit = queries.last_visit(one.pk)
    return list(
        rules.reasons_against_listing(
            visit_passed=visit.passed if visit else None,
            visit_confirmed=bool(visit and visit.confirmed_at),
            papers_missing=queries.papers_lacking(one.pk, today, today),
        )
    )


@transaction.atomic
def approve_institution(
    *, by: "Account", institution_id: int, project_ids: Sequence[int], now: datetime
) -> Institution:
    """Enter an institution in the directory with the projects that it may run (N2.1)."""
    today = localdate(now)
    one = _moved(by, institution_id, Permission.INSTITUTION_APPROVE, M.APPROVE)
    refuse_if(reasons_to_list(one, today))
    one.listed_at = now
    one.save(update_fields=["state", "listed_at"])
    approved = _decide_projects(one, by, project_ids, now)
    _record("institution.approved", one, by=by, at=now, projects=approved)
    return one


@transaction.atomic
def decide_projects(*, by: "Account", institution_id: int, project_ids: Sequence[int], now: datetime) -> Institution:
    """Decide what a listed institution has asked for since."""
    one = queries.get(by, institution_id, lock=True)
    authorise(by, Permission.INSTITUTION_APPROVE, region_code=one.region_code)
    if one.state != rules.State.LISTED:
        raise Refused(reason("not-listed", _("The institution is not in the directory.")))
    _record("institution.approved", one, by=by, at=now, projects=_decide_projects(one, by, project_ids, now))
    return one


def _decide_projects(one: Institution, by: "Account", project_ids: Sequence[int], now: datetime) -> list[str]:
    today = localdate(now)
    months = directory.terms_for(one.region_code, today)[TermKey.AGREEMENT_MONTHS]
    approved = []
    for project in one.projects.filter(state=rules.ProjectState.ASKED).select_related("occupation"):
        project.decided_by = by
        if project.pk in project_ids:
            project.state = rules.ProjectState.APPROVED
            project.in_force = DateRange(today, today + timedelta(months * 365 // 12))
            approved.append(str(project))
        else:
            project.state = rules.ProjectState.REFUSED
        project.save()
    return approved


@transaction.atomic
def refuse_institution(*, by: "Account", institution_id: int, why: str, now: datetime) -> Institution:
    one = _moved(by, institution_id, Permission.INSTITUTION_APPROVE, M.REFUSE)
    one.save(update_fields=["state"])
    _record("institution.refused", one, by=by, at=now, why=why)
    return one


@transaction.atomic
def remove_institution(*, by: "Account", institution_id: int, why: str, now: datetime) -> Institution:
    """Take an institution out of the directory: no new classes from now on (N2.1, N11.4)."""
    one = _moved(by, institution_id, Permission.INSTITUTION_RESTRICT, M.REMOVE)
    one.save(update_fields=["state"])
    _record("institution.removed", one, by=by, at=now, why=why)
    return one


@transaction.atomic
def restrict(*, by: "Account", institution_id: int, ground: str, ends_on: date | None, now: datetime) -> Restriction:
    """Bar an institution from new classes; classes under way go on (N11.4)."""
    one = queries.get(by, institution_id, lock=True)
    authorise(by, Permission.INSTITUTION_RESTRICT, region_code=one.region_code)
    if not ground.strip():
        raise Refused(reason("ground", _("Say on what ground.")))
    if ends_on and ends_on < localdate(now):
        raise Refused(reason("ends-before", _("The last day of a restriction lies in the future.")))
    made = Restriction.objects.create(
        institution=one, ground=ground, clause="N11.4", placed_at=now, placed_by=by, ends_on=ends_on
    )
    _record("institution.restricted", one, by=by, at=now, ground=ground, until=ends_on and str(ends_on))
    return made


@transaction.atomic
def lift_restriction(*, by: "Account", restriction_id: int, now: datetime) -> None:
    found = Restriction.objects.filter(pk=restriction_id, institution__in=queries.visible_to(by), lifted_at=None)
    restriction = found.select_for_update(of=("self",)).select_related("institution").first()
    if restriction is None:
        raise NotFound
    authorise(by, Permission.INSTITUTION_RESTRICT, region_code=restriction.institution.region_code)
    restriction.lifted_at, restriction.lifted_by = now, by
    restriction.save(update_fields=["lifted_at", "lifted_by"])
    _record("institution.restriction-lifted", restriction.institution, by=by, at=now, ground=restriction.ground)
