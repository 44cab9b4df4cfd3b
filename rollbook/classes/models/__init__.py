from rollbook.classes.models.attendance import Attendance, CheckIn, Correction, Leave
from rollbook.classes.models.classes import (
    Commitment,
    Enrolment,
    Lesson,
    LevelReservation,
    PlanChange,
    Review,
    TrainingClass,
)

__all__ = [
    "Attendance",
    "CheckIn",
    "Commitment",
    "Correction",
    "Enrolment",
    "Leave",
    "Lesson",
    "LevelReservation",
    "PlanChange",
    "Review",
    "TrainingClass",
]
