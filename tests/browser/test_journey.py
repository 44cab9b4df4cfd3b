"""The whole way in Chromium: from the demand directory to money on a card, each step by its own role.

N1.1-N1.3, N2.1, N2.2, N4.1, N4.2, N4.4, N4.6, N5.1-N5.3, N10.1, N12.2, N14.1, N14.2, N16.2, N16.3.
"""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Enrolment, Lesson, TrainingClass
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.funds.queries import broken_invariants
from rollbook.persons.tests.factories import number
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests.factories import load_policies
from tests.browser.conftest import account_of
from tests.browser.parties import playing
from tests.browser.steps import press, send, state_of, step, unfold, write
from tests.test_journey import luhn

PASSWORD = "a long enough one"
PLACES = {"site": "本部", "address": "玄武区北京东路 1 号"}
TRAINEES = [(f"学员{n}", number(700 + n), luhn(f"62148300000001{n:03}")) for n in range(3)]


class Clock:
    """What the site takes for now; the journey lasts two months and the test a minute."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 2, tzinfo=UTC)

    def to(self, moment: datetime) -> None:
        self.now = moment


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture
def parties(settings):
    people = playing("population", POPULATION_KEY="journey")
    bank = playing("bank", BANK_KEY="journey", BANK_LATE_SECONDS="0")
    with people as settings.POPULATION_URL, bank as settings.BANK_URL:
        settings.POPULATION_KEY = settings.BANK_KEY = "journey"
        yield


def picture():
    buffer = BytesIO()
    Image.new("RGB", (320, 240), (90, 120, 160)).save(buffer, "JPEG")
    return {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def paper():
    return {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a paper"}


def roster(page, rows):
    """The template that the site gives, filled in."""

    with page.expect_download() as told:
        page.get_by_role("link", name="Template of the roster").click()
    book = load_workbook(BytesIO(Path(told.value.path()).read_bytes()))
    sheet = book.active
    headers = [str(cell.value).rstrip("*") for cell in sheet[1]]
    sheet.delete_rows(2, sheet.max_row)
    for row in rows:
        sheet.append([row.get(header, "") for header in headers])
    buffer = BytesIO()
    book.save(buffer)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "roster.xlsx", "mimeType": kind, "buffer": buffer.getvalue()}


@pytest.fixture
def office(site, transactional_db):
    load_terms(class_min=2)
    load_policies()
    DemandItemFactory(occupation__pinyin="hangong", hours=16)
    return {
        "first": account_of(Role.COUNTY_REVIEWER),
        "second": account_of(Role.COUNTY_SECOND_REVIEWER),
        "finance": account_of(Role.COUNTY_FINANCE),
        "releaser": account_of(Role.COUNTY_FINANCE_RELEASER),
    }


def test_the_whole_way(clock, parties, office, at, site, signed_in):
    publish_directory(office, at)
    manager = list_institution(office, at, site, signed_in)
    call_command("verify_pending", verbosity=0)
    klass = apply_for_class(manager, at)
    decide_class(klass, office, at)
    attend(klass, manager, clock, at)
    assess(klass, manager, at)
    claim(klass, manager, office, clock, at)
    pay(office, clock, at)
    look_back(klass, office, at)


def publish_directory(office, at):
    """N1.1, N1.2: the county adapts the province's directory, finance agrees, it is published."""
    page = at(office["first"], "/directory/")
    form = unfold(page, "Begin the next version")
    write(form, document="玄人社〔2026〕1 号")
    send(page, form)
    press(page, "Change", "table")
    write(page.locator("main form").first, amount="1600")
    press(page, "Save")
    press(page, "Send to finance")
    address = page.url.split("/", 3)[3]

    page = at(office["finance"], f"/{address}")
    press(page, "Agree")
    page = at(office["first"], f"/{address}")
    write(page, from_on="2026-03-02")
    press(page, "Publish")
    assert state_of(page) == "published"
    page = at(None, "/open/directory/?q=hangong")
    assert "1,600.00" in page.locator("main").inner_text()


