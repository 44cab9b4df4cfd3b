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
from rollbook.classes.models.devices import ArchivedRun, Device, EventAnswers, EventFile, MonthArchive, RefusedEvent
from rollbook.classes.models.doubts import Doubt
from rollbook.classes.models.make_ups import MakeUp, MakeUpPlace
from rollbook.classes.models.signals import Denial, Feedback
from rollbook.classes.models.teaching import RollCall, Teaching, TeachingCorrection

__all__ = [
    "ArchivedRun",
    "Attendance",
    "CheckIn",
    "Commitment",
    "Correction",
    "Denial",
    "Device",
    "Doubt",
    "Enrolment",
    "EventAnswers",
    "EventFile",
    "Feedback",
    "Leave",
    "Lesson",
    "LevelReservation",
    "MakeUp",
    "MakeUpPlace",
    "MonthArchive",
    "PlanChange",
    "RefusedEvent",
    "Review",
    "RollCall",
    "Teaching",
    "TeachingCorrection",
    "TrainingClass",
]
