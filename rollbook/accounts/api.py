"""Keys of institutions' own systems, as the API takes them."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate
from ninja.security import HttpBearer

from rollbook.accounts import actions
from rollbook.accounts.models import Account
from rollbook.accounts.rules import Permission, holds, opens
from rollbook.journal import queries as journal_queries
from rollbook.kernel.reasons import Forbidden


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <key>`: the request then acts as the account that made the key."""

    def authenticate(self, request: HttpRequest, token: str) -> Account | None:
        found = actions.use_token(token, timezone.now())
        if found is None:
            return None
        area = request.path.removeprefix("/api/").partition("/")[0]
        if not opens(found.scopes, area):
            raise Forbidden(area)
        request.user = found.account
        request.token_scopes = frozenset(found.scopes)  # type: ignore[attr-defined]
        return found.account


token_auth = TokenAuth()


journal = Router(tags=["journal"])


class EntryOut(Schema):
    id: int
    at: datetime
    by: str
    kind: str
    subject: str
    title: str
    region_code: str
    data: dict[str, Any]

    @staticmethod
    def resolve_by(entry: Any) -> str:
        return str(entry.by or "")


@journal.get("", response=list[EntryOut])
@paginate
def entries(
    request: HttpRequest,
    kind: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """The journal as far as the account may read it, newest first (N14.1); never with a key."""
    by: Any = request.user
    if getattr(request, "token_scopes", None) is not None or not holds(by, Permission.JOURNAL_READ):
        raise Forbidden(Permission.JOURNAL_READ)
    asked = {"kind": kind, "subject": subject, "at__gte": since, "at__lt": until}
    return journal_queries.visible_to(by).filter(**{name: value for name, value in asked.items() if value})
