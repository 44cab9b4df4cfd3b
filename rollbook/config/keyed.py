"""The short way of requests that carry a key or a ticket: machines at the API, phones that check in.

They have no session, no cookie and no page, so what middleware does for browsers (sessions, CSRF, messages, second
factors, content policy) is nothing to them and takes more time than a check-in does.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse


class Keyed:
    """Sends `Authorization: Bearer …` at the API the short way, all else the whole one."""

    def __init__(self, whole: Callable[..., Iterable[bytes]]) -> None:
        self.whole, self.short = whole, _handler(settings.MIDDLEWARE_OF_KEYS)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_keyed = environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer ")
        is_short = is_keyed and environ["PATH_INFO"].startswith("/api/")
        return (self.short if is_short else self.whole)(environ, start_response)


class Nobody:
    """Nobody is signed in until a key says who."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = AnonymousUser()
        return self.get_response(request)


def _handler(middleware: list[str]) -> WSGIHandler:
    """Django reads the list once, when a handler is made."""
    whole, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = whole
