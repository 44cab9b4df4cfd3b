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
from rollbook.classes.models.devices import Device, MonthArchive, RefusedEvent

__all__ = [
    "Attendance",
    "CheckIn",
    "Commitment",
    "Correction",
    "Device",
    "Enrolment",
    "Leave",
    "Lesson",
    "LevelReservation",
    "MonthArchive",
    "PlanChange",
    "RefusedEvent",
    "Review",
    "TrainingClass",
]
