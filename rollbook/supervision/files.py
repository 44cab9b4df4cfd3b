"""A dossier and a letter as PDF, and a dossier as an archive that can be checked without us."""

import csv
import hashlib
import json
import threading
import zipfile
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, Any

import typst
from django.conf import settings

DATA = Path(__file__).parent / "data"
_lock = threading.Lock()


@cache
def _compiler(name: str) -> typst.Compiler:
    fonts = Path(settings.NODE_MODULES) / "@expo-google-fonts/noto-sans-sc"
    return typst.Compiler(
        str(DATA / f"{name}.typ"),
        font_paths=[str(fonts / "400Regular"), str(fonts / "700Bold")],
        ignore_system_fonts=True,
    )


def pdf(content: dict[str, Any], name: str = "dossier") -> bytes:
    """A document by the name of its template."""
    with _lock:  # the compiler keeps its inputs while it works
        made = _compiler(name).compile(format="pdf", sys_inputs={name: json.dumps(content, ensure_ascii=False)})
    return made if isinstance(made, bytes) else b""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV that a spreadsheet opens as text; nothing in it becomes a formula."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(
            [f"'{cell}" if str(cell).startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in row]
        )
    return out.getvalue().encode("utf-8-sig")


class Archive:
    """A ZIP that grows file by file and knows the digest of each."""

    def __init__(self, to: IO[bytes]) -> None:
        self.zip = zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED)
        self.files: list[dict[str, Any]] = []

    def add(self, path: str, content: IO[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        packed = zipfile.ZIP_DEFLATED if path.endswith((".csv", ".json", ".py", ".txt")) else zipfile.ZIP_STORED
        info = zipfile.ZipInfo(path, date_time=(2026, 1, 1, 0, 0, 0))
        info.compress_type = packed
        with self.zip.open(info, "w", force_zip64=True) as out:
            while part := content.read(2**20):
                digest.update(part)
                size += len(part)
                out.write(part)
        self.files.append({"path": path, "size": size, "sha256": digest.hexdigest()})

    def close(self, told: dict[str, Any]) -> str:
        """Write the script and the manifest; gives the manifest's digest."""
        self.add("verify.py", BytesIO((DATA / "verify.txt").read_bytes()))
        content = json.dumps({**told, "files": self.files}, ensure_ascii=False, indent=1).encode()
        self.zip.writestr("manifest.json", content)
        self.zip.close()
        return hashlib.sha256(content).hexdigest()
