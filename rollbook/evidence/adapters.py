"""A virus scanner, where there is one: clamd by its own protocol (`CLAMD_URL`)."""

import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason

SECONDS = 30
PART = 2**16


def check_for_viruses(content: bytes) -> None:
    """Refuse what clamd knows; refuse also while it cannot be asked: unknown is never clean."""
    if not settings.CLAMD_URL:
        return
    try:
        answer = _ask(content)
    except OSError:
        text = _("The virus scanner does not answer; nothing was stored. Try again in a few minutes.")
        raise Refused(reason("scanner-silent", text)) from None
    if answer.endswith(" FOUND"):
        name = answer.removeprefix("stream:").removesuffix(" FOUND").strip()
        raise Refused(reason("virus", _("The virus scanner found {name} in this file."), name=name))
    if not answer.endswith(" OK"):
        text = _("The virus scanner could not check this file: {answer}")
        raise Refused(reason("scanner-failed", text, answer=answer[:100]))


def _ask(content: bytes) -> str:
    """One INSTREAM exchange: parts with their lengths, an empty one, and the answer up to a zero byte."""
    with _connected() as scanner:
        scanner.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), PART):
            part = content[start : start + PART]
            scanner.sendall(struct.pack(">I", len(part)) + part)
        scanner.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and (more := scanner.recv(4096)):
            answer += more
    return answer.rstrip(b"\0").decode(errors="replace")


def _connected() -> socket.socket:
    where = urlsplit(settings.CLAMD_URL)
    if where.scheme == "unix":
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(SECONDS)
        try:
            made.connect(where.path)
        except OSError:
            made.close()
            raise
        return made
    return socket.create_connection((where.hostname or "127.0.0.1", where.port or 3310), timeout=SECONDS)