def list_institution(office, at, site, signed_in):
    """N2.1, N2.2, N4.4, N10.1: from a public form to the directory, seen by two officers."""
    page = at(None, "/open/institutions/apply/")
    write(
        page.locator("main form"),
        name="玄武焊接职业培训学校", uscc=uscc(), kind="Private vocational training school", region_code="320102",
        address=PLACES["address"], manager="钱经理", username="qian", password=PASSWORD,
    )  # fmt: skip
    press(page, "Begin")
    page.goto(site.url + "/account/login/")
    write(page, login="qian", password="wrong")
    press(page, "Sign in")
    assert page.locator(".alert-danger, .invalid-feedback").count()
    write(page, login="qian", password=PASSWORD)
    press(page, "Sign in")
    manager = Account.objects.get(username="qian")
    address = f"/institutions/{manager.institution_id}/"

    page = at(manager, address)
    assert "A valid paper is missing" in page.locator("main").inner_text()
    form = unfold(page, "Change the profile")
    write(form, short_name="玄武焊接", capacity="200", phone="13800001111")
    send(page, form)
    form = unfold(page, "Add a site")
    write(form, name=PLACES["site"], address=PLACES["address"])
    send(page, form)
    form = unfold(page, "Add a room")
    write(form, name="101", kind="Workshop", seats="40")
    send(page, form)
    form = unfold(page, "Add equipment")
    write(form, name="焊机", quantity="20", work_stations="20")
    send(page, form)
    for n, name in enumerate(("周师傅", "吴师傅")):
        form = unfold(page, "Add a teacher")
        write(
            form, name=name, number=number(800 + n), experience_years="12",
            level="Level 2, technician", certificate_number=f"Y00003200000000000{n}",
        )  # fmt: skip
        send(page, form)
    for kind in (
        "School or business licence", "Fire safety certificate", "Health permit", "Building safety appraisal",
    ):  # fmt: skip
        form = unfold(page, "File a paper")
        write(form, kind=kind, number="P1", valid_from="2025-01-01", valid_until="2028-01-01")
        form.locator("[name=file]").set_input_files(paper())
        send(page, form)
    form = unfold(page, "Ask for a project")
    write(form, level="Level 4, intermediate")
    send(page, form)
    press(page, "Apply")
    assert state_of(page) == "applied"

    page = at(office["first"], f"{address}visit/", width=390)
    for box in page.locator("[name=item]").all():
        box.check()
    write(page, second_officer_id=str(office["second"].pk), conclusion="与申报一致")
    page.locator("[name=photos]").set_input_files([picture()])
    press(page, "Save")
    page = at(office["second"], address)
    press(page, "Confirm what we saw")
    press(page, "Approve the ticked projects")
    assert state_of(page) == "listed"
    page = at(None, "/open/institutions/")
    assert "玄武焊接职业培训学校" in page.locator("main").inner_text()
    return manager


