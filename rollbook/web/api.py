"""What endpoints of every context share."""

import hashlib
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from pydantic import TypeAdapter

from rollbook.kernel.reasons import Forbidden
from rollbook.web import actions

KEY = "Idempotency-Key"


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


def once(kind: Any, status: int = 200) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The endpoint does its deed once for each `Idempotency-Key` that an account sends, and answers the same again: a
    system that lost the answer may ask as often as it likes. `kind` and `status` are the endpoint's own."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def kept(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            def deed() -> str:
                return written(kind, view(request, *args, **kwargs)).content.decode()

            key = request.headers.get(KEY)
            content = deed() if key is None else actions.answer_once(
                by=request.user, key=key, asked=_asked(request), deed=deed, now=timezone.now()
            )  # fmt: skip
            return HttpResponse(content, "application/json", status)

        kept.once = True  # type: ignore[attr-defined]
        return kept

    return decorate


def _asked(request: HttpRequest) -> str:
    """The digest of what was asked; of a form with files its parts, for its body was read and is gone."""
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        found.update(request.body)
        return found.hexdigest()
    found.update(request.POST.urlencode().encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            found.update(f"\n{name}\n".encode() + file.read())
            file.seek(0)
    return found.hexdigest()


class Gathered:
    """A list for `paginate` of which each page is gathered at once from its rows, so that a page takes a fixed number of
    queries whatever its length."""

    def __init__(self, found: "QuerySet[Any]", gather: Callable[[list[Any]], Iterable[Any]]) -> None:
        self.found, self.gather = found, gather

    def __getitem__(self, part: slice) -> list[Any]:
        return list(self.gather(list(self.found[part])))

    def __len__(self) -> int:
        return self.found.count()


def written(kind: Any, answer: object) -> HttpResponse:
    """The answer as JSON of this type, for endpoints that are asked by the hundred a second: ninja's own way there
    goes through Python several times."""
    return HttpResponse(_adapter(kind).dump_json(_adapter(kind).validate_python(answer)), "application/json")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
