from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.pagination import paginate

from rollbook.risk import actions, queries
from rollbook.risk.models import Alert, Finding, Hit
from rollbook.risk.rules import State
from rollbook.web.api import scope
from rollbook.web.requests import Request
from rollbook.web.words import said

router = Router(tags=["alerts"])


class AlertOut(Schema):
    id: int
    subject: str
    subject_id: int
    scheme: str
    severity: int
    score: int
    amount_fen: int
    region_code: str
    institution_id: int | None
    class_id: int | None = Field(alias="training_class_id")
    title: str
    state: str
    first_found_at: datetime
    last_found_at: datetime
    answer_by: date | None
    outcome: str
    excuse: str
    consequences: list[str]


class HitOut(Schema):
    id: int
    subject: str
    subject_id: int
    person_id: int | None
    rows: list[dict[str, Any]]
    count: int
    is_true: bool | None


class FindingOut(Schema):
    detector: str
    severity: int
    text: str
    clause: str
    rows: list[dict[str, Any]]
    count: int
    is_true: bool | None
    found_at: datetime
    hits: list[HitOut]

    @staticmethod
    def resolve_hits(finding: Finding) -> list[Hit]:
        return list(finding.hits.all())

    @staticmethod
    def resolve_text(finding: Finding) -> str:
        return said(finding.ground)

    @staticmethod
    def resolve_clause(finding: Finding) -> str:
        return str(finding.ground["clause"])


class DetailOut(AlertOut):
    finding: str
    grounds: list[FindingOut]

    @staticmethod
    def resolve_grounds(alert: Alert) -> list[Finding]:
        return queries.findings_of(alert)


class SettleIn(Schema):
    true_codes: list[str] = []
    excuse: str = ""
    finding: str
    consequences: list[str] = []
    cleared: list[int] = []  # hits whom a true ground does not touch


class TextIn(Schema):
    text: str


@router.get("", response=list[AlertOut])
@paginate
def alerts(
    request: Request, state: str = "", scheme: str = "", severity: int = 0, detector: str = ""
) -> QuerySet[Alert]:
    """The queue: those that are not closed, unless a state is asked for."""
    asked = {"state": state, "scheme": scheme, "severity": severity, "findings__detector": detector}
    found = queries.queue(request.user).filter(**{name: value for name, value in asked.items() if value})
    return found if state else found.exclude(state=State.CLOSED)


@router.get("/{alert_id}", response=DetailOut)
def alert(request: Request, alert_id: int) -> Alert:
    return queries.get(request.user, alert_id)


@router.post("/{alert_id}/explain", response=AlertOut)
@scope("alerts")
def explain(request: Request, alert_id: int, said: TextIn) -> Alert:
    return actions.explain(by=request.user, alert_id=alert_id, text=said.text, now=timezone.now()).alert


@router.post("/{alert_id}/ask", response=AlertOut)
def ask(request: Request, alert_id: int) -> Alert:
    return actions.ask(by=request.user, alert_id=alert_id, now=timezone.now())


@router.post("/{alert_id}/settle", response=AlertOut)
def settle(request: Request, alert_id: int, verdict: SettleIn) -> Alert:
    return actions.settle(by=request.user, alert_id=alert_id, now=timezone.now(), **verdict.dict())


@router.post("/{alert_id}/close", response=AlertOut)
def close(request: Request, alert_id: int) -> Alert:
    return actions.close(by=request.user, alert_id=alert_id, now=timezone.now())


@router.post("/{alert_id}/send-back", response=AlertOut)
def send_back(request: Request, alert_id: int, said: TextIn) -> Alert:
    return actions.send_back(by=request.user, alert_id=alert_id, why=said.text, now=timezone.now())