def apply_for_class(manager, at):
    """N4.1, N4.2, N4.6: a draft, a plan, a roster with a wrong cell that is mended, commitments."""
    page = at(manager, "/classes/")
    press(page, "Apply for a class")
    form = page.locator("form", has=page.locator("[name=starts_on]"))
    item = form.locator("[name=item_id] option", has_text="焊工").first.get_attribute("value")
    write(
        form, item_id=item, starts_on="2026-03-16", head="钱经理", phone="13800001111",
        resources="国家基本职业培训包", assessment_plan="理论与实操",
    )  # fmt: skip
    press(page, "Save and go on")
    send(page, unfold(page, "Lay out the lessons"))
    press(page, "Go on")

    rows = [
        {"身份证号": id_number, "姓名": name, "人员类别": "登记失业人员", "联系电话": "13800001234",
         "开户银行": "江苏银行", "银行账号": account}
        for name, id_number, account in TRAINEES
    ]  # fmt: skip
    wrong = [dict(row) for row in rows]
    wrong[1]["身份证号"] = TRAINEES[1][1][:-1] + ("0" if TRAINEES[1][1][-1] != "0" else "1")
    form = unfold(page, "Import the roster")
    form.locator("[name=file]").set_input_files(roster(page, wrong))
    send(page, form)
    assert "The file has wrong cells" in page.locator("h1").inner_text()
    assert not Enrolment.objects.exists(), "nothing half-done"
    page.go_back()
    form = page.locator("details", has_text="Import the roster").first
    if form.get_attribute("open") is None:
        form = unfold(page, "Import the roster")
    form.locator("[name=file]").set_input_files(roster(page, rows))
    send(page, form)
    assert Enrolment.objects.count() == 3

    step(page, "Check and submit")
    press(page, "Submit", within="main form")
    assert "signed" in page.locator("main").inner_text().lower()
    assert TrainingClass.objects.get().state == "draft"
    page.goto(page.url.rsplit("move/", 1)[0] + "?step=commitment")
    press(page, "File the commitments signed on paper")
    form = page.locator("form", has=page.locator("[name=signed_name]"))
    write(form, signed_name="钱经理")
    send(page, form)
    step(page, "Check and submit")
    press(page, "Submit", within="main form")
    assert state_of(page) == "submitted"
    return TrainingClass.objects.get()


def decide_class(klass, office, at):
    """N4.1: found in the queue, with the checks' findings before the buttons."""
    call_command("verify_pending", verbosity=0)
    page = at(office["first"], "/work/")
    page.get_by_role("link", name=re.compile("玄武焊接")).first.click()
    assert "Nothing stops this class" in page.locator("main").inner_text()
    press(page, "Approve")
    assert state_of(page) == "approved"


def attend(klass, manager, clock, at):
    """N4.1: a trainee by the code, the others by the roll, every lesson in and out."""
    person = klass.lessons.first().teacher_person
    teacher = AccountFactory(role=Role.TEACHER, institution_id=manager.institution_id, person_id=person.pk)
    first = Enrolment.objects.get(person__name="学员0")
    worker = AccountFactory(role=Role.WORKER, person_id=first.person_id)
    clock.to(datetime(2026, 3, 16, 0, 30, tzinfo=UTC))
    page = at(manager, f"/classes/{klass.pk}/")
    press(page, "Start the training")
    for n, lesson in enumerate(Lesson.objects.filter(training_class=klass).order_by("starts_at")):
        for direction, moment in (
            ("in", lesson.starts_at - timedelta(minutes=5)),
            ("out", lesson.ends_at + timedelta(minutes=5)),
        ):
            clock.to(moment)
            page = at(teacher, f"/classes/lessons/{lesson.pk}/", width=390)
            skipped = 0
            if n == 0:
                code = page.locator(".code").inner_text()
                phone = at(worker, f"/me/lessons/{lesson.pk}/", width=390)
                phone.fill("#code", code)
                phone.locator(f"button[value={direction}]").click()
                phone.get_by_text(re.compile("Recorded by the server")).wait_for()
                skipped = first.pk
            for box in page.locator("[name=enrolment]").all():
                box.set_checked(int(box.get_attribute("value")) != skipped)
            with page.expect_navigation():
                page.locator(f"main button[value={direction}]").click()
            page.context.close()
    clock.to(lesson.ends_at + timedelta(hours=3))
    page = at(manager, f"/classes/{klass.pk}/")
    press(page, "End the training")
    assert state_of(page) == "ended"


