"""Hostile and honest files: only what they claim to be, pixels untouched, what the camera wrote taken out."""

import zipfile
import zlib
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image, ImageChops

from rollbook.evidence import files
from rollbook.evidence.rules import Kind, distance
from rollbook.evidence.tests.pictures import photo, scene
from rollbook.kernel.reasons import Refused


def office(entries, **kept):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, value in {"[Content_Types].xml": "<Types/>", **entries}.items():
            packed.writestr(name, value)
    return content.getvalue()


def code_of(kind, content):
    with pytest.raises(Refused) as refused:
        files.examined(kind, content)
    return refused.value.reasons[0].code


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_the_camera_wrote_is_taken_out_and_kept_as_data(kind):
    """Domain 2.6: time and place are data of ours, and no longer in the file; not a pixel differs."""
    sent = photo(kind=kind)
    one = files.examined(Kind.PHOTO, sent)
    assert one.taken_at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert (one.latitude, one.longitude) == (32.06, 118.79)
    assert one.camera == {"make": "HUAWEI", "model": "P60"}
    with Image.open(BytesIO(sent)) as before, Image.open(BytesIO(one.content)) as after:
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is None
        left = dict(after.getexif())
        assert set(left) <= {274}, "nothing but which side is up"
        assert kind == "PNG" or left[274] == 6
    for told in (b"HUAWEI", b"2026:03:02", b"P60"):
        assert told in sent
        assert told not in one.content
    assert one.sha256 != one.sha256_sent


def test_nothing_hides_behind_the_end_of_a_picture():
    one = files.examined(Kind.PHOTO, photo() + b"PK\x03\x04 hidden archive")
    assert b"hidden" not in one.content
    one = files.examined(Kind.PHOTO, photo(kind="PNG") + b"<?php hidden")
    assert b"hidden" not in one.content


def test_the_same_scene_has_nearly_the_same_hash():
    """D50: smaller, encoded anew, another name; and another scene is far away."""
    one = files.examined(Kind.PHOTO, photo(1)).fingerprint
    again = BytesIO()
    scene(1).resize((320, 240)).save(again, "JPEG", quality=40)
    assert distance(one, files.examined(Kind.PHOTO, again.getvalue()).fingerprint) <= 5
    assert distance(one, files.examined(Kind.PHOTO, photo(2)).fingerprint) > 10


def png_of(width, height):
    def chunk(name, body):
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        (Kind.PHOTO, b"GIF89a....", "not-a-photo"),
        (Kind.PHOTO, b"%PDF-1.4 %%EOF", "not-a-photo"),
        (Kind.PHOTO, b"\xff\xd8\xff\xe0 not a picture", "picture-broken"),
        (Kind.PHOTO, photo()[:5000], "picture-broken"),
        (Kind.PHOTO, png_of(50_000, 50_000), "too-many-pixels"),
        (Kind.PHOTO, b"\xff\xd8\xff" + bytes(21 * 2**20), "file-too-large"),
        (Kind.PAPER, b"MZ\x90\x00 program", "file-type"),
        (Kind.PAPER, b"%PDF-1.4 cut", "pdf-cut"),
        (Kind.PAPER, b"%PDF-1.4 /OpenAction /JavaScript (x) %%EOF", "pdf-active"),
        (Kind.PAPER, b"PK\x03\x04 broken", "file-broken"),
        (Kind.PAPER, office({"word/document.xml": "0" * 30_000_000}), "archive-bomb"),
        (Kind.PAPER, office({f"word/{n}": "" for n in range(2001)}), "archive-bomb"),
        (Kind.PAPER, office({"word/document.xml": "x", "word/vbaProject.bin": "x"}), "macros"),
        (Kind.PAPER, office({"word/document.xml": "x", "word/embeddings/1.xlsx": "x"}), "nested-archive"),
        (Kind.PAPER, office({"readme.txt": "x"}), "file-type"),
    ],
)
def test_hostile_files_are_refused(kind, content, code):
    """quality.md: zip bombs, pixel floods, cut and disguised files: a clear error."""
    assert code_of(kind, content) == code


def test_papers_that_may_be_kept():
    assert files.examined(Kind.PAPER, b"%PDF-1.4 plain %%EOF").extension == "pdf"
    assert files.examined(Kind.PAPER, office({"word/document.xml": "<w/>"})).extension == "docx"
    assert files.examined(Kind.PAPER, office({"xl/workbook.xml": "<w/>"})).extension == "xlsx"
    assert files.examined(Kind.PAPER, photo()).extension == "jpg"
