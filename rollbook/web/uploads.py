"""Papers and photographs that people upload: only what they claim to be, and not too much of it."""

import hashlib
from io import BytesIO

from PIL import Image

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason

MOST_BYTES = 10 * 2**20
MOST_PIXELS = 50_000_000
Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is decoded
KINDS = {"JPEG": "jpg", "PNG": "png"}


def checked(content: bytes, *, photo_only: bool = False) -> tuple[str, str]:
    """The extension that the content really has, and its SHA-256; refused where it is neither
    a PDF nor a sane picture. The name that the sender gave is never used."""
    if len(content) > MOST_BYTES:
        raise Refused(reason("file-too-large", _("A file may have at most {most} MB."), most=MOST_BYTES // 2**20))
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"%PDF-") and not photo_only:
        return "pdf", digest
    try:
        with Image.open(BytesIO(content), formats=list(KINDS)) as image:
            kind, pixels = image.format or "", image.width * image.height
            if pixels <= MOST_PIXELS:
                image.verify()
    except Exception:
        raise Refused(reason("file-kind", _("Only PDF, JPEG and PNG files can be taken; this is none."))) from None
    if pixels > MOST_PIXELS:
        raise Refused(reason("too-many-pixels", _("The picture is too large; at most 50 million pixels.")))
    return KINDS[kind], digest
