"""What endpoints of every context share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest

from rollbook.kernel.reasons import Forbidden


def scope(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The endpoint may be called with a key only if the key is for this; a session always may."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            scopes = getattr(request, "token_scopes", None)
            if scopes is not None and name not in scopes:
                raise Forbidden(name)
            return view(request, *args, **kwargs)

        checked.scope = name  # type: ignore[attr-defined]
        return checked

    return decorate
