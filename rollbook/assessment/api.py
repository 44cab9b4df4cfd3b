from django.utils import timezone
from ninja import Router, Schema

from rollbook.assessment import actions, queries
from rollbook.classes import queries as classes
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["assessment"])


class ScoreIn(Schema):
    theory: int | None = None
    practice: int | None = None
    is_absent: bool = False


class ScoreOut(Schema):
    enrolment_id: int
    theory: int | None
    practice: int | None
    is_absent: bool
    result: str


@router.get("/{class_id}", response=list[ScoreOut])
def scores(request: Request, class_id: int) -> list[object]:
    return list(queries.scores_of(classes.get(request.user, class_id).pk).values())


@router.put("/{class_id}/scores", response=list[ScoreOut])
@scope("scores")
def enter(request: Request, class_id: int, marks: dict[int, ScoreIn]) -> list[object]:
    """Scores by enrolment id; the same PUT is the same scores."""
    given = {pk: actions.Marks(**one.dict()) for pk, one in marks.items()}
    actions.enter_scores(by=request.user, class_id=class_id, marks=given, now=timezone.now())
    return list(queries.scores_of(class_id).values())
