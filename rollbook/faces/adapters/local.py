"""Matching in this process, with dlib and the models of `face-recognition-models` (CC0): the extra `face`."""

import struct
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from rollbook.faces import rules
from rollbook.faces.adapters import Encoded
from rollbook.faces.rules.liveness import Frame, apart, frame
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason

MODEL = "dlib-resnet-v1"
MOST_BYTES = 2 * 2**20
MOST_PIXELS = 12_000_000
SIDE = 640  # pixels of the longer side in which faces are looked for
WIDE = 1280  # of a picture of many people
FACE = 150  # pixels to which a face is brought before its sharpness is measured
LAYOUT = f"<{rules.SIZE}f"


@lru_cache(maxsize=1)
def matcher() -> "Local | None":
    """None where the packages of the extra are not installed."""
    models = find_spec("face_recognition_models")
    if find_spec("dlib") is None or models is None or not models.submodule_search_locations:
        return None
    # The package is found and never imported: it asks for pkg_resources, which setuptools no longer has.
    return Local(Path(models.submodule_search_locations[0]) / "models")


class Local:
    model = MODEL

    def __init__(self, folder: Path) -> None:
        import dlib

        self._detect: Any = dlib.get_frontal_face_detector()
        self._landmarks: Any = dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat"))
        self._network: Any = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def encode(self, picture: bytes) -> Encoded:
        pixels = _pixels(picture)
        found = self._detect(pixels, 1)
        if len(found) != 1:
            return Encoded(rules.Quality(faces=len(found), width=0, sharpness=0, brightness=0, turn=0))
        box = found[0]
        shape = self._landmarks(pixels, box)
        vector = self._vector(pixels, shape)
        seen = frame(_points(shape), vector)
        sharpness, brightness = _clarity(pixels, box)
        quality = rules.Quality(
            faces=1, width=box.width(), sharpness=sharpness, brightness=brightness, turn=seen.turn
        )  # fmt: skip
        return Encoded(quality, struct.pack(LAYOUT, *vector), vector, seen)

    def frames(self, pictures: Sequence[bytes]) -> list[Frame | None]:
        return [self._frame(one) for one in pictures]

    def _frame(self, picture: bytes) -> Frame | None:
        """The largest face: somebody may pass behind. Its vector tells whether it is the same person throughout."""
        pixels = _pixels(picture)
        found = self._detect(pixels, 0) or self._detect(pixels, 1)
        if not found:
            return None
        shape = self._landmarks(pixels, max(found, key=lambda box: box.area()))
        return frame(_points(shape), self._vector(pixels, shape))

    def faces(self, picture: bytes) -> list[tuple[int, int, int, int]]:
        """Where the faces of a picture of many people are: left, top, right, bottom. Those who look down or away, and
        those below some thirty pixels, are mostly not found (docs/benchmarks.md, Heads)."""
        boxes = self._detect(_pixels(picture, WIDE), 1)
        return [(box.left(), box.top(), box.right(), box.bottom()) for box in boxes]

    def compare(self, template: bytes, picture: bytes) -> float:
        seen = self.encode(picture)
        if not seen.vector:
            return 0.0
        return rules.score(apart(struct.unpack(LAYOUT, template), seen.vector))

    def nearest(self, template: bytes, picture: bytes) -> float | None:
        pixels = _pixels(picture, WIDE)
        near = [box for box in self._detect(pixels, 0) if box.width() >= rules.LEAST_WIDTH]
        if not near:
            return None
        shape = self._landmarks(pixels, max(near, key=lambda box: box.area()))
        return rules.score(apart(struct.unpack(LAYOUT, template), self._vector(pixels, shape)))

    def count(self, picture: bytes) -> int:
        return len(self.faces(picture))

    def _vector(self, pixels: Any, shape: Any) -> tuple[float, ...]:
        return tuple(self._network.compute_face_descriptor(pixels, shape))


def _pixels(picture: bytes, side: int = SIDE) -> Any:
    """A picture as dlib takes it; refused where it is none, before anything large is decoded."""
    if len(picture) > MOST_BYTES:
        raise Refused(reason("face-file", _("A picture of a face may have at most 2 MB."), "N7.2"))
    try:
        with Image.open(BytesIO(picture), formats=["JPEG", "PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused(reason("face-file", _("A picture of a face may have at most 12 million pixels."), "N7.2"))
            image.draft("RGB", (side, side))
            seen = image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Refused(reason("face-file", _("The picture cannot be read; take it again."), "N7.2")) from None
    seen.thumbnail((side, side))
    return np.asarray(seen)


def _points(shape: Any) -> list[tuple[float, float]]:
    return [(part.x, part.y) for part in shape.parts()]


def _clarity(pixels: Any, box: Any) -> tuple[float, float]:
    """Sharpness and brightness of the face itself, brought to one size."""
    top, left = max(box.top(), 0), max(box.left(), 0)
    face = Image.fromarray(pixels[top : box.bottom(), left : box.right()]).convert("L").resize((FACE, FACE))
    grey = np.asarray(face, dtype=np.float64)
    edges = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1] - 4 * grey[1:-1, 1:-1]
    return float(edges.std()), float(grey.mean())
