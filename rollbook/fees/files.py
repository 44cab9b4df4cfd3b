"""A receipt as PDF, with a code that anyone can check."""

import json
import threading
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import segno
import typst
from django.conf import settings

from rollbook.fees.rules import EntryKind
from rollbook.kernel.money import yuan

if TYPE_CHECKING:
    from rollbook.fees.models import Entry

TEMPLATE = Path(__file__).parent / "data" / "receipt.typ"
MEANS = {"cash": "现金 cash", "transfer": "银行转账 transfer", "card": "银行卡 card", "phone": "手机支付 phone"}
_lock = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    fonts = Path(settings.NODE_MODULES) / "@expo-google-fonts/noto-sans-sc"
    return typst.Compiler(
        str(TEMPLATE), font_paths=[str(fonts / "400Regular"), str(fonts / "700Bold")], ignore_system_fonts=True
    )


def pdf(one: "Entry", url: str) -> bytes:
    """One page, in Chinese and English; `url` is where the receipt is checked."""
    svg = BytesIO()
    segno.make(url, error="m").save(svg, kind="svg", border=1)
    person, klass = one.sign_up.person, one.sign_up.training_class
    fields = {
        "number": one.number, "name": person.name, "id_masked": person.id_masked, "taken": one.kind == EntryKind.TAKEN,
        "institution": klass.institution.name, "klass": f"{klass.title} {klass.number or ''}".strip(),
        "yuan": yuan(one.amount_fen), "means": MEANS[one.means], "on": one.on.isoformat(), "note": one.note,
        "qr": svg.getvalue().decode(),
    }  # fmt: skip
    with _lock:  # the compiler keeps its inputs while it works
        made = _compiler().compile(format="pdf", sys_inputs={"receipt": json.dumps(fields, ensure_ascii=False)})
    return made if isinstance(made, bytes) else b""
