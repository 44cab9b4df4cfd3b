"""Inspections and a camera of the class that is in training: one that was found in order, two that wait; and a draw of the
city, of which two results are public, one waits for the other's signature."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.timezone import localdate

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.classes import queries as classes
from rollbook.config.demo import staff
from rollbook.config.demo.courses import Course
from rollbook.live import actions as live
from rollbook.supervision import actions as supervision
from rollbook.supervision import queries as supervised
from rollbook.supervision import rules


def fill(offices: dict[tuple[str, str], Account], manager: Account, course: Course, now: datetime) -> None:
    first = offices[Role.COUNTY_REVIEWER, staff.HOME]
    second = offices[Role.SUPERVISOR, staff.CITY]
    class_id = course.row.pk
    lessons = classes.lessons_of(class_id)
    held = [one for one in lessons if one.ends_at < now]

    def planned(kind: str, days: int) -> int:
        made = supervision.plan_task(
            by=first, class_id=class_id, kind=kind, first_id=first.pk, second_id=second.pk,
            due_on=(now + timedelta(days)).date(), now=now,
        )  # fmt: skip
        return made.pk

    if held:
        found = supervision.record_inspection(
            by=first, task_id=planned(rules.Kind.ON_SITE, 1), event_id=UUID(int=1), lesson_id=held[-1].pk,
            arrived_at=held[-1].starts_at, left_at=held[-1].ends_at,
            present=[one.pk for one in classes.roster(class_id)],
            checklist={item: {"passed": True} for item in rules.CHECKLIST}, is_held=True, qualified=True, remark="", now=now,
        )  # fmt: skip
        supervision.sign_inspection(by=second, inspection_id=found.pk, now=now)
    planned(rules.Kind.ON_SITE, 2)
    planned(rules.Kind.PHONE, 3)
    if lessons:
        live.register_camera(by=manager, room_id=lessons[0].room_id, name="前方黑板上方", now=now)
    _drawn(offices[Role.CITY_OFFICER, staff.CITY], now)


def _drawn(officer: Account, now: datetime) -> None:
    title, due_on = "补贴性职业技能培训双随机抽查", localdate(now) + timedelta(30)
    made = supervision.announce_draw(
        by=officer, title=title, due_on=due_on, source="中国福利彩票双色球当期红球号码，按开奖公告顺序",
        draws_at=now - timedelta(hours=1), now=now - timedelta(1),
    )  # fmt: skip
    supervision.draw(by=officer, draw_id=made.pk, figure="03 08 14 19 27 31", now=now)
    for n, one in enumerate(supervised.checks_of(made.pk)[:3]):
        supervision.record_check(
            by=one.first, check_id=one.pk, checked_on=localdate(now), in_order=n != 1,
            finding="到场人数少于签到人数三人，限三日内说明" if n == 1 else "", now=now,
        )  # fmt: skip
        if n < 2:
            supervision.sign_check(by=one.second, check_id=one.pk, now=now)
