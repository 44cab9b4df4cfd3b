"""Teachers and rooms by the file: who and what is new, what is on file already, what does not agree (N2.2, N10.1)."""

from datetime import UTC, date, datetime

import pytest

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import OccupationFactory
from rollbook.institutions import actions
from rollbook.institutions.actions.imports import preview_rooms, preview_teachers
from rollbook.institutions.files import ROOMS, TEACHERS
from rollbook.institutions.models import Equipment, Qualification, Room, Site, Teacher
from rollbook.institutions.tests.factories import InstitutionFactory, RoomFactory, SiteFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, Refused
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TEACHER = {
    "name": "王建国", "number": number(700), "engaged": "专职", "years": "8", "code": "6-18-02-04", "occupation": "焊工",
    "level": "高级", "certificate": "S1", "expires_on": "2029年3月1日",
}  # fmt: skip
ROOM = {
    "site": "本部", "room": "101", "kind": "实训车间", "seats": "40", "equipment": "弧焊机", "quantity": "20",
    "work_stations": "18",
}  # fmt: skip


@pytest.fixture
def school():
    OccupationFactory(code="6-18-02-04", name="焊工")
    return InstitutionFactory()


@pytest.fixture
def manager(school):
    return AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=school.pk)


def csv(columns, good, *rows):
    lines = [[one.header for one in columns], *([{**good, **row}.get(one.key, "") for one in columns] for row in rows)]
    return "\n".join(",".join(line) for line in lines).encode()


def wrong(sheet):
    return [(one.row, one.column, one.message.code) for one in sheet.wrong]


def test_teachers_come_once_each_with_all_their_certificates(manager, school):
    OccupationFactory(code="6-18-01-01", name="车工")
    content = csv(
        TEACHERS, TEACHER, {}, {"certificate": "S2", "code": "6-18-01-01", "occupation": "", "expires_on": ""},
        {"number": number(701), "name": "李梅", "engaged": "兼职", "years": "", "certificate": "S3"},
    )  # fmt: skip
    assert actions.import_teachers(by=manager, institution_id=school.pk, content=content, now=NOW) == 2
    first, second = Teacher.objects.order_by("pk")
    assert (first.person.name, first.is_full_time, first.experience_years) == ("王建国", True, 8)
    assert (second.person.name, second.is_full_time, second.experience_years) == ("李梅", False, 0)
    held = list(Qualification.objects.order_by("pk").values_list("teacher", "occupation__name", "level", "expires_on"))
    assert held == [
        (first.pk, "焊工", "3", date(2029, 3, 1)), (first.pk, "车工", "3", None), (second.pk, "焊工", "3", date(2029, 3, 1)),
    ]  # fmt: skip
    entry = Entry.objects.get(kind="institution.teachers-imported")
    assert (entry.data["rows"], entry.data["people"], entry.institution_id) == (3, 2, school.pk)


def test_who_is_on_file_gets_the_further_certificate(manager, school):
    actions.import_teachers(by=manager, institution_id=school.pk, content=csv(TEACHERS, TEACHER, {}), now=NOW)
    content = csv(TEACHERS, TEACHER, {"certificate": "S2", "level": "技师"})
    assert actions.import_teachers(by=manager, institution_id=school.pk, content=content, now=NOW) == 0
    assert Teacher.objects.get().qualifications.count() == 2
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"number": "32010219900101001X"}, ("身份证号", "id-check-digit")),
        ({"number": "11010519491231002X"}, ("身份证号", "example")),
        ({"engaged": "临时"}, ("聘用形式", "bad-choice")),
        ({"years": "八"}, ("从业年限", "bad-number")),
        ({"years": "61"}, ("从业年限", "bad-number")),
        ({"code": "9-99-99-99"}, ("职业编码", "no-occupation")),
        ({"occupation": "车工"}, ("职业编码", "no-occupation")),
        ({"level": "特级"}, ("等级", "bad-choice")),
        ({"certificate": ""}, ("证书编号", "missing")),
        ({"expires_on": "2026-02-30"}, ("有效期至", "bad-date")),
        ({"expires_on": "2026-03-01"}, ("有效期至", "expired")),
    ],
)
def test_each_wrong_cell_of_a_teacher_is_told(manager, school, changes, told):
    content = csv(TEACHERS, TEACHER, {}, {"certificate": "S2", **changes})
    sheet = preview_teachers(by=manager, institution_id=school.pk, content=content, today=NOW.date())
    assert (3, *told) in wrong(sheet)
    with pytest.raises(Refused):
        actions.import_teachers(by=manager, institution_id=school.pk, content=content, now=NOW)
    assert not Teacher.objects.exists()
    assert not Person.objects.exists()


