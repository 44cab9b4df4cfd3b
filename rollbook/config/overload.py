"""What the server does when more comes than it can do: it says so at once, and does what it has begun."""

from collections.abc import Callable, Iterable
from itertools import count
from threading import BoundedSemaphore
from typing import Any

BODY = b'{"detail": "busy"}'


class Shedding:
    """Answers 503 with Retry-After where `most` requests are under way in this process already.

    A queue that grows without end helps nobody: each answer would come after the client has given up. Whoever is
    turned away has been told nothing that could be lost. The seconds to wait differ, so that they do not all come
    back at once.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], most: int) -> None:
        self.application = application
        self.free = BoundedSemaphore(most)
        self.turned_away = count()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not self.free.acquire(blocking=False):
            wait = str(1 + next(self.turned_away) % 4)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY))), ("Retry-After", wait)]
            start_response("503 Service Unavailable", headers)
            return [BODY]
        try:
            return self.application(environ, start_response)
        finally:
            self.free.release()
