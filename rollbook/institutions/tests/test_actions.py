"""From a public form to the directory, and out of it; each deed, and each refusal that changes nothing."""

import zipfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import OccupationFactory, load_terms
from rollbook.institutions import actions, queries
from rollbook.institutions.models import Institution, Paper, Restriction, Room, SiteVisit, Teacher, VisitPhoto
from rollbook.institutions.rules import CHECKLIST, REQUIRED_PAPERS
from rollbook.institutions.tests.factories import InstitutionFactory, equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
BEGIN = {
    "name": "江宁焊接培训学校", "uscc": "91350100M000100Y43", "kind": "private-school", "region_code": "320102",
    "address": "北京东路 1 号", "username": "manager-1", "password": "long enough", "manager": "钱经理", "now": NOW,
}  # fmt: skip
PDF = b"%PDF-1.4 a licence"


@pytest.fixture(autouse=True)
def terms(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    load_terms(class_min=2)


@pytest.fixture
def own():
    """An institution in preparation, by its manager."""
    institution, manager = actions.start_application(**BEGIN)
    return {"by": manager, "institution_id": institution.pk, "now": NOW}


@pytest.fixture
def office():
    return {
        "first": AccountFactory(role=Role.COUNTY_REVIEWER),
        "second": AccountFactory(role=Role.COUNTY_SECOND_REVIEWER),
    }


def codes(caught):
    return [one.code for one in caught.value.reasons]


def photo(shade=0):
    buffer = BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 120)).save(buffer, "JPEG")
    return buffer.getvalue()


def complete(own):
    """Everything that an application asks for (N2.2, N10.1)."""
    occupation = OccupationFactory()
    site = actions.add_site(**own, name="本部", address="北京东路 1 号")
    room = actions.add_room(**own, site_id=site.pk, name="101", kind="workshop", seats=40)
    actions.add_equipment(**own, room_id=room.pk, name="焊机", quantity=20, work_stations=20)
    for n in range(2):
        actions.add_teacher(
            **own, name=f"师傅{n}", number=number(300 + n), is_full_time=True, experience_years=10,
            occupation_id=occupation.pk, level="2", certificate_number=f"Y{n}", expires_on=None,
        )  # fmt: skip
    for kind in REQUIRED_PAPERS:
        actions.add_paper(
            **own, kind=kind, number="1", valid_from=date(2025, 1, 1), valid_until=date(2028, 1, 1), content=PDF
        )
    return actions.ask_project(**own, occupation_id=occupation.pk, level="4")


def visited(own, office, **changes):
    values = {
        "by": office["first"], "institution_id": own["institution_id"], "second_officer_id": office["second"].pk,
        "checklist": dict.fromkeys(CHECKLIST, True), "conclusion": "一致", "photos": [photo()], "now": NOW,
    }  # fmt: skip
    return actions.record_visit(**values | changes)


def listed(own, office):
    project = complete(own)
    actions.submit_application(**own)
    visit = visited(own, office)
    actions.confirm_visit(by=office["second"], visit_id=visit.pk, now=NOW)
    return actions.approve_institution(
        by=office["second"], institution_id=own["institution_id"], project_ids=[project.pk], now=NOW
    )


def test_anyone_may_begin(own):
    """N2.1: an institution in preparation and its manager's account, and nobody sees it in public."""
    one = Institution.objects.get()
    assert (one.state, own["by"].role, own["by"].institution_id) == ("draft", Role.INSTITUTION_MANAGER, one.pk)
    assert not queries.listed().exists()
    assert "jiangning" in one.pinyin


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"uscc": "91350100M000100Y44"}, ["uscc-check"]),
        ({"username": "other", "name": "另一家"}, ["institution-known"]),  # the same code
        ({"username": "other", "uscc": "92350100M000100Y42"}, None),
    ],
)
def test_a_wrong_or_known_institution_does_not_begin(own, change, expected):
    accounts = Account.objects.count()
    with pytest.raises(Refused) as caught:
        actions.start_application(**BEGIN | change)
    assert expected is None or codes(caught) == expected
    assert (Institution.objects.count(), Account.objects.count()) == (1, accounts)


def test_the_whole_way_into_the_directory(own, office):
    """N2.1, N2.2, N4.4, N10.1: filed, seen by two officers, listed with the projects that were ticked."""
    one = listed(own, office)
    one.refresh_from_db()
    assert (one.state, one.listed_at) == ("listed", NOW)
    assert [project.level for project in queries.projects_of(one.pk, NOW.date())] == ["4"]
    assert list(queries.listed()) == [one]
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"institution.started", "institution.applied", "institution.visited", "institution.visit-confirmed",
            "institution.approved"} <= kinds  # fmt: skip


