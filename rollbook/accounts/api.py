"""Keys of institutions' own systems, as the API takes them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from rollbook.accounts import actions
from rollbook.accounts.models import Account
from rollbook.kernel.reasons import Forbidden


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


def scope(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The endpoint may be called with a key only if the key is for this; a session always may."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            scopes = getattr(request, "token_scopes", None)
            if scopes is not None and name not in scopes:
                raise Forbidden(name)
            return view(request, *args, **kwargs)

        return checked

    return decorate
