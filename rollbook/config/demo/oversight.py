"""Inspections and a camera of the class that is in training: one that was found in order, two that wait."""

from datetime import datetime, timedelta
from uuid import UUID

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.classes import queries as classes
from rollbook.config.demo import staff
from rollbook.config.demo.courses import Course
from rollbook.live import actions as live
from rollbook.supervision import actions as supervision
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
