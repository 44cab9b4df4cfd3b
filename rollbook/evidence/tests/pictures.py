"""Pictures made for a test: a scene of coloured blocks, as a camera would write it."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from rollbook.evidence.rules import Keep, Place, months_later


def scene(seed: int = 1, size=(640, 480)) -> Image.Image:
    dice = Random(seed)  # noqa: S311 a test's own
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        colour = tuple(dice.randrange(256) for _ in range(3))
        draw.rectangle((x, y, x + dice.randrange(20, 200), y + dice.randrange(20, 200)), fill=colour)
    return image


def photo(
    seed: int = 1, *, taken: str = "2026:03:02 09:30:00", place=True, kind="JPEG", quality=90, **changes
) -> bytes:
    """A photograph with what a phone writes into it."""
    image, exif = scene(seed, **changes), Image.Exif()
    exif[271], exif[272], exif[274] = "HUAWEI", "P60", 6
    exif.get_ifd(0x8769)[36867] = taken
    if place:
        exif.get_ifd(0x8825).update({1: "N", 2: (32.0, 3.0, 36.0), 3: "E", 4: (118.0, 47.0, 24.0)})
    content = BytesIO()
    image.save(
        content, kind, exif=exif.tobytes(), **({"quality": quality, "progressive": True} if kind == "JPEG" else {})
    )
    return content.getvalue()


def place(now, *, subject="classes.Lesson:1", dossier="classes.TrainingClass:1", gigabytes=1, **changes) -> Place:
    values = {
        "subject": subject, "dossier": dossier, "region_code": "320102", "institution_id": 1, "keep": Keep.FILE,
        "keep_until": months_later(now.date(), 120), "gigabytes": gigabytes, **changes,
    }  # fmt: skip
    return Place(**values)
