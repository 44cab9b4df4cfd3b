"""Detectors of which a column was never selected fire on what is kept, and not on a neighbour (N3.5, N12.3, N16.3)."""

from datetime import date, timedelta
from uuid import uuid4

import pyarrow as pa
import pytest

from rollbook.certificates.models import Certificate
from rollbook.classes import queries as classes
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.tests import scenes
from rollbook.classes.tests.factories import ClassFactory
from rollbook.classes.tests.scenes import another, running
from rollbook.database import engines
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.evidence.tests.pictures import photo
from rollbook.exchange.queries import catalogue
from rollbook.exchange.rules import Shape
from rollbook.exchange.tests.factories import contract, push, write_csv
from rollbook.exchange.tests.test_months import FIRM, drop, paid
from rollbook.institutions.models import Site
from rollbook.live.models import Camera, Recording
from rollbook.persons.models import Organisation, Person
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import number
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.queries import screening, sources
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db(transaction=True)


def read(name):
    """The rows of a table as the night reads them, and none of one that nothing fills."""
    parts = sources.batches(name) if name in sources.SOURCES else ()
    return pa.concat_tables([SHAPES[name].schema.to_pyarrow().empty_table(), *parts])


def found(*codes):
    """The subjects that these detectors find in what the system holds."""
    made = {}
    with screening.at_hand() as backend:
        tables = Tables(lambda name: engines.given(backend, name, read(name)))
        for code in codes:
            one = DETECTORS[code]
            groups = list(screening.found(backend, tables, one, one.defaults()))
            assert all(str(one.ground(row)) for group in groups for row in group.rows)
            made[code] = {group.subject_id for group in groups}
    return made


def filed(feed, rows, tmp_path):
    """A department sends facts; its columns by their keys."""
    contract(feed, matched_percent=100, changed_percent=100)
    heads = {one.key: one.header for one in Shape.of(catalogue()[feed]).fields}
    named = [{heads[key]: value for key, value in row.items()} for row in rows]
    return push(write_csv(tmp_path / f"{feed}.csv", named), source=f"s-{feed}", feed=feed)


def organisation(uscc, account=""):
    made = {"key_version": 1, "box": b"x", "document": "开户许可证", "bank_masked": "江苏银行 0001"} if account else {}
    return Organisation.objects.create(
        name=uscc,
        uscc=uscc,
        region_code="320102",
        bank_digest=digest(account) if account else "",
        created_at=f.NOW,
        **made,
    )


def test_an_account_of_somebody_else_or_of_the_institution(tmp_path):
    """D27 by the bank's answer, D28 by the account that the institution is paid on; D29 has the branch and the day."""
    mine, foreign, unasked, schools = claims = f.claims(4)
    f.owned(foreign.person, "mismatch")
    f.owned(unasked.person, "closed")
    organisation(schools.institution.uscc, "school")
    Person.objects.filter(pk=schools.person_id).update(bank_digest=digest("school"))
    assert found("D27", "D28") == {"D27": {foreign.pk}, "D28": {schools.pk}}
    assert mine in claims


def beside(claim, **values):
    """Another claim for the same training, paid to an institution."""
    given = {one.name for one in Claim._meta.fields} - {"id", "stage", "payee", "organisation", *values}
    to = organisation(f"91320000000000000{claim.pk % 10}")
    return Claim.objects.create(
        **{name: getattr(claim, name) for name in given}, payee="institution", organisation=to, **values
    )


def test_a_training_that_two_are_paid_for():
    """D115: the institution asks for the safety certificate of the same class; a living allowance may go beside it."""
    twice, once, _plain = f.claims(3)
    second = beside(twice, kind="safety")
    beside(once, kind="living")
    assert found("D115") == {"D115": {twice.pk, second.pk}}


def test_a_certificate_that_another_province_paid_for(tmp_path):
    """D116: by the number of the certificate and where it was paid, whatever the occupation is called there."""
    here, elsewhere, _plain = f.claims(3)
    rows = [
        {
            "identity": number(n), "name": claim.person.name, "reference": f"R{n}", "fund": "employment", "amount": "800",
            "paid_on": "2026-03-30", "region": region, "occupation": "",
            "certificate": Certificate.objects.get(enrolment=claim.enrolment).number,
        }
        for n, (claim, region) in enumerate([(here, here.region_code), (elsewhere, "440305")])
    ]  # fmt: skip
    for row, claim in zip(rows, (here, elsewhere), strict=True):
        Person.objects.filter(pk=claim.person_id).update(id_digest=digest(row["identity"]))
    filed("other-payments", rows, tmp_path)
    assert found("D116") == {"D116": {elsewhere.pk}}