def test_an_incomplete_application_is_refused_with_all_reasons(own):
    with pytest.raises(Refused) as caught:
        actions.submit_application(**own)
    assert codes(caught) == ["no-rooms", "no-equipment", "no-projects", *["paper-missing"] * 4]
    assert Institution.objects.get().state == "draft"
    assert not Entry.objects.filter(kind="institution.applied").exists()


def test_a_project_that_is_not_ticked_is_refused(own, office):
    complete(own)
    actions.submit_application(**own)
    visit = visited(own, office)
    actions.confirm_visit(by=office["second"], visit_id=visit.pk, now=NOW)
    one = actions.approve_institution(
        by=office["second"], institution_id=own["institution_id"], project_ids=[], now=NOW
    )
    assert list(one.projects.values_list("state", flat=True)) == ["refused"]
    later = actions.ask_project(**own, occupation_id=OccupationFactory().pk, level="4")
    actions.decide_projects(by=office["second"], institution_id=one.pk, project_ids=[later.pk], now=NOW)
    assert queries.projects_of(one.pk, NOW.date()).count() == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"second_officer_id": 0}, ["second-officer"]),
        ({"second_officer_id": "self"}, ["second-officer"]),
        ({"second_officer_id": "elsewhere"}, ["second-officer"]),
        ({"second_officer_id": "finance"}, ["second-officer"]),
        ({"photos": []}, ["no-photos"]),
        ({"photos": [photo(), b"MZ not a picture"]}, ["file-kind"]),
        ({"photos": [photo(), PDF]}, ["file-kind"]),
        ({"photos": [photo(), photo()]}, ["photo-again"]),
    ],
)
def test_a_visit_needs_two_officers_and_photographs(own, office, settings, change, expected):
    """N4.4: and a refused visit leaves no row, no state, no file."""
    complete(own)
    actions.submit_application(**own)
    other = {
        "self": office["first"],
        "elsewhere": AccountFactory(role=Role.COUNTY_SECOND_REVIEWER, region_code="320583"),
        "finance": AccountFactory(role=Role.COUNTY_FINANCE),
    }.get(change.get("second_officer_id"))
    files = sorted(settings.MEDIA_ROOT.rglob("*.*"))
    with pytest.raises(Refused) as caught:
        visited(own, office, **change | ({"second_officer_id": other.pk} if other else {}))
    assert codes(caught) == expected
    assert (SiteVisit.objects.count(), Institution.objects.get().state) == (0, "applied")
    assert sorted(settings.MEDIA_ROOT.rglob("*.*")) == files


def test_a_photograph_is_used_once_in_the_province(own, office):
    """A picture of another visit proves nothing (domain 5)."""
    complete(own)
    actions.submit_application(**own)
    visited(own, office)
    with pytest.raises(Refused) as caught:
        visited(own, office)
    assert codes(caught) == ["photo-again"]
    assert SiteVisit.objects.count() == 1
    assert VisitPhoto.objects.get().item.kind == "photo"


def test_the_database_wants_two_officers(own, office):
    with pytest.raises(IntegrityError), transaction.atomic():
        SiteVisit.objects.create(
            institution_id=own["institution_id"], visited_at=NOW, first_officer=office["first"],
            second_officer=office["first"], passed=True,
        )  # fmt: skip


def test_only_the_second_officer_confirms(own, office):
    complete(own)
    actions.submit_application(**own)
    visit = visited(own, office)
    for by in (office["first"], AccountFactory(role=Role.COUNTY_SECOND_REVIEWER)):
        with pytest.raises(NotFound):
            actions.confirm_visit(by=by, visit_id=visit.pk, now=NOW)
    with pytest.raises(Refused) as caught:
        actions.approve_institution(by=office["second"], institution_id=own["institution_id"], project_ids=[], now=NOW)
    assert codes(caught) == ["visit-unconfirmed"]


def test_what_was_not_in_order_is_not_listed(own, office):
    complete(own)
    actions.submit_application(**own)
    visit = visited(own, office, checklist={**dict.fromkeys(CHECKLIST, True), "fire": False})
    actions.confirm_visit(by=office["second"], visit_id=visit.pk, now=NOW)
    with pytest.raises(Refused) as caught:
        actions.approve_institution(by=office["second"], institution_id=own["institution_id"], project_ids=[], now=NOW)
    assert codes(caught) == ["visit-failed"]
    again = visited(own, office, photos=[photo(200)], now=NOW + timedelta(1))
    actions.confirm_visit(by=office["second"], visit_id=again.pk, now=NOW + timedelta(1))
    actions.approve_institution(by=office["second"], institution_id=own["institution_id"], project_ids=[], now=NOW)
    assert Institution.objects.get().state == "listed"


