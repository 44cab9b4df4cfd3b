"""What an officer sees drawn of an alert, each picture with the same as a table (N3.6)."""

import json
import re
from datetime import timedelta
from hashlib import md5
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange.models import Fact
from rollbook.exchange.tests.factories import delivered
from rollbook.institutions.tests.factories import InstitutionFactory, RoomFactory, SiteFactory, TeacherFactory
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import PersonFactory
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Run
from rollbook.risk.queries.screening import Group
from rollbook.risk.rules import wanted
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests.factories import NOW, payee, reviewed
from rollbook.subsidies.tests.factories import claims as filed

pytestmark = pytest.mark.django_db
SITE = (32.06, 118.80)
METRE = 1 / 111_195  # of latitude, in degrees


@pytest.fixture
def klass(settings):
    settings.DEMO = True  # no second factor
    load_terms()
    return ClassFactory(region_code="320102", state="running")


@pytest.fixture
def lesson(klass):
    site = SiteFactory(institution=klass.institution, latitude=SITE[0], longitude=SITE[1])
    teacher = TeacherFactory(institution=klass.institution)
    return LessonFactory(training_class=klass, teacher=teacher, room=RoomFactory(site=site))


def found(code, subject_id, rows):
    run = Run.objects.create(kind="night", engine="duckdb", started_at=NOW)
    one = DETECTORS[code]
    with transaction.atomic():
        file(run, one, wanted({}, one), {}, [Group(subject_id, rows, len(rows), str(subject_id))], NOW)
    return Alert.objects.order_by("pk").last()


def check_in(lesson, enrolment, metres=0.0, minutes=0, **other):
    Attendance.objects.get_or_create(lesson=lesson, enrolment=enrolment, defaults={"presence": "present"})
    row = {"direction": "in", "means": "code", "latitude": SITE[0] + metres * METRE, "longitude": SITE[1]}
    at = lesson.starts_at + timedelta(minutes=minutes)
    more = {"event_id": uuid4(), "held_on": lesson.starts_at.date(), "happened_at": at, "received_at": at}
    return CheckIn.objects.create(lesson=lesson, enrolment=enrolment, **{**row, **more, **other})


