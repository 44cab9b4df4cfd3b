"""What waits for each office of the demo, done by the deeds themselves: lists on their way, requests, an objection."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from io import BytesIO

from django.utils.timezone import localdate
from PIL import Image, ImageDraw

from rollbook.accounts.models import Account
from rollbook.classes import actions as classes
from rollbook.classes import queries as class_queries
from rollbook.classes.models import Enrolment, Lesson
from rollbook.config.demo.courses import Course
from rollbook.config.demo.staff import CITY, HOME, PROVINCE
from rollbook.directory import actions as directory
from rollbook.directory import queries as lists
from rollbook.directory.rules import TermKey
from rollbook.kernel.reasons import Refused
from rollbook.persons import actions as persons
from rollbook.persons import rules as person_rules
from rollbook.persons.models import Person
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.models import Claim

Offices = dict[tuple[str, str], Account]
SINCE = 60  # days ago
DOCUMENT = "征求意见稿"


def fill(
    offices: Offices, manager: Account, worker: Account, running: Course, claims: list[Claim], now: datetime
) -> None:
    _lists(offices, now)
    _requests(manager, worker, running, now)
    _missed(manager, running, now)
    _objection(worker, claims, now)
    _twin(running.enrolments[-1].person, now)


def terms(offices: Offices, now: datetime) -> date:
    """The province asks for more than the terms that come with the project; for classes that begin from which day."""
    since = localdate(now) - timedelta(days=SINCE)
    for key in (TermKey.ROLL_CONFIRM, TermKey.TEACHER_CHECK_IN, TermKey.MAKE_UP_ABSENT, TermKey.METHOD_FACE):
        directory.set_term(
            by=offices["province-officer", PROVINCE], key=key, value=1, from_on=since, document="演示数据，非法定",
            now=now - timedelta(days=SINCE),
        )  # fmt: skip
    return since


def _lists(offices: Offices, now: datetime) -> None:
    """The next versions: at the city's and the province's finance to agree, in the county to publish."""
    for role, region in (("city-officer", CITY), ("province-officer", PROVINCE), ("county-reviewer", HOME)):
        officer = offices[role, region]
        made = directory.draft_list(by=officer, document=DOCUMENT, now=now - timedelta(days=2))
        one = lists.items_of(made.pk).first()
        if one is not None:  # so that there is a difference to look at
            values = {name: getattr(one, name) for name in ("practice_percent", "amount_fen", "scarce_amount_fen")}
            directory.set_item(
                by=officer, list_id=made.pk, occupation_id=one.occupation_id, training_type=one.training_type,
                level=one.level, hours=one.hours + 8, hours_basis=one.hours_basis, urgency=one.urgency,
                now=now - timedelta(days=2), **values,
            )  # fmt: skip
        directory.submit_list(by=officer, list_id=made.pk, now=now - timedelta(days=1))
        if region == HOME:
            directory.agree_list(by=offices["county-finance", HOME], list_id=made.pk, now=now - timedelta(hours=3))


def _requests(manager: Account, worker: Account, running: Course, now: datetime) -> None:
    """A trainee asks for leave from the last lesson; the manager asks to correct what a lesson noted as absence."""
    own = next((one for one in running.enrolments if one.person_id == worker.person_id), None)
    last = running.lessons[-1]
    if own is not None and last.starts_at > now:
        classes.ask_leave(
            by=worker, lesson_id=last.pk, enrolment_id=own.pk, ground="illness", explanation="复诊", proof=_paper(),
            now=now,
        )  # fmt: skip
    for lesson in running.lessons:
        if lesson.ends_at >= now:
            break
        absent = _absent(lesson)
        if absent:
            classes.ask_correction(
                by=manager, lesson_id=lesson.pk, enrolment_id=absent[0].pk, presence="present",
                why="签到设备断电，纸质签到表在案", now=now,
            )  # fmt: skip
            return


def _missed(manager: Account, running: Course, now: datetime) -> None:
    """A roll of the last lesson that nobody has confirmed, a teacher's forgotten check-in that the county is asked to
    record, and a lesson that is to be held again."""
    teacher = Account.objects.get(username="teacher")
    held = [one for one in running.lessons if one.ends_at < now]
    missing = [(one, absent) for one in reversed(held) if (absent := _absent(one))]
    mine = [(one, absent) for one, absent in missing if one.teacher_person_id == teacher.person_id]
    for lesson, absent in mine[:1]:
        classes.call_roll(
            by=teacher, lesson_id=lesson.pk, direction="in", enrolment_ids=[one.pk for one in absent],
            now=lesson.starts_at + timedelta(minutes=5),
        )  # fmt: skip
    for lesson in class_queries.without_teacher(running.row.pk, now)[:1]:
        classes.ask_teaching_correction(
            by=manager, lesson_id=lesson.pk, in_at=lesson.starts_at, out_at=lesson.ends_at, paper=_paper(),
            why="教师忘记签到，教室日志在案", now=now,
        )  # fmt: skip
    for lesson, absent in missing[-1:]:
        Lesson.objects.filter(pk=lesson.pk).update(attendance_closed_at=lesson.ends_at + timedelta(hours=2))
        _again(manager, lesson, absent, now)


def _absent(lesson: Lesson) -> list[Enrolment]:
    return [one for one, mark in class_queries.lesson_rows(lesson) if mark and mark.presence == "absent"]


def _again(manager: Account, lesson: Lesson, absent: list[Enrolment], now: datetime) -> None:
    """On the first day when room and teacher are free."""
    for days in range(3, 20):
        begins = lesson.starts_at + timedelta(days=(localdate(now) - localdate(lesson.starts_at)).days + days)
        with suppress(Refused):
            classes.plan_make_up(
                by=manager, lesson_id=lesson.pk, starts_at=begins, room_id=lesson.room_id, why="缺课学员补课",
                teacher_id=lesson.teacher_id, enrolment_ids=[one.pk for one in absent], now=now,
            )  # fmt: skip
            return


def _paper() -> bytes:
    """A picture that stands for the paper of a clinic."""
    image, content = Image.new("RGB", (600, 400), "white"), BytesIO()
    ImageDraw.Draw(image).rectangle((20, 20, 580, 380), outline="black", width=3)
    image.save(content, "PNG")
    return content.getvalue()


def _objection(worker: Account, claims: list[Claim], now: datetime) -> None:
    open_to_it = (one for one in claims if one.region_code == HOME and one.state == "publicity")
    claim = next((one for one in open_to_it if one.person_id != worker.person_id), None)
    if claim is not None:
        subsidies.raise_objection(claim_id=claim.pk, text="此人培训期间在外地务工，没有到课。", contact="", now=now)


def _twin(person: Person, now: datetime) -> None:
    """A second record of one person under another number, for the province to compare and merge."""
    county = f"{person.region_code[:4]}99"
    sex = int(person.sex == person_rules.Sex.MALE)
    first17 = f"{county}{person.birth_on:%Y%m%d}{998 + sex:03}"
    persons.register(
        by=None, name=person.name, number=first17 + person_rules.check_digit(first17), region_code=person.region_code,
        now=now,
    )  # fmt: skip
    persons.find_candidates(now=now)