def test_accounts_that_were_opened_together(tmp_path):
    """D29: eight of a class at one branch within two days, by the bank's feed; those of another on many days."""
    klass = ClassFactory(state="running", trainees=8)
    other = ClassFactory(state="running", trainees=8, item=klass.item)
    rows = []
    for n, enrolment in enumerate([*klass.enrolments.order_by("pk"), *other.enrolments.order_by("pk")]):
        account = f"62284800{n:011d}"
        Person.objects.filter(pk=enrolment.person_id).update(
            id_digest=digest(number(n)), bank_digest=digest(account), name=f"学员{n}"
        )
        opened = f"2026-01-0{1 + n % 2}" if n < 8 else f"2026-0{n - 7}-01"
        row = {"identity": number(n), "name": f"学员{n}", "account": account, "branch": "城南支行", "opened_on": opened}
        rows.append(row)
    filed("bank-accounts", rows, tmp_path)
    assert found("D29") == {"D29": {klass.pk}}


def test_where_and_how_long_a_lesson_was(tmp_path):
    """D39 and D51 by the distance to the lesson's site and the fence of its region, D65 by the minutes of the recording."""
    scene, good = running(trainees=3, lessons=1), another(trainees=3, lessons=1)
    here = {"longitude": 118.79, "latitude": 32.06}  # as the photograph has it
    for one in (scene, good):
        filed_at = here if one is good else {"longitude": 118.80, "latitude": 32.07}
        Site.objects.filter(pk=one.lesson.room.site_id).update(**filed_at)
        for enrolment in one.people:
            Attendance.objects.create(lesson=one.lesson, enrolment=enrolment)
            CheckIn.objects.create(
                event_id=uuid4(), held_on=one.lesson.starts_at.date(), lesson=one.lesson, enrolment=enrolment, direction="in",
                means="fence", happened_at=one.lesson.starts_at, received_at=one.lesson.starts_at, accuracy=20, **here,
            )  # fmt: skip
        for n in range(2):
            kept = classes.place_of(one.klass, one.lesson, Keep.FILE, scenes.ENDS)
            item = evidence.store(
                by=one.manager, kind=Kind.PHOTO, content=photo(n + 10 * one.klass.pk), place=kept, now=scenes.ENDS
            )
        camera = Camera.objects.create(
            room=one.lesson.room, institution=one.klass.institution, region_code="320102", name="前方",
            stream=f"room{one.klass.pk}", key_digest=str(one.klass.pk), registered_at=scenes.NOW, registered_by=one.county,
        )  # fmt: skip
        minutes = 60 if one is scene else 175
        Recording.objects.create(
            lesson=one.lesson, camera=camera, region_code="320102", item=item, begins_at=one.lesson.starts_at,
            ends_at=one.lesson.starts_at + timedelta(minutes=minutes),
        )  # fmt: skip
    assert found("D39", "D51", "D65") == {code: {scene.klass.pk} for code in ("D39", "D51", "D65")}


def test_a_firm_that_an_employee_had_left(settings, tmp_path):
    """D14: under contract when the class began, and without insurance for months; a colleague is insured."""
    klass = ClassFactory(state="running", trainees=2, starts_on=date(2026, 3, 2))
    left, stays = klass.enrolments.order_by("pk")
    klass.enrolments.update(category="employee")
    contracts = []
    for n, one in ((1, left), (2, stays)):
        Person.objects.filter(pk=one.person_id).update(id_digest=digest(number(n)), name=f"学员{n}")
        contracts.append({"identity": number(n), "name": f"学员{n}", "employer": FIRM, "starts_on": "2025-01-01"})
    filed("labour-contracts", contracts, tmp_path)
    settings.DROP_ROOT.mkdir(exist_ok=True)
    contract("insurance-months", matched_percent=100, changed_percent=100)
    drop(settings, [paid(1, "2025-11"), paid(2, "2025-11"), paid(2, "2026-02")])
    assert found("D14") == {"D14": {left.pk}}
