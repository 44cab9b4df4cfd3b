"""Who compares faces: an approved vendor over HTTP, else the packages of the extra `face`, else nobody.

The contract is in docs/adapters/faces.md. What is not a clear answer is `Unavailable`: it never counts as a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from rollbook.faces import rules
from rollbook.faces.rules.liveness import Frame


class Unavailable(Exception):
    """No answer, or none that can be understood. Its text is for the record."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a matcher makes of one picture. Without a face, or with several, there is no template."""

    quality: rules.Quality
    template: bytes = b""
    vector: tuple[float, ...] = ()  # where the matcher gives one: by it near templates are found
    frame: Frame | None = None  # where it gives landmarks: by them liveness is decided


class FaceMatcher(Protocol):
    model: str  # templates of different models are not compared

    def encode(self, picture: bytes) -> Encoded:
        """The one face of a picture, as a template."""

    def frames(self, pictures: Sequence[bytes]) -> list[Frame | None]:
        """Turn and eyes of each picture; None where there is no face."""

    def compare(self, template: bytes, picture: bytes) -> float:
        """How sure it is that a picture is of the person of a template: 0 to 1."""

    def nearest(self, template: bytes, picture: bytes) -> float | None:
        """The same of the largest face of a picture of a room; None where none is near enough."""

    def count(self, picture: bytes) -> int:
        """How many faces it finds in a picture of a room: never all of them."""


def matcher() -> FaceMatcher | None:
    """The matcher that is set up here."""
    if settings.FACE_URL:
        from rollbook.faces.adapters.vendor import Vendor

        return Vendor()
    from rollbook.faces.adapters import local

    return local.matcher()
