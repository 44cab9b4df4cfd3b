"""What officials did, from the journal: sealed data that was shown to them, and claims that they sent back or refused."""

from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat, ExtractHour, ExtractMinute, StrIndex, Substr, TruncDate

from rollbook.classes import queries as classes
from rollbook.evidence import queries as evidence
from rollbook.evidence.rules import Purpose
from rollbook.journal import queries as journal
from rollbook.risk.models import Alert, Hit
from rollbook.subsidies.queries import screening as subsidies

Rows = QuerySet[Any, Any]
OF_PEOPLE = ("person.revealed", "exchange.facts-shown")
OF_EVIDENCE = "evidence.opened"
MOVES = {"claim.returned": "return", "claim.refused": "refuse"}
NUMBER = Cast(Substr("subject", StrIndex("subject", Value(":")) + 1), BigIntegerField())
WHEN = {"day": TruncDate("at"), "minute": ExtractHour("at") * 60 + ExtractMinute("at")}


def reveals() -> Rows:
    """Who was shown what of whom, and whether a case called for it: a claim or class of theirs that waited for a decision
    at that moment, in the account's region, or an alert that was open. The own data and own records need no case."""
    found = journal.deeds([*OF_PEOPLE, OF_EVIDENCE]).annotate(
        who=Case(When(kind__in=OF_PEOPLE, then=NUMBER)),
        item=Case(When(kind=OF_EVIDENCE, then=NUMBER)),
        desk=Func("by__region_code", Value("(00)+$"), Value(""), function="regexp_replace", output_field=CharField()),
    )
    dossier = evidence.dossiers().filter(pk=OuterRef("item")).values("dossier")[:1]
    found = found.annotate(dossier=Subquery(dossier, output_field=CharField()))
    was_due = (
        Q(by__person_id=F("who"))
        | Q(data__purpose=Purpose.OWN)
        | Exists(subsidies.on_desk().filter(person_id=OuterRef("who")))
        | Exists(classes.on_desk().filter(enrolments__person_id=OuterRef("who")))
        | Exists(_open(Hit.objects, "found_at", "finding__alert__").filter(person_id=OuterRef("who")))
        | Exists(_of_class(subsidies.on_desk(), "enrolment__training_class_id"))
        | Exists(_of_class(classes.on_desk(), "pk"))
        | Exists(_of_class(_open(Alert.objects, "first_found_at"), "training_class_id"))
    )
    return found.values(
        reveal_id=F("pk"),
        account_id=F("by_id"),
        person_id=F("who"),
        item_id=F("item"),
        region_code_=F("by__region_code"),
        person_region=F("region_code"),
        purpose=KT("data__purpose"),
        was_due=Case(When(was_due, then=Value(True)), default=Value(False), output_field=BooleanField()),
        **WHEN,
    )


def _of_class(rows: Rows, field: str) -> Rows:
    """Those of the class whose file the evidence lies in."""
    name = Concat(Value("classes.TrainingClass:"), Cast(field, TextField()), output_field=TextField())
    found: Rows = rows.annotate(file=name).filter(file=OuterRef("dossier"))
    return found


def _open(rows: Any, begin: str, alert: str = "") -> Rows:
    """Of alerts in the account's region, what was open at that moment."""
    still = Q(**{f"{alert}closed_at": None}) | Q(**{f"{alert}closed_at__gte": OuterRef("at")})
    begun = {f"{begin}__lte": OuterRef("at"), f"{alert}region_code__startswith": OuterRef("desk")}
    found: Rows = rows.filter(still, **begun)
    return found


def sent_back() -> Rows:
    """Claims returned or refused: the claim itself keeps only who passed it. Below zero, so that no other review has
    the number."""
    return journal.deeds(list(MOVES)).values(
        "at",
        "institution_id",
        "region_code",
        review_id=-F("pk"),
        account_id=F("by_id"),
        subject_id=NUMBER,
        move=Case(*(When(kind=kind, then=Value(move)) for kind, move in MOVES.items())),
        kind_=Case(When(pk__isnull=False, then=Value("claim"))),
        **WHEN,
    )


def sent_back_since(mark: int) -> Rows:
    return journal.changed_deeds(list(MOVES), mark, -F("pk"))