def test_returned_mended_and_refused(own, office):
    complete(own)
    actions.submit_application(**own)
    actions.return_application(by=office["first"], institution_id=own["institution_id"], why="缺消防材料", now=NOW)
    assert Institution.objects.get().state == "draft"
    actions.submit_application(**own)
    actions.refuse_institution(by=office["second"], institution_id=own["institution_id"], why="不符合条件", now=NOW)
    assert Institution.objects.get().state == "refused"
    assert Entry.objects.get(kind="institution.refused").data["why"] == "不符合条件"


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", b"<html>", b"MZ\x90", b"\x89PNG\r\n\x1a\nno picture", b"GIF89a"],
)
def test_a_paper_is_a_pdf_or_a_picture(own, settings, content):
    """N2.2: whatever the name says, and nothing is stored."""
    with pytest.raises(Refused) as caught:
        actions.add_paper(
            **own, kind="fire", number="1", valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1), content=content
        )
    assert codes(caught) == ["file-kind"]
    assert (Paper.objects.count(), list(settings.MEDIA_ROOT.rglob("*.*"))) == (0, [])


def test_a_flood_of_pixels_and_a_huge_file_are_not_opened(own):
    flood = BytesIO()
    Image.new("1", (12_000, 12_000)).save(flood, "PNG")
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"0" * 10_000_000)
    for content, code in (
        (flood.getvalue(), "too-many-pixels"), (bomb.getvalue(), "file-kind"), (PDF + b"0" * 11_000_000, "file-too-large"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            actions.add_paper(
                **own, kind="fire", number="1", valid_from=date(2026, 1, 1), valid_until=date(2027, 1, 1),
                content=content,
            )  # fmt: skip
        assert codes(caught) == [code]


@pytest.mark.parametrize("days", [0, -1])
def test_a_paper_ends_after_it_begins(own, days):
    begins = date(2026, 1, 1)
    with pytest.raises(Refused) as caught:
        actions.add_paper(
            **own, kind="fire", number="1", valid_from=begins, valid_until=begins + timedelta(days), content=PDF
        )
    assert codes(caught) == ["paper-dates"]


def test_nothing_is_filed_for_another(own):
    other = equipped()
    with pytest.raises(NotFound):
        actions.add_site(by=own["by"], institution_id=other.pk, name="b", address="b", now=NOW)
    foreign = Room.objects.filter(site__institution=other).first()
    with pytest.raises(NotFound):
        actions.add_equipment(**own, room_id=foreign.pk, name="焊机", quantity=1, work_stations=1)
    with pytest.raises(NotFound):
        actions.add_room(**own, site_id=foreign.site_id, name="x", kind="workshop", seats=1)


def test_a_room_and_a_project_once(own):
    project = complete(own)
    site = Institution.objects.get().sites.get()
    with pytest.raises(Refused) as caught:
        actions.add_room(**own, site_id=site.pk, name="101", kind="workshop", seats=9)
    assert codes(caught) == ["room-known"]
    with pytest.raises(Refused) as caught:
        actions.ask_project(**own, occupation_id=project.occupation_id, level="4")
    assert codes(caught) == ["project-known"]


def test_a_further_certificate_of_the_same_teacher_is_no_further_teacher(own):
    complete(own)
    actions.add_teacher(
        **own, name="师傅0", number=number(300), is_full_time=True, experience_years=10,
        occupation_id=OccupationFactory(code="6-18-01-01", name="车工").pk, level="3", certificate_number="Y9",
        expires_on=None,
    )  # fmt: skip
    assert Teacher.objects.count() == 2
    assert Teacher.objects.order_by("pk").first().qualifications.count() == 2


@pytest.mark.parametrize("role", [Role.COUNTY_FINANCE, Role.AUDITOR, Role.COUNTY_REVIEWER])
def test_only_who_may_approves(own, office, role):
    """N14.1: the officer who verified does not enter in the directory."""
    complete(own)
    actions.submit_application(**own)
    visit = visited(own, office)
    actions.confirm_visit(by=office["second"], visit_id=visit.pk, now=NOW)
    with pytest.raises(Forbidden):
        actions.approve_institution(
            by=AccountFactory(role=role), institution_id=own["institution_id"], project_ids=[], now=NOW
        )
    assert Institution.objects.get().state == "verified"


@pytest.mark.parametrize(
    ("ground", "ends_on", "code"), [(" ", None, "ground"), ("整改", date(2026, 3, 1), "ends-before")]
)
def test_a_restriction_has_a_ground_and_a_future(office, ground, ends_on, code):
    one = InstitutionFactory()
    with pytest.raises(Refused) as caught:
        actions.restrict(by=office["second"], institution_id=one.pk, ground=ground, ends_on=ends_on, now=NOW)
    assert (codes(caught), Restriction.objects.count()) == ([code], 0)


def test_a_restriction_ends_by_itself(office):
    one = InstitutionFactory()
    actions.restrict(by=office["second"], institution_id=one.pk, ground="整改", ends_on=date(2026, 3, 9), now=NOW)
    assert queries.restrictions_on(one.pk, date(2026, 3, 9))
    assert not queries.restrictions_on(one.pk, date(2026, 3, 10))
