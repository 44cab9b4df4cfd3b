"""What other departments, employers and banks send reaches the detectors that wait for it (N3.5, domain 5.2)."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from rollbook.classes import queries as classes
from rollbook.classes.models import Attendance, Lesson, TrainingClass
from rollbook.classes.tests.scenes import ENDS, running
from rollbook.exchange.tests.factories import NOW as RECEIVED
from rollbook.exchange.tests.factories import contract, push, write_csv
from rollbook.institutions.tests.factories import equipped
from rollbook.persons.models import Organisation, Person
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import number
from rollbook.risk import actions
from rollbook.risk.models import Hit
from rollbook.risk.queries import sources

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path
    settings.DEMO = True


@pytest.fixture
def scene():
    made = running(trainees=6)
    [made.first] = classes.lessons_of(made.klass.pk)
    Lesson.objects.filter(pk=made.first.pk).update(attendance_closed_at=ENDS)
    TrainingClass.objects.filter(pk=made.klass.pk).update(level="3")
    Attendance.objects.bulk_create(
        Attendance(
            lesson=made.first, enrolment=one, presence="present", minutes=150, in_at=made.first.starts_at,
            out_at=made.first.ends_at,
        )
        for one in made.people
    )  # fmt: skip
    made.day = localdate(made.first.starts_at)
    return made


def who(person):
    return {"身份证号": number(int(person.name.removeprefix("学员"))), "姓名": person.name}


def sent(tmp_path, feed, *rows):
    contract(feed, matched_percent=100, changed_percent=100)
    batch = push(write_csv(tmp_path / f"{feed}.csv", rows), source=f"s-{feed}", feed=feed)
    assert batch.state == "loaded", list(batch.wrong_cells.values_list("column", "message"))


def screened(*codes):
    run = actions.screen_everyone(now=RECEIVED, codes=codes)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    found = {}
    for code, pk in Hit.objects.values_list("finding__detector", "subject_id"):
        found.setdefault(code, set()).add(pk)
    return found


def test_what_is_told_of_people_fires_the_detectors_of_people(scene, tmp_path):
    """D13, D17, D23, D48, D103: a shift, a household, years of work, a train; what is in order fires none."""
    worker, kin, young, away, good, night = [one.person for one in scene.people]
    day, firm = str(scene.day), {"单位统一社会信用代码": "91350100M000100Y43"}
    sent(
        tmp_path, "shifts",
        {**who(worker), **firm, "日期": day, "上班时间": "8:00", "下班时间": "17:30:00"},
        {**who(good), **firm, "日期": day, "上班时间": "18:00", "下班时间": "22:00"},
        {**who(night), **firm, "日期": day, "上班时间": "20:00", "下班时间": "08:00"},
    )  # fmt: skip
    teacher = scene.lesson.teacher.person
    sent(
        tmp_path, "population",
        *({**who(one), "户籍地区划": "320102", "户号": home, "曾用身份证号": ""} for one, home in (
            (kin, "A1"), (teacher, "A1"), (good, "B2"), (young, "C3")
        )),
    )  # fmt: skip
    code = scene.klass.occupation.code
    sent(
        tmp_path, "work-years", {**who(young), "职业编码": code, "工作年限（年）": 2},
        {**who(good), "职业编码": code, "工作年限（年）": 12},
    )  # fmt: skip
    noon = (scene.first.starts_at + timedelta(hours=9)).strftime("%H:%M")
    sent(
        tmp_path, "sightings", {**who(away), "类别": "train", "日期": day, "时间": noon, "地点": "南京南"},
        {**who(good), "类别": "toll", "日期": day, "时间": "05:00", "地点": ""},
    )  # fmt: skip
    assert screened("D13", "D17", "D23", "D48") == {
        "D13": {scene.people[0].pk}, "D17": {scene.people[1].pk}, "D23": {scene.people[2].pk},
        "D48": {scene.people[3].pk},
    }  # fmt: skip
    [both] = [row for row in sources.read("relatives", [kin.pk], []).to_pylist() if row["person_id"] == kin.pk]
    assert both == {"person_id": kin.pk, "other_person_id": teacher.pk, "kind": "household"}
    shift = next(row for row in sources.read("shifts", [night.pk], []).to_pylist())
    assert shift["ends_at"] - shift["starts_at"] == timedelta(hours=12)


def test_money_and_complaints_fire_the_detectors_of_institutions(scene, tmp_path):
    """D76, D77, D123: what banks and the hotline send, by accounts that are the same digest in both."""
    own, other = scene.klass.institution, equipped()
    for n, (one, code) in enumerate(((own, "91350100M000100Y43"), (other, "91320102MA1X000019"))):
        one.uscc = code
        one.save(update_fields=["uscc"])
        Organisation.objects.create(
            name=one.name, uscc=one.uscc, region_code="320102", bank_digest=digest(f"3201000000{n:04}"),
            bank_masked="…", document="开户许可证", key_version=1, box=b"x", created_at=ENDS,
        )  # fmt: skip
    for n, one in enumerate(scene.people):
        Person.objects.filter(pk=one.person_id).update(bank_digest=digest(f"62220000000{n:04}"))
    before = str(scene.klass.starts_on - timedelta(7))
    base = {"付款单位统一社会信用代码": own.uscc, "付款账号": "3201 0000 0000 00", "交易日期": before}
    fees = [
        {**base, "交易流水": f"r{n}", "收款账号": f"62220000000{n:04}", "金额（元）": "300.00"}
        for n in range(len(scene.people))
    ]
    sent(
        tmp_path,
        "firm-transfers",
        *fees,
        {**base, "交易流水": "x", "收款账号": "32010000000001", "金额（元）": "20000"},
    )
    told = {"被投诉单位统一社会信用代码": own.uscc, "投诉日期": before, "附有证据": "no"}
    sent(
        tmp_path, "complaints", {**told, "工单编号": "1", "办理结果": "open"},
        {**told, "工单编号": "2", "办理结果": "upheld"},
        {**told, "被投诉单位统一社会信用代码": other.uscc, "工单编号": "3", "办理结果": "groundless"},
    )  # fmt: skip
    assert screened("D76", "D77", "D123") == {"D76": {own.pk}, "D77": {own.pk}, "D123": {own.pk}}
    assert {hit.rows[0].get("amount_fen") for hit in Hit.objects.filter(finding__detector="D77")} == {30_000}


def test_money_of_persons_and_numbers_of_the_national_query_are_there(scene, tmp_path):
    """D107 and D117 read them: an account as the register keeps it, a number with the day on which it was known."""
    one = scene.people[0].person
    Person.objects.filter(pk=one.pk).update(bank_digest=digest("622200000000001"))
    sent(tmp_path, "transfers", {
        **who(one), "交易流水": "t1", "付款账号": "622200000000001", "收款账号": "622200000000009", "金额（元）": "1500.5",
        "交易日期": "2026-11-01",
    })  # fmt: skip
    sent(tmp_path, "national-numbers", {**who(one), "证书编号": "S000032010001"})
    [money] = [row for batch in sources.batches("transfers") for row in batch.to_pylist()]
    assert (money["from_account"], money["amount_fen"]) == (digest("622200000000001"), 150_050)
    [known] = [row for batch in sources.batches("national_numbers") for row in batch.to_pylist()]
    assert (known["number"], known["as_of"] is None) == ("S000032010001", False)
