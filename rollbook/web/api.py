"""What endpoints of every context share."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import TypeAdapter

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


def written(kind: Any, answer: object) -> HttpResponse:
    """The answer as JSON of this type, for endpoints that are asked by the hundred a second: ninja's own way there
    goes through Python several times."""
    return HttpResponse(_adapter(kind).dump_json(_adapter(kind).validate_python(answer)), "application/json")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
