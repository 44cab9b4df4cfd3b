"""Teachers and rooms by the file: every wrong cell is told, and nothing is written before it is confirmed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory import queries as directory
from rollbook.institutions import files, queries
from rollbook.institutions.actions.filing import _own, _record
from rollbook.institutions.models import Equipment, Institution, Qualification, Room, Site, Teacher
from rollbook.journal.queries import taken_at
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason
from rollbook.persons import actions as persons
from rollbook.persons import queries as known_persons
from rollbook.persons import rules as person_rules
from rollbook.web.sheets import Sheet, read, refuse_taken, refuse_wrong

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

MOST_ROWS = 2000
TEACHERS, ROOMS = "institution.teachers-imported", "institution.rooms-imported"


def preview_teachers(*, by: "Account", institution_id: int, content: bytes, today: date) -> Sheet:
    """Read a file of teachers; every wrong cell is marked, and nothing is written (N10.1)."""
    one = queries.get(by, institution_id)
    authorise(by, Permission.INSTITUTION_APPLY, institution_id=one.pk)
    sheet = read(content, files.TEACHERS, max_rows=MOST_ROWS)
    refuse_taken(taken_at(one, TEACHERS, sheet.digest))
    known = known_persons.found_by_numbers([row["number"] for row in sheet.rows if row["number"]])
    coded = directory.occupations_coded({row["code"] for row in sheet.rows if row["code"]})
    filed = queries.certificates_filed(one.pk)
    names, certificates = dict[str, tuple[str, int]](), dict[tuple[str, str], int]()
    for row in sheet.rows:
        _check_teacher(sheet, row, known, names, today)
        row["occupation_row"] = directory.meant(coded.get(row["code"], ()), row["occupation"])
        if row["code"] and row["occupation_row"] is None:
            text = _("The classification of 2022 has no occupation “{given} {name}”.")
            sheet.mark(row["row"], "职业编码", reason("no-occupation", text, given=row["code"], name=row["occupation"]))
        certificate = (row["number"], row["certificate"])
        if row["certificate"] and certificate in certificates:
            text = _("The same certificate stands in row {row}.")
            sheet.mark(row["row"], "证书编号", reason("twice", text, row=certificates[certificate]))
        certificates.setdefault(certificate, row["row"])
        person = known.get(row["number"])
        if person and (person.pk, row["certificate"]) in filed:
            sheet.mark(row["row"], "证书编号", reason("filed", _("This certificate is on file already.")))
        if row["expires_on"] and row["expires_on"] < today:
            sheet.mark(row["row"], "有效期至", reason("expired", _("The certificate has expired."), "N10.1"))
    return sheet


def _check_teacher(
    sheet: Sheet, row: dict[str, Any], known: Mapping[str, Any], names: dict[str, tuple[str, int]], today: date
) -> None:
    number, name, at = row["number"], row["name"], row["row"]
    if not number:
        return
    if number == files.EXAMPLE:
        sheet.mark(at, "身份证号", reason("example", _("This is the example of the template; delete the row.")))
    for wrong in person_rules.reasons_against_number(number, today):
        sheet.mark(at, "身份证号", wrong)
    if number in known and not person_rules.same_name(known[number].name, name):
        text = _("This number is registered with another name; check the card.")
        sheet.mark(at, "姓名", reason("name-differs", text, "N3.1"))
    first, row_of = names.setdefault(number, (name, at))
    if not person_rules.same_name(first, name):
        sheet.mark(at, "姓名", reason("two-names", _("Row {row} has another name for this number."), row=row_of))


@transaction.atomic
def import_teachers(*, by: "Account", institution_id: int, content: bytes, now: datetime) -> int:
    """File the teachers of a file without a wrong cell; those on file get the further certificate. How many are new."""
    one = _own(by, institution_id)
    sheet = preview_teachers(by=by, institution_id=institution_id, content=content, today=localdate(now))
    refuse_wrong(sheet)
    drafts = {
        row["number"]: persons.Draft(row["name"], row["number"], region_code=one.region_code) for row in sheet.rows
    }
    people = dict(zip(drafts, persons.register_many(by=by, drafts=list(drafts.values()), now=now), strict=True))
    teachers = {row.person_id: row for row in Teacher.objects.filter(institution=one, person__in=people.values())}
    first = {row["number"]: row for row in reversed(sheet.rows)}
    made = Teacher.objects.bulk_create(
        Teacher(
            institution=one, person=person, is_full_time=first[number]["engaged"] == "full",
            experience_years=first[number]["years"] or 0,
        )
        for number, person in people.items()
        if person.pk not in teachers
    )  # fmt: skip
    teachers |= {row.person_id: row for row in made}
    Qualification.objects.bulk_create(
        Qualification(
            teacher=teachers[people[row["number"]].pk], occupation=row["occupation_row"], level=row["level"],
            certificate_number=row["certificate"], expires_on=row["expires_on"] or None,
        )
        for row in sheet.rows
    )  # fmt: skip
    _record(TEACHERS, one, by=by, at=now, rows=len(sheet.rows), people=len(made), file=sheet.digest)
    return len(made)


def preview_rooms(*, by: "Account", institution_id: int, content: bytes) -> Sheet:
    """Read a file of rooms and equipment; every wrong cell is marked, and nothing is written (N2.2)."""
    one = queries.get(by, institution_id)
    authorise(by, Permission.INSTITUTION_APPLY, institution_id=one.pk)
    sheet = read(content, files.ROOMS, max_rows=MOST_ROWS)
    refuse_taken(taken_at(one, ROOMS, sheet.digest))
    sites = {site.name: site.address for site in one.sites.all()}
    rooms = {(room.site.name, room.name): (room.kind, room.seats, 0) for room in queries.rooms_of(one.pk)}
    filed = queries.equipment_filed(one.pk)
    for row in sheet.rows:
        at, site = row["row"], row["site"]
        if site and site not in sites:
            if row["address"]:
                sites[site] = row["address"]
            else:
                text = _("No site “{name}” is filed; give its address to file it.")
                sheet.mark(at, "教学点地址", reason("no-address", text, name=site))
        kind, seats, row_of = rooms.setdefault((site, row["room"]), (row["kind"], row["seats"], at))
        if row["kind"] and row["seats"] and (kind, seats) != (row["kind"], row["seats"]):
            text = _("The room has another kind or number of seats in row {row}.")
            if not row_of:
                text = _("The room is on file with another kind or number of seats.")
            sheet.mark(at, "座位数", reason("room-differs", text, row=row_of))
        if row["equipment"] and not row["quantity"]:
            sheet.mark(at, "设备数量", reason("no-quantity", _("Say how many of it there are.")))
        if (row["quantity"] or row["work_stations"]) and not row["equipment"]:
            sheet.mark(at, "设备名称", reason("no-equipment-name", _("Name the equipment.")))
        if row["equipment"] and (site, row["room"], row["equipment"]) in filed:
            text = _("The room has “{name}” on file already.")
            sheet.mark(at, "设备名称", reason("equipment-known", text, name=row["equipment"]))
        filed.add((site, row["room"], row["equipment"]))
    return sheet


@transaction.atomic
def import_rooms(*, by: "Account", institution_id: int, content: bytes, now: datetime) -> int:
    """File the sites, rooms and equipment of a file without a wrong cell; gives how many rooms are new."""
    one = _own(by, institution_id)
    sheet = preview_rooms(by=by, institution_id=institution_id, content=content)
    refuse_wrong(sheet)
    sites = {site.name: site for site in one.sites.all()}
    for row in sheet.rows:
        if row["site"] not in sites:
            sites[row["site"]] = Site.objects.create(
                institution=one, name=row["site"], address=row["address"], region_code=one.region_code
            )
    rooms = {(room.site.name, room.name): room for room in queries.rooms_of(one.pk)}
    new = {(row["site"], row["room"]): row for row in sheet.rows if (row["site"], row["room"]) not in rooms}
    made = Room.objects.bulk_create(
        Room(site=sites[site], name=name, kind=row["kind"], seats=row["seats"]) for (site, name), row in new.items()
    )
    rooms |= dict(zip(new, made, strict=True))
    Equipment.objects.bulk_create(
        Equipment(
            room=rooms[row["site"], row["room"]], name=row["equipment"], quantity=row["quantity"],
            work_stations=row["work_stations"] or 0,
        )
        for row in sheet.rows
        if row["equipment"]
    )  # fmt: skip
    _record(ROOMS, one, by=by, at=now, rows=len(sheet.rows), rooms=len(made), file=sheet.digest)
    return len(made)


def preview(what: str, *, by: "Account", institution: Institution, content: bytes, now: datetime) -> Sheet:
    if what == "teachers":
        return preview_teachers(by=by, institution_id=institution.pk, content=content, today=localdate(now))
    return preview_rooms(by=by, institution_id=institution.pk, content=content)
