"""Keys of institutions' own systems, as the API takes them."""

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from rollbook.accounts import actions
from rollbook.accounts.models import Account


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <key>`: the request then acts as the account that made the key."""

    def authenticate(self, request: HttpRequest, token: str) -> Account | None:
        found = actions.use_token(token, timezone.now())
        if found is None:
            return None
        request.user = found.account
        request.token_scopes = frozenset(found.scopes)  # type: ignore[attr-defined]
        return found.account


token_auth = TokenAuth()
