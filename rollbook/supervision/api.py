from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.pagination import paginate
from pydantic import AwareDatetime

from rollbook.supervision import actions, queries
from rollbook.supervision.models import Check, Draw
from rollbook.web.requests import Request

draws = Router(tags=["draws"])


class AnnounceIn(Schema):
    """`source` says which public figure will be drawn with, and `draws_at` from when it is known."""

    title: str = Field(max_length=120)
    due_on: date
    source: str = Field(max_length=200)
    draws_at: AwareDatetime


class FigureIn(Schema):
    figure: str = Field(max_length=200)


class CheckIn(Schema):
    checked_on: date
    in_order: bool
    finding: str = Field("", max_length=500)


class CheckOut(Schema):
    id: int
    draw_id: int
    institution_id: int
    inspectors: list[int]
    checked_on: date | None
    in_order: bool | None = Field(alias="is_in_order")
    finding: str
    recorded_at: datetime | None
    published_at: datetime | None

    @staticmethod
    def resolve_inspectors(one: Check) -> list[int]:
        return [one.first_id, one.second_id]


class DrawOut(Schema):
    id: int
    title: str
    region_code: str
    announced_at: datetime | None
    draws_at: datetime | None
    source: str
    commitment: str
    lists_digest: str
    secret: str
    figure: str
    seed: str
    percent: int
    drawn_at: datetime | None
    due_on: date
    drawn: int
    published: int = Field(alias="told")

    @staticmethod
    def resolve_secret(one: Draw) -> str:
        return one.secret if one.drawn_at else ""


class BodyOut(Schema):
    id: int
    name: str
    waits: bool
    persons: list[int]


class InspectorOut(Schema):
    id: int
    person: int | None


class WholeOut(DrawOut):
    """With both lists as they were drawn from, so that it can be drawn again."""

    institutions: list[BodyOut] = Field(alias="bodies")
    inspectors: list[InspectorOut]
    holds: bool
    checks: list[CheckOut]

    @staticmethod
    def resolve_holds(one: Draw) -> bool:
        return queries.holds_still(one)

    @staticmethod
    def resolve_checks(one: Draw, context: Any) -> list[Check]:
        return list(queries.checks_shown(context["request"].user, one.pk))


@draws.get("", response=list[DrawOut])
@paginate
def draw_list(request: Request, region_code: str = "") -> QuerySet[Draw]:
    found = queries.draws(request.user)
    return found.filter(region_code=region_code) if region_code else found


@draws.post("", response=WholeOut)
def announce_draw(request: Request, given: AnnounceIn) -> Draw:
    """Fix both lists and a secret by their digests; drawn later, with a figure that nobody knows yet (N11.2)."""
    made = actions.announce_draw(by=request.user, now=timezone.now(), **given.dict())
    return queries.draw(request.user, made.pk)


@draws.post("/{draw_id}/draw", response=WholeOut)
def draw(request: Request, draw_id: int, given: FigureIn) -> Draw:
    """Draw what was announced, with the figure as it was published since."""
    actions.draw(by=request.user, draw_id=draw_id, figure=given.figure, now=timezone.now())
    return queries.draw(request.user, draw_id)


@draws.get("/{draw_id}", response=WholeOut)
def one_draw(request: Request, draw_id: int) -> Draw:
    return queries.draw(request.user, draw_id)


@draws.post("/checks/{check_id}", response=CheckOut)
def record_check(request: Request, check_id: int, given: CheckIn) -> Check:
    """What one of the two found; again until the other signs."""
    return actions.record_check(by=request.user, check_id=check_id, now=timezone.now(), **given.dict())


@draws.post("/checks/{check_id}/sign", response=CheckOut)
def sign_check(request: Request, check_id: int) -> Check:
    """The other signs, and everyone may read it."""
    return actions.sign_check(by=request.user, check_id=check_id, now=timezone.now())
