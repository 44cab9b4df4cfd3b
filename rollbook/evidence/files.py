"""What a file really is, whatever its name says; and the shelf on which it is kept.

Pictures are cleaned without being encoded anew: the pixels stay those of the camera, what the camera wrote
beside them (time, place, model) is taken out and kept as data.
"""

import hashlib
import shutil
import struct
import subprocess  # ffmpeg is a program
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import imagehash
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from PIL import ExifTags, Image

from rollbook.evidence import rules
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if

PICTURES = {"JPEG": "jpg", "PNG": "png"}
OFFICE = {"[Content_Types].xml"}  # every document of Word and Excel has it
THUMBNAIL = 320
Image.MAX_IMAGE_PIXELS = None  # counted below, before anything is decoded
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"bKGD"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is kept of a file, and what it told about itself."""

    extension: str
    sha256_sent: str
    sha256: str
    content: bytes = b""
    path: Path | None = None  # instead of the content, where it is long
    size: int
    width: int = 0
    height: int = 0
    seconds: int = 0
    taken_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None
    camera: dict[str, str] = field(default_factory=dict)
    fingerprint: int | None = None
    thumbnail: bytes = b""


def examined(kind: rules.Kind, content: bytes) -> Examined:
    """A photograph or paper, looked at by its bytes; refused where it is not what it may be."""
    most = rules.MOST_BYTES[kind]
    if len(content) > most:
        raise Refused(reason("file-too-large", _("A file may have at most {most} MB."), most=most // rules.MEGABYTE))
    if content[:3] == b"\xff\xd8\xff" or content.startswith(PNG_START):
        return _picture(content)
    if kind == rules.Kind.PHOTO:
        raise Refused(reason("not-a-photo", _("Only JPEG and PNG photographs can be taken; this is none.")))
    if content.startswith(b"%PDF-"):
        return _plain(content, "pdf", _check_pdf)
    if content.startswith(b"PK\x03\x04"):
        return _plain(content, _office(content), None)
    raise Refused(reason("file-type", _("Only PDF, Word, Excel, JPEG and PNG files can be taken; this is none.")))


def _plain(content: bytes, extension: str, check: Any) -> Examined:
    if check:
        check(content)
    digest = hashlib.sha256(content).hexdigest()
    return Examined(extension=extension, sha256_sent=digest, sha256=digest, content=content, size=len(content))


def _check_pdf(content: bytes) -> None:
    """What a PDF says openly of running programs; a scanner looks deeper."""
    if b"%%EOF" not in content[-2048:]:
        raise Refused(reason("pdf-cut", _("The PDF ends too early; send it again.")))
    if any(word in content for word in (b"/JavaScript", b"/Launch", b"/EmbeddedFile")):
        raise Refused(reason("pdf-active", _("The PDF carries programs or other files; print it to a new PDF.")))


def _office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Refused(reason("file-broken", _("The document cannot be read; save it again."))) from None
    names = {one.filename for one in entries}
    refuse_if(
        rules.reasons_against_zip(
            len(entries),
            sum(one.file_size for one in entries),
            max((one.file_size / max(one.compress_size, 1) for one in entries), default=0),
            has_macros=any(name.endswith("vbaProject.bin") for name in names),
            nested=any(name.lower().endswith((".zip", ".docx", ".xlsx", ".jar", ".7z", ".rar")) for name in names),
        )
    )
    if names >= OFFICE and any(name.startswith("word/") for name in names):
        return "docx"
    if names >= OFFICE and any(name.startswith("xl/") for name in names):
        return "xlsx"
    raise Refused(reason("file-type", _("Only PDF, Word, Excel, JPEG and PNG files can be taken; this is none.")))


def _picture(content: bytes) -> Examined:
    try:
        with Image.open(BytesIO(content), formats=list(PICTURES)) as image:
            extension, pixels = PICTURES[image.format or ""], image.width * image.height
            if pixels > rules.MOST_PIXELS or getattr(image, "n_frames", 1) > 1:
                raise Refused(reason("too-many-pixels", _("The picture is too large; at most 50 million pixels.")))
            image.load()
            told = _told(image)
            clean = _clean_jpeg(content, told["orientation"]) if extension == "jpg" else _clean_png(content)
            seen = image.convert("RGB")
            size = image.size
    except Refused:
        raise
    except Exception:  # whatever a decoder stumbles over
        raise Refused(reason("picture-broken", _("The picture cannot be read; it may be cut off."))) from None
    fingerprint = fingerprint_of(seen)
    seen.thumbnail((THUMBNAIL, THUMBNAIL))
    small = BytesIO()
    seen.save(small, "JPEG", quality=70)
    told.pop("orientation")
    return Examined(
        extension=extension, sha256_sent=hashlib.sha256(content).hexdigest(), sha256=hashlib.sha256(clean).hexdigest(),
        content=clean, size=len(clean), width=size[0], height=size[1], fingerprint=fingerprint,
        thumbnail=small.getvalue(), **told,
    )  # fmt: skip


def fingerprint_of(image: Image.Image) -> int:
    """The perceptual hash of a picture, as a signed number of 64 bits."""
    bits = int(str(imagehash.phash(image)), 16)
    return bits - 2**64 if bits >= 2**63 else bits


def camera_time(content: bytes) -> datetime | None:
    """When a camera says that it took a picture; None where it says nothing, or this is no picture."""
    try:
        with Image.open(BytesIO(content), formats=list(PICTURES)) as image:
            found: datetime | None = _told(image)["taken_at"]
            return found
    except Exception:  # whatever a decoder stumbles over
        return None


def _told(image: Image.Image) -> dict[str, Any]:
    """When, where and with what a camera says that it took a picture."""
    exif = image.getexif()
    inner, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    names = {"make": 271, "model": 272, "software": 305}
    camera = {name: str(exif[tag]).strip("\0 ")[:64] for name, tag in names.items() if tag in exif}
    return {
        "orientation": int(exif.get(274, 1) or 1),
        "taken_at": _moment(str(inner.get(36867) or exif.get(306) or ""), str(inner.get(36881) or "")),
        "latitude": _degrees(place.get(2), place.get(1), "S", 90),
        "longitude": _degrees(place.get(4), place.get(3), "W", 180),
        "camera": camera,
    }


def _moment(text: str, offset: str) -> datetime | None:
    try:
        if offset:
            return datetime.strptime(f"{text} {offset}", "%Y:%m:%d %H:%M:%S %z")
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
    except ValueError:
        return None


def _degrees(parts: Any, side: Any, negative: str, most: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not 0 <= found <= most:  # also what is no number
        return None
    return round(-found if side == negative else found, 6)


def _clean_jpeg(content: bytes, orientation: int) -> bytes:
    """The same picture without the segments in which cameras and editors write; nothing behind its end."""
    kept, where = [b"\xff\xd8"], 2
    if orientation in range(2, 9):
        turned = Image.Exif()
        turned[274] = orientation
        body = turned.tobytes()
        kept.append(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    for marker, start, end in _segments(content, where):
        icc = marker == 0xE2 and content[start + 4 : start + 15] == b"ICC_PROFILE"
        if marker == 0xFE or (0xE1 <= marker <= 0xED and not icc) or marker == 0xEF:
            continue
        kept.append(content[start:end])
    return b"".join(kept)


def _segments(content: bytes, where: int) -> Iterator[tuple[int, int, int]]:
    """Marker, first and last byte of each part of a JPEG file; a scan goes with its data."""
    while True:
        while content[where + 1] == 0xFF:  # fill bytes
            where += 1
        if content[where] != 0xFF:
            raise ValueError("no marker")
        marker = content[where + 1]
        if marker == 0xD9:
            yield marker, where, where + 2
            return
        end = where + 2 + struct.unpack(">H", content[where + 2 : where + 4])[0]
        if marker == 0xDA:
            while not (content[end] == 0xFF and content[end + 1] not in (0, 0xFF, *range(0xD0, 0xD8))):
                end += 1
        yield marker, where, end
        where = end


def _clean_png(content: bytes) -> bytes:
    kept, where = [PNG_START], len(PNG_START)
    while where < len(content):
        length, name = struct.unpack(">I4s", content[where : where + 8])
        end = where + 12 + length
        if name in PNG_KEPT:
            kept.append(content[where:end])
        if name == b"IEND":
            break
        where = end
    return b"".join(kept)


# Videos


def has_ffmpeg() -> bool:
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


def examined_video(path: Path, folder: Path) -> Examined:
    """A video: its streams copied into a clean MP4 in `folder`, without what the camera wrote beside them."""
    if not has_ffmpeg():
        raise Refused(reason("no-ffmpeg", _("This server cannot look into videos: ffmpeg is not installed.")))
    if path.stat().st_size > rules.MOST_BYTES[rules.Kind.VIDEO]:
        most = rules.MOST_BYTES[rules.Kind.VIDEO] // rules.MEGABYTE
        raise Refused(reason("file-too-large", _("A file may have at most {most} MB."), most=most))
    with path.open("rb") as file:
        start = file.read(12)
    if start[4:8] != b"ftyp" and start[:4] != b"\x1a\x45\xdf\xa3":
        raise Refused(reason("not-a-video", _("Only MP4 and WebM videos can be taken; this is none.")))
    clean = folder / "clean.mp4"
    made = _run("ffmpeg", "-y", "-i", str(path), "-map", "0:v:0", "-map", "0:a?", "-c", "copy", "-map_metadata", "-1",
                "-fflags", "+bitexact", "-movflags", "+faststart", str(clean))  # fmt: skip
    if made.returncode or not clean.exists():
        raise Refused(reason("video-broken", _("The video cannot be read; it may be cut off.")))
    return kept_video(clean, sha256_of(path))


def kept_video(path: Path, sha256_sent: str = "") -> Examined:
    """A video as it will be kept: how long and large it is, a small picture and its fingerprint."""
    shown = _run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height:format=duration",
                 "-of", "default=noprint_wrappers=1", str(path))  # fmt: skip
    told = dict(line.partition("=")[::2] for line in shown.stdout.decode().split())
    try:
        width, height, seconds = int(told["width"]), int(told["height"]), float(told["duration"])
    except (KeyError, ValueError):
        raise Refused(reason("video-broken", _("The video cannot be read; it may be cut off."))) from None
    image = frame(path, seconds / 2)
    small = BytesIO()
    if image:
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        image.save(small, "JPEG", quality=70)
    digest = sha256_of(path)
    return Examined(
        extension=path.suffix[1:], sha256_sent=sha256_sent or digest, sha256=digest, path=path,
        size=path.stat().st_size, width=width, height=height, seconds=round(seconds), thumbnail=small.getvalue(),
    )  # fmt: skip


def frame(path: Path, second: float) -> Image.Image | None:
    """One picture of a video."""
    made = _run("ffmpeg", "-v", "error", "-ss", f"{second:.3f}", "-i", str(path), "-frames:v", "1", "-f", "image2pipe",
                "-c:v", "mjpeg", "-q:v", "3", "-")  # fmt: skip
    if made.returncode or not made.stdout:
        return None
    return Image.open(BytesIO(made.stdout)).convert("RGB")


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=600, check=False)  # noqa: S603 programs and files of ours


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# The shelf


def shelf() -> Storage:
    """Where the bytes lie: a folder of this machine, or any storage of django-storages (`EVIDENCE_STORAGE`)."""
    return storages["evidence"]


def put(name: str, one: Examined) -> None:
    """Lay the bytes on the shelf under their digest; the same bytes lie there once."""
    if shelf().exists(name) and digest_at(name) == one.sha256:
        return
    if shelf().exists(name):  # spoilt meanwhile: these are the right ones
        shelf().delete(name)
    if one.path is not None:
        with one.path.open("rb") as file:
            made = shelf().save(name, File(file))
    else:
        made = shelf().save(name, ContentFile(one.content))
    if made != name:  # somebody laid the same down at this moment
        shelf().delete(made)


def digest_at(name: str) -> str:
    """The digest of what lies there now; empty where nothing does."""
    try:
        with shelf().open(name) as file:
            digest = hashlib.sha256()
            for part in file.chunks():
                digest.update(part)
            return digest.hexdigest()
    except OSError:
        return ""


def opened(name: str) -> IO[bytes]:
    return shelf().open(name)


def drop(name: str) -> None:
    shelf().delete(name)
