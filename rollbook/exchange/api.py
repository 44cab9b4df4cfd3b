import base64
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate

from rollbook.exchange import actions, queries
from rollbook.exchange.files.room import room
from rollbook.exchange.models import Batch, Wrong
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, Refused, reason
from rollbook.web.requests import Request
from rollbook.web.words import said

router = Router(tags=["exchange"])


class BatchOut(Schema):
    id: int
    feed: str
    number: str
    state: str
    as_of: date
    received_at: datetime
    rows: int
    wrong: int
    known: int
    new: int
    changed: int
    ended: int
    same: int
    reasons: list[dict[str, Any]]


class WrongOut(Schema):
    row: int
    column: str
    text: str

    @staticmethod
    def resolve_text(cell: Wrong) -> str:
        return said(cell.message)


class TakenOut(Schema):
    """What a source learns of its batch: how it was read, and each row that was not."""

    number: str
    state: str
    rows: int
    wrong: int
    cells: list[WrongOut]


class WhyIn(Schema):
    why: str = ""


def _for_people(request: Request) -> None:
    """Facts are no matter of an institution's own system: a key never reads them."""
    if getattr(request, "token_scopes", None) is not None:
        raise Forbidden("exchange")


@router.post("/batches", response=TakenOut, auth=None)
def push(
    request: Request,  # noqa: ARG001 the signature says who it is
    manifest: Form[str],
    signature: Form[str],
    file: File[UploadedFile],
) -> dict[str, Any]:
    """A department sends a batch: the manifest (base64 of JSON), the signature of its bytes (Ed25519, base64), the
    file. Whoever signs needs no account; the same batch again is answered in the same way."""
    try:
        content = base64.b64decode(manifest, validate=True)
    except ValueError:
        raise Refused(reason("manifest", _("The manifest is not readable; see the contract."), "N3.5")) from None
    with room(), tempfile.NamedTemporaryFile() as kept:
        for block in file.chunks():
            kept.write(block)
        kept.flush()
        batch = actions.take_push(manifest=content, signature=signature, path=Path(kept.name), now=timezone.now())
    figures = {name: getattr(batch, name) for name in ("number", "state", "rows", "wrong")}
    return figures | {"cells": list(queries.wrong_cells(batch))}


@router.get("/batches", response=list[BatchOut])
@paginate
def batches(request: Request, state: str = "", feed: str = "") -> QuerySet[Batch]:
    _for_people(request)
    asked = {name: value for name, value in (("state", state), ("feed", feed)) if value}
    return queries.visible_to(request.user).filter(**asked).order_by("-pk")


@router.get("/batches/{batch_id}/wrong", response=list[WrongOut])
@paginate
def wrong(request: Request, batch_id: int) -> QuerySet[Wrong]:
    _for_people(request)
    return queries.wrong_cells(queries.get(request.user, batch_id))


@router.post("/batches/{batch_id}/load", response=BatchOut)
def load(request: Request, batch_id: int, asked: WhyIn) -> Batch:
    _for_people(request)
    return actions.load_batch(by=request.user, batch_id=batch_id, why=asked.why, now=timezone.now())


@router.post("/batches/{batch_id}/refuse", response=BatchOut)
def refuse(request: Request, batch_id: int, asked: WhyIn) -> Batch:
    _for_people(request)
    return actions.refuse_batch(by=request.user, batch_id=batch_id, why=asked.why, now=timezone.now())
