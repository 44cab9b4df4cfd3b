"""A matcher for tests: a picture is JSON that says whose face is in it and how it looks."""

import json
import struct
from io import BytesIO
from random import Random

from PIL import Image

from rollbook.faces import adapters, rules
from rollbook.faces.adapters import Encoded, Unavailable
from rollbook.faces.rules.liveness import Frame, apart

LAYOUT = f"<{rules.SIZE}f"


def vector(person, off=0.0):
    """Two people are 1.4 apart, as dlib's are; `off` moves one away from itself."""
    dice = Random(person)  # noqa: S311 a test's own
    drawn = [dice.gauss(0, 1) for _ in range(rules.SIZE)]
    length = sum(one * one for one in drawn) ** 0.5
    found = [one / length for one in drawn]
    found[0] += off
    return tuple(found)


def picture(person=1, **looks) -> bytes:
    return json.dumps({"person": person, **looks}).encode()


def taken(person=1, **looks) -> bytes:
    """The same as a real picture, which says it in its comment."""
    content = BytesIO()
    dots = Image.effect_noise((64, 64), 80).resize((160, 120))
    dots.save(content, "JPEG", comment=picture(person, **looks))
    return content.getvalue()


def answering(moves, person=1, picture=picture):
    """Pictures of somebody who does what was asked."""
    shown = {"left": {"turn": 0.5}, "right": {"turn": -0.5}, "blink": {"eyes": 0.1}}
    found = [picture(person), picture(person)]
    for one in moves:
        found += [picture(person, **shown[one]), picture(person)]
    return found


class Drawn:
    model = "drawn"

    def __init__(self):
        self.before = lambda: None  # what happens elsewhere while a face is looked at

    def encode(self, content):
        self.before()
        if content.startswith(b"\xff\xd8"):
            content = Image.open(BytesIO(content)).info["comment"]
        said = json.loads(content)
        if said.get("away"):
            raise Unavailable("away")
        faces = said.get("faces", 1)
        quality = rules.Quality(
            faces=faces, width=said.get("width", 200), sharpness=said.get("sharpness", 40),
            brightness=said.get("brightness", 120), turn=said.get("turn", 0.0),
        )  # fmt: skip
        if faces != 1:
            return Encoded(quality)
        found = vector(said["person"], said.get("off", 0.0))
        return Encoded(quality, struct.pack(LAYOUT, *found), found, Frame(quality.turn, said.get("eyes", 0.3), found))

    def frames(self, pictures):
        return [self.encode(one).frame for one in pictures]

    def count(self, content):
        return self.encode(content).quality.faces

    def nearest(self, template, content):
        return self.compare(template, content) if self.count(content) else None

    def compare(self, template, content):
        return rules.score(apart(struct.unpack(LAYOUT, template), self.encode(content).vector))


def set_up(monkeypatch, matcher=None):
    found = matcher or Drawn()
    monkeypatch.setattr(adapters, "matcher", lambda: found)
    return found
