"""A person's own face, before the camera of the own phone. The pictures are looked at and not kept (S69)."""

from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.security import django_auth

from rollbook.faces import actions
from rollbook.faces.models import Challenge
from rollbook.faces.rules import liveness
from rollbook.web.requests import Request

router = Router(tags=["faces"], auth=django_auth)


class MoveOut(Schema):
    move: str
    words: str


class ChallengeOut(Schema):
    nonce: str
    moves: list[MoveOut]
    expires_at: datetime


@router.post("/challenges/{purpose}", response=ChallengeOut)
def challenge(request: Request, purpose: Literal["enrol", "check-in"]) -> dict[str, object]:
    """The moves to make now, in their order, for one answer within seconds."""
    made: Challenge = actions.challenge_account(by=request.user, purpose=purpose, now=timezone.now())
    moves = [{"move": one, "words": gettext(liveness.Move(one).label)} for one in made.moves]
    return {"nonce": made.nonce, "moves": moves, "expires_at": made.expires_at}


@router.post("/mine", response={204: None})
def enrol(request: Request, nonce: Form[str], pictures: File[list[UploadedFile]]) -> Status[None]:
    """Set up my face from the pictures (JPEG or PNG, 4 to 16) that answer a challenge."""
    actions.enrol(by=request.user, nonce=nonce, pictures=[one.read() for one in pictures], now=timezone.now())
    return Status(204, None)
