from rollbook.classes.queries.application import (
    facts_of,
    findings,
    levels_had,
    overlapping_classes,
    terms_of,
)
from rollbook.classes.queries.attendance import (
    attendance_of,
    grid_of,
    lesson_rows,
    lessons_today,
    worst_day_percent,
)
from rollbook.classes.queries.classes import (
    asks_for,
    by_id,
    class_list,
    enrolment,
    enrolments_of_person,
    get,
    lesson,
    review_queue,
    roster,
    visible_to,
)

__all__ = [
    "asks_for",
    "attendance_of",
    "by_id",
    "class_list",
    "enrolment",
    "enrolments_of_person",
    "facts_of",
    "findings",
    "get",
    "grid_of",
    "lesson",
    "lesson_rows",
    "lessons_today",
    "levels_had",
    "overlapping_classes",
    "review_queue",
    "roster",
    "terms_of",
    "visible_to",
    "worst_day_percent",
]