def assess(klass, manager, at):
    """N5.1-N5.3: scores, lock, certificates, and anyone can verify one."""
    page = at(manager, f"/assessments/classes/{klass.pk}/")
    form = page.locator("form", has=page.locator("[name=held_on]"))
    held = timezone.localdate()
    write(form, held_on=held.isoformat(), place="考场", assessors="甲、乙")
    send(page, form)
    for field in page.locator("input[name^=theory-], input[name^=practice-]").all():
        field.fill("85")
    press(page, "Save the scores")
    press(page, "Lock the results")
    press(page, "Certificates")
    press(page, "Issue to all who are entitled")
    shown = page.locator("main").inner_text()
    assert len(set(re.findall(r"P3220[0-9X]+", shown))) == 3
    row = page.locator("main tr", has_text="学员0").inner_text()
    [one] = re.findall(r"P3220[0-9X]+", row)
    page = at(None, f"/verify/?number={one}&name=学员0")
    assert page.locator("main [data-state=valid]").count() == 1
    page = at(None, f"/verify/?number={one}&name=别人")
    assert "No certificate of this number was issued to this name." in page.locator("main").inner_text()


def claim(klass, manager, office, clock, at):
    """N12.2, N14.1, N14.2, N16.2: filed, reviewed twice, published, one objected to."""
    page = at(office["finance"], "/funds/")
    form = unfold(page, "Add to the budget")
    write(form, fund="Employment subsidy fund", year="2026", amount="10000", document="财社〔2026〕1 号")
    send(page, form)
    page = at(manager, f"/claims/classes/{klass.pk}/")
    press(page, re.compile("Claim for 3 people"))
    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
    for who in ("first", "second"):
        page = at(office[who], "/claims/queue/")
        for box in page.locator("[name=claim]").all():
            box.check()
        press(page, re.compile("Pass the chosen ones"))
        press(page, "Pass them")
    page = at(office["first"], "/claims/publicity/")
    press(page, re.compile("Publish 3 claims"))
    page = at(None, "/open/publicity/")
    page.locator("main table a").first.click()
    rows = page.locator("main tbody tr")
    assert rows.count() == 3
    assert all(id_number not in page.content() for _, id_number, _ in TRAINEES)
    with page.expect_navigation():
        page.get_by_role("link", name="Object").last.click()
    write(page, text="没有来上课")
    press(page, "Send")
    clock.to(clock.now + timedelta(14))
    call_command("daily_subsidies", verbosity=0)
    assert sorted(Claim.objects.values_list("state", flat=True)) == ["approved", "approved", "pulled-back"]
    page = at(office["second"], "/claims/objections/")
    write(page, finding="考勤记录齐全，异议不成立")
    press(page, re.compile("Rejected"))


def pay(office, clock, at):
    """N16.3: prepared, checked and released by three people, paid by the bank's own program."""
    call_command("daily_subsidies", verbosity=0)
    page = at(office["first"], "/claims/payments/new/")
    count = page.locator("[name=claim]").count()
    press(page, "Prepare the batch")
    address = "/" + page.url.split("/", 3)[3]
    call_command("exchange_with_bank", verbosity=0)  # whose the accounts are
    page = at(office["finance"], address)
    press(page, "Confirm the check")
    page = at(office["releaser"], address)
    press(page, re.compile("Release"))
    call_command("exchange_with_bank", verbosity=0)
    call_command("exchange_with_bank", verbosity=0)
    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
    page = at(office["releaser"], address)
    assert state_of(page) == "settled"
    assert Claim.objects.filter(state="paid").count() == count >= 2
    assert broken_invariants() == []


def look_back(klass, office, at):
    """N14.2, N16.3: the worker sees the money; anyone sees what was paid, without whose number."""
    worker = Account.objects.get(role=Role.WORKER)
    page = at(worker, "/me/", width=390)
    assert "1,600.00" in page.locator("main").inner_text()
    assert page.locator("[data-state=paid]").count()
    page = at(None, "/open/disclosure/")
    assert "玄武焊接" in page.locator("main").inner_text()
    assert all(id_number not in page.content() for _, id_number, _ in TRAINEES)
    page = at(office["first"], f"/classes/{klass.pk}/")
    assert page.locator(".timeline li, .timeline-plain li, ol li").count() >= 5


def uscc():
    """A code of no institution: the area 320102, and a check character that is right (GB 32100)."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "52320102MJ0000001"
    total = sum(letters.index(letter) * pow(3, n, 31) for n, letter in enumerate(body))
    return body + letters[-total % 31]