def test_two_names_for_one_number_and_the_same_certificate_twice(manager, school):
    content = csv(TEACHERS, TEACHER, {}, {"name": "王建军"})
    sheet = preview_teachers(by=manager, institution_id=school.pk, content=content, today=NOW.date())
    assert wrong(sheet) == [(3, "姓名", "two-names"), (3, "证书编号", "twice")]


def test_rooms_come_once_each_with_their_equipment(manager, school):
    SiteFactory(institution=school, name="本部")
    content = csv(
        ROOMS, ROOM, {}, {"equipment": "切割机", "quantity": "5", "work_stations": ""},
        {"site": "城东", "address": "栖霞区 1 号", "equipment": "", "quantity": "", "work_stations": "", "kind": "教室"},
    )  # fmt: skip
    assert actions.import_rooms(by=manager, institution_id=school.pk, content=content, now=NOW) == 2
    assert list(Site.objects.order_by("pk").values_list("name", "address"))[1] == ("城东", "栖霞区 1 号")
    assert list(Room.objects.order_by("pk").values_list("site__name", "kind", "seats")) == [
        ("本部", "workshop", 40), ("城东", "classroom", 40),
    ]  # fmt: skip
    held = list(Equipment.objects.order_by("pk").values_list("room__name", "name", "quantity", "work_stations"))
    assert held == [("101", "弧焊机", 20, 18), ("101", "切割机", 5, 0)]


def test_a_room_on_file_takes_further_equipment_but_no_other_seats(manager, school):
    room = RoomFactory(site=SiteFactory(institution=school, name="本部"), name="101", kind="workshop", seats=40)
    actions.import_rooms(by=manager, institution_id=school.pk, content=csv(ROOMS, ROOM, {}), now=NOW)
    assert Room.objects.get() == room
    content = csv(ROOMS, ROOM, {}, {"equipment": "切割机", "seats": "41"})
    sheet = preview_rooms(by=manager, institution_id=school.pk, content=content)
    assert wrong(sheet) == [(2, "设备名称", "equipment-known"), (3, "座位数", "room-differs")]
    with pytest.raises(Refused):
        actions.import_rooms(by=manager, institution_id=school.pk, content=content, now=NOW)
    assert Equipment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"site": "城东"}, ("教学点地址", "no-address")),
        ({"quantity": ""}, ("设备数量", "no-quantity")),
        ({"equipment": ""}, ("设备名称", "no-equipment-name")),
        ({"seats": "0"}, ("座位数", "bad-number")),
        ({"kind": "操场"}, ("教室类型", "bad-choice")),
    ],
)
def test_each_wrong_cell_of_a_room_is_told(manager, school, changes, told):
    SiteFactory(institution=school, name="本部")
    content = csv(ROOMS, ROOM, {"room": "102", **changes})
    sheet = preview_rooms(by=manager, institution_id=school.pk, content=content)
    assert (2, *told) in wrong(sheet)


def test_an_office_files_nothing_for_an_institution(school):
    officer = AccountFactory(role=Role.COUNTY_REVIEWER, region_code=school.region_code)
    with pytest.raises(Forbidden):
        actions.import_teachers(by=officer, institution_id=school.pk, content=csv(TEACHERS, TEACHER, {}), now=NOW)
    assert not Teacher.objects.exists()
