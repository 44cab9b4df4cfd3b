"""How many of the faces in a picture of a classroom the detector in the tree finds, by their size (domain 2.6, D52).

No labelled pictures of classrooms may be used here, so frames are composed: the ORL faces (see faces.py) in rows on a grey,
grainy wall, forty in a frame of 1280 × 720, each a face of another person that looks about straight at the camera. Heads
in a real room look down or away, hide each other and are blurred, so that real figures are lower than these.
"""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image, ImageFilter

from benchmarks._figures import Figure

SIZES = (16, 20, 24, 32, 40, 48, 64)  # pixels of a face's width; in these pictures it is 0.7 of the picture's
PEOPLE, FRAMES = 40, 5
WIDTH, HEIGHT = 1280, 720
SHARE = 0.7


def run() -> Iterator[Figure]:
    from rollbook.config.demo.faces import orl
    from rollbook.faces.adapters import local

    matcher, folder = local.matcher(), orl()
    if matcher is None or folder is None:
        yield Figure("faces", "the extra `face` is not installed (requirements-face.txt)")
        return
    seconds = []
    for blur in (0.0, 1.0):
        for size in SIZES:
            found, wrong = 0, 0
            for number in range(1, FRAMES + 1):
                content, places = frame(folder, size, number, blur)
                began = time.perf_counter()
                boxes = matcher.faces(content)
                seconds.append(time.perf_counter() - began)
                hit = {n for n, place in enumerate(places) if any(inside(box, place) for box in boxes)}
                found += len(hit)
                wrong += sum(not any(inside(box, place) for place in places) for box in boxes)
            share = found / (PEOPLE * FRAMES)
            name = f"faces of {size} pixels" + (", blurred" if blur else "")
            yield Figure(name, f"{share:.1%} found, {wrong} found where none is, of {PEOPLE * FRAMES}")
    nothing = sum(len(matcher.faces(frame(folder, 48, number, 0.0, people=0)[0])) for number in range(20))
    yield Figure("faces found in twenty frames without any", f"{nothing}")
    yield Figure(
        "one frame",
        f"{sorted(seconds)[len(seconds) // 2] * 1000:.0f} ms in the middle, {max(seconds) * 1000:.0f} at most",
    )


def frame(
    folder: Path, size: int, number: int, blur: float, people: int = PEOPLE
) -> tuple[bytes, list[tuple[int, int, int, int]]]:
    """A frame with a face of each person, and where they are."""
    dice = Random(size * 100 + number)
    whole = Image.effect_noise((WIDTH, HEIGHT), 30).convert("RGB")
    width = round(size / SHARE)
    height = round(width * 112 / 92)
    places = []
    for n in range(people):
        left = round((n % 8 + 0.5) * WIDTH / 8 - width / 2) + dice.randint(-8, 8)
        top = round((n // 8 + 0.5) * HEIGHT / 5 - height / 2) + dice.randint(-6, 6)
        face = Image.open(folder / f"s{n + 1}" / f"{number}.pgm").convert("RGB")
        whole.paste(face.resize((width, height), Image.Resampling.LANCZOS), (left, top))
        places.append((left, top, left + width, top + height))
    if blur:
        whole = whole.filter(ImageFilter.GaussianBlur(blur))
    content = BytesIO()
    whole.save(content, "JPEG", quality=85)
    return content.getvalue(), places


def inside(box: tuple[int, int, int, int], place: tuple[int, int, int, int]) -> bool:
    """Whether the middle of a box lies in a place."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return place[0] <= x <= place[2] and place[1] <= y <= place[3]
