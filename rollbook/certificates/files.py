"""Certificates as PDF: one compiler, kept, since starting it and reading the fonts takes longest."""

import json
import threading
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import segno
import typst
from django.conf import settings

from rollbook.certificates.rules import State

if TYPE_CHECKING:
    from rollbook.certificates.models import Certificate

TEMPLATE = Path(__file__).parent / "data" / "certificate.typ"
LEVELS = {
    "0": ("无等级", "no level"),
    "5": ("初级/五级", "level 5"),
    "4": ("中级/四级", "level 4"),
    "3": ("高级/三级", "level 3"),
    "2": ("技师/二级", "level 2"),
    "1": ("高级技师/一级", "level 1"),
}
_lock = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    fonts = Path(settings.NODE_MODULES) / "@expo-google-fonts/noto-sans-sc"
    return typst.Compiler(
        str(TEMPLATE), font_paths=[str(fonts / "400Regular"), str(fonts / "700Bold")], ignore_system_fonts=True
    )


def pdf(certificates: "Sequence[Certificate]", base_url: str) -> bytes:
    """One page a certificate, in Chinese and English, with a QR code to the public verification."""
    content = json.dumps([_fields(one, base_url) for one in certificates], ensure_ascii=False)
    with _lock:  # the compiler keeps its inputs while it works
        made = _compiler().compile(format="pdf", sys_inputs={"certificates": content})
    return made if isinstance(made, bytes) else b""


def _fields(one: "Certificate", base_url: str) -> dict[str, object]:
    svg = BytesIO()
    segno.make(f"{base_url}/verify/{one.token}/", error="m").save(svg, kind="svg", border=1)
    zh, en = LEVELS[one.level]
    return {
        "name": one.name,
        "id_masked": one.id_masked,
        "institution": one.institution_name,
        "project": one.project,
        "level_zh": zh,
        "level_en": en,
        "hours": one.hours,
        "starts_on": one.starts_on.isoformat(),
        "ends_on": one.ends_on.isoformat(),
        "issued_on": one.issued_on.isoformat(),
        "number": one.number,
        "revoked": one.state == State.REVOKED,
        "qr": svg.getvalue().decode(),
    }