def pictures(client, alert):
    """What the page draws, by kind, and the page itself."""
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER, region_code="320102"))
    client.cookies["django_language"] = "en"
    answer = client.get(reverse("risk:alert_detail", args=[alert.pk]))
    assert answer.status_code == 200, answer
    page = answer.content.decode()
    data = json.loads(re.search(r'<script id="pictures"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert page.count("data-picture=") == page.count("The same as a table") == len(data)
    return {one["kind"]: one for one in data}, page


THIN = {"day": "2026-03-02", "people": 3, "roster": 9, "share": 33}
OUTSIDE = {"count": 3, "metres": 900, "people": 2}


def test_the_map_is_to_scale_around_the_site_with_its_fence(client, klass, lesson):
    """N4.1: who was within, who was outside even by the inaccuracy, and whose position is made up."""
    one, two = EnrolmentFactory.create_batch(2, training_class=klass)
    check_in(lesson, one, 20, accuracy=10, minutes=-1)
    check_in(lesson, two, 210, accuracy=15)
    check_in(lesson, two, -900, accuracy=10, minutes=1)
    check_in(lesson, one, 30, is_mock=True, set_aside="mock-position", minutes=2)
    check_in(lesson, one, 90_000, accuracy=10, minutes=3)
    drawn, page = pictures(client, found("D39", klass.pk, [OUTSIDE]))
    shown = drawn["map"]
    assert shown["fence"] == 200
    assert {one["name"]: one["points"] for one in shown["groups"]} == {
        "Within the fence": [[0, 210], [0, 20]], "Outside the fence": [[0, -900]], "Made up, says the phone": [[0, 30]],
    }  # fmt: skip
    assert shown["edge"] == 1000
    assert "1 lie farther than 4000 m and only in the table." in page
    assert "<td>90000</td>" in page
    assert two.person.name in page


def test_without_a_place_of_the_site_there_is_no_fence(client, klass, lesson):
    type(lesson.room.site).objects.update(latitude=None, longitude=None)
    alert = found("D39", klass.pk, [OUTSIDE])
    assert "map" not in pictures(client, alert)[0], "nobody gave a position yet"
    check_in(lesson, EnrolmentFactory(training_class=klass), 500)
    drawn, page = pictures(client, alert)
    assert (drawn["map"]["fence"], drawn["map"]["site"]) == (0, "")
    assert [one["name"] for one in drawn["map"]["groups"]] == ["Place of the site not known"]
    assert "The site has no place on file" in page


def test_the_measure_stands_among_its_peers_with_the_limit(client, klass):
    """N3.6: what the officer's region has open of the same detector; not another county's and not what is closed."""
    for n, share in enumerate((10, 21, 22, 38)):
        found(
            "D44",
            ClassFactory(item=klass.item, region_code="320102", state="running").pk,
            [{**THIN, "share": share, "people": n}],
        )
    found("D44", ClassFactory(item=klass.item, region_code="320583", state="running").pk, [{**THIN, "share": 11}])
    drawn, page = pictures(client, found("D44", klass.pk, [{**THIN, "share": 33}, {**THIN, "share": 20}]))
    shown = drawn["histogram"]
    limit = DETECTORS["D44"].defaults()["share"]
    assert shown["limit"] == limit
    assert limit in {low for low, _high, *_counts in shown["bins"]} | {shown["bins"][-1][1]}
    bins = [(other, own) for low, high, other, own in shown["bins"] if other or own]
    assert (sum(other for other, _own in bins), sum(own for _other, own in bins)) == (4, 1)
    assert [low <= 20 < high for low, high, _other, own in shown["bins"] if own] == [True], "the strongest row"
    assert f"Found below {limit}." in page


def test_alone_a_measure_has_no_peers(client, klass):
    assert "histogram" not in pictures(client, found("D44", klass.pk, [THIN]))[0]


def tied(shown):
    """The links of a graph, by the names of their ends."""
    return [(shown["nodes"][one]["name"], said, shown["nodes"][other]["name"]) for one, other, said in shown["links"]]


def test_the_path_to_a_related_institution_goes_over_the_company_in_between(client, klass):
    """D74: a person of both, then a company's phone; whom the register does not name is a short digest."""
    firm, unknown = md5(b"91320100MA1N0000X0", usedforsecurity=False).hexdigest(), "e" * 32
    person, other = PersonFactory(name="周明"), InstitutionFactory(name="江北职校")
    batch = delivered("320100")
    Fact.objects.create(
        batch=batch, source=batch.source, feed="companies", as_of=NOW.date(),
        subject="91320100MA1N0000X0", data={"title": "宁海实业有限公司"},
    )  # fmt: skip
    pair = {"other_institution_id": other.pk}
    rows = [
        {"kind": "person", "value": str(person.pk), "over": f"company:{firm}", "second": "phone", **pair},
        {"kind": "phone", "value": "d" * 64, "over": "", "second": "", **pair},
        {"kind": "company", "value": firm, "over": f"company:{firm}", "second": "account", **pair},
        {"kind": "address", "value": "a" * 32, "over": f"company:{unknown}", "second": "agent", **pair},
    ]
    drawn, page = pictures(client, found("D74", klass.institution_id, rows))
    here = klass.institution.name
    assert tied(drawn["graph"]) == [
        (here, "person", "周明"), ("周明", "", "宁海实业有限公司"), ("宁海实业有限公司", "phone", "江北职校"),
        (here, "phone", "phone dddddddd…"), ("phone dddddddd…", "phone", "江北职校"),
        (here, "its company", "宁海实业有限公司"), ("宁海实业有限公司", "bank account", "江北职校"),
        (here, "address", "address aaaaaaaa…"), ("address aaaaaaaa…", "", "Company eeeeeeee…"), ("Company eeeeeeee…", "agent", "江北职校"),
    ]  # fmt: skip
    columns = {one["name"]: one["x"] for one in drawn["graph"]["nodes"]}
    assert (columns[here], columns["江北职校"]) == (0, 1)
    assert columns["周明"] < columns["Company eeeeeeee…"] < 1
    for long in (firm, unknown, "d" * 9, "company:"):
        assert long not in page
    assert page.count("宁海实业有限公司") >= 4, "in the rows of evidence too"


def test_people_of_a_removed_body_stand_between_it_and_the_new_one(client, klass):
    person, gone = PersonFactory(name="钱进"), InstitutionFactory(name="旧校")
    rows = [{"person_id": person.pk, "role": "director", "other_institution_id": gone.pk}]
    shown = pictures(client, found("D80", klass.institution_id, rows))[0]["graph"]
    assert tied(shown) == [(klass.institution.name, "director", "钱进"), ("钱进", "", "旧校")]


def test_who_shares_a_phone_an_account_or_a_device_is_drawn(client, klass, lesson):
    """D25, D26, D30: those of the class by name, the others by their number."""
    same = {"phone_digest": "f" * 64, "bank_digest": "b" * 64}
    people = [PersonFactory(name=name, **same) for name in ("吴一", "吴二", "吴二")]
    for person in people:
        check_in(lesson, EnrolmentFactory(training_class=klass, person=person), device="ab12cd34ef56")
    EnrolmentFactory(training_class=klass, person__name="郑五")
    day = str(lesson.starts_at.date())
    found("D30", klass.pk, [{"day": day, "people": 3, "device": "ab12cd34ef56"}])
    alert = found("D25", klass.pk, [{"people": 3, "all_people": 5, "phone": "f" * 64}])
    drawn, page = pictures(client, alert)
    links = tied(drawn["graph"])
    for thing, others in (("phone ffffffff…", ["and 2 others"]), ("Device ab12cd34…", [])):
        ends = [other for one, _said, other in links if one == thing]
        assert len(ends) == 3 + len(others)
        assert ends[0] == "吴一"
        assert ends[3:] == others
        assert (klass.title, "", thing) in links
    assert "郑五" not in str(links)
    assert "f" * 9 not in page


def test_who_shares_the_account_of_a_claim_is_drawn(client, settings):
    """D26: an alert about claims is one of their class."""
    settings.DEMO = True
    claim, other = filed(2, persons=[payee(1, name="冯甲"), payee(2, name="冯乙")])
    Person.objects.update(bank_digest="b" * 64)
    alert = found("D26", claim.pk, [{"people": 2, "account": "b" * 64}])
    links = tied(pictures(client, alert)[0]["graph"])
    assert sorted(end for one, _said, end in links if one == "bank account bbbbbbbb…") == ["冯乙", "冯甲"]
    assert {claim.enrolment.training_class_id, other.enrolment.training_class_id} == {alert.training_class_id}


def test_what_happened_when_is_drawn_of_those_concerned(client, settings):
    """N3.6: lessons of the class, and the check-ins, claims and payments of whom the alert is about alone."""
    settings.DEMO = True
    claim, other = reviewed(2)
    [lesson] = claim.enrolment.training_class.lessons.all()
    for one in (claim, other):
        check_in(lesson, one.enrolment)
        check_in(lesson, one.enrolment, minutes=170, direction="out")
    Claim.objects.update(state="paid", paid_at=NOW + timedelta(9))
    rows = [
        {"day": "2026-03-02", "people": 2, "account": "b" * 64},
        {"day": "2026-03-05", "people": 2, "account": "b" * 64},
    ]
    shown, page = pictures(client, found("D26", claim.pk, rows))
    lanes = shown["timeline"]["lanes"]
    told = [(lanes[n], day, count) for day, n, count in shown["timeline"]["points"]]
    assert told == [
        ("Evidence · Day", "2026-03-02", 1), ("Evidence · Day", "2026-03-05", 1), ("Lessons", "2026-03-02", 1),
        ("Check-ins", "2026-03-02", 2), ("Claims filed", "2026-04-01", 1), ("Claims paid", "2026-04-10", 1),
    ]  # fmt: skip
    assert "of the 1 people concerned" in page


def test_of_a_class_as_a_whole_the_timeline_is_of_everybody(client, klass, lesson):
    for one in EnrolmentFactory.create_batch(3, training_class=klass):
        check_in(lesson, one)
    shown, page = pictures(client, found("D44", klass.pk, [THIN]))
    assert [count for _day, _lane, count in shown["timeline"]["points"]] == [1, 1, 3]
    assert "of the whole class" in page


def test_where_nothing_is_on_file_yet_the_page_opens_without_pictures(client, settings):
    """No terms, no lesson, no check-in, no other alert."""
    settings.DEMO = True
    alert = found("D39", ClassFactory(region_code="320102", state="running").pk, [OUTSIDE])
    assert pictures(client, alert)[0] == {}
