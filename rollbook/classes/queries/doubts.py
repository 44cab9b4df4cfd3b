"""What screening has not got decided about classes and their people."""

from django.db.models import Exists, OuterRef, Q

from rollbook.classes.models import Doubt
from rollbook.classes.rules import doubts as rules
from rollbook.kernel.messages import Message


def doubts_on(class_id: int, person_id: int | None = None) -> list[Doubt]:
    """What is not decided about a class: of all its people, or of one and the class as a whole."""
    found = Doubt.objects.filter(training_class_id=class_id, ended_at=None)
    if person_id is not None:
        found = found.filter(Q(person=None) | Q(person=person_id))
    return list(found.order_by("number", "pk"))


def undecided(found: list[Doubt]) -> list[Message]:
    """One sentence an alert, however many people it is about."""
    return [rules.undecided(number, what) for number, what in {one.number: one.what for one in found}.items()]


def is_doubted(training_class: str = "pk", person: str = "") -> Exists:
    """For a query set: whether anything is not decided about its class, or about that person of it."""
    found = Doubt.objects.filter(training_class=OuterRef(training_class), ended_at=None)
    return Exists(found.filter(Q(person=None) | Q(person=OuterRef(person))) if person else found)
