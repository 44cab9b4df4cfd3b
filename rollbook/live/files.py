"""The media server's folder, and ffmpeg's eyes."""

import re
import shutil
import subprocess  # ffmpeg is a program
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from PIL import Image

from rollbook.evidence.queries import fingerprint_of, frame
from rollbook.live import rules

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")  # of Debian
STALE_SECONDS = 30  # a playlist is written every two seconds
LEFT_SECONDS = 120  # a file that is being recorded grows all the time
DETECTORS = {
    rules.FaultKind.BLACK: f"blackdetect=d={rules.BLACK_SECONDS}:pix_th=0.10",
    rules.FaultKind.FROZEN: f"freezedetect=n=0.001:d={rules.FROZEN_SECONDS}",
    rules.FaultKind.STILL: f"freezedetect=n=0.004:d={rules.STILL_SECONDS}",
}
STREAM_MODULE = MODULE.with_name("ngx_stream_module.so")  # for RTMPS only
TEMPLATE = Path(__file__).parent / "data" / "nginx.conf"


def media_folder() -> Path:
    return Path(settings.MEDIA_SERVER_FOLDER)


def has_media_server() -> bool:
    """Whether this machine could serve live pictures at all."""
    return bool(shutil.which("nginx") and shutil.which("ffmpeg") and MODULE.exists())


def playlist(stream: str) -> Path:
    return media_folder() / "hls" / f"{stream}.m3u8"


def hls_part(stream: str, name: str) -> Path | None:
    """A file of a live picture by its name, and nothing else of that folder."""
    if not re.fullmatch(rf"{re.escape(stream)}(\.m3u8|-\d+\.ts)", name):
        return None
    path = media_folder() / "hls" / name
    return path if path.is_file() else None


def is_fresh(stream: str) -> bool:
    """Whether the media server wrote of this stream just now: what an outage left behind is no live picture."""
    where = playlist(stream)
    return where.is_file() and time.time() - where.stat().st_mtime < STALE_SECONDS


def live_picture(stream: str) -> Image.Image | None:
    """What the camera shows now."""
    if not is_fresh(stream):
        return None
    where = playlist(stream)
    parts = re.findall(rf"^({re.escape(stream)}-\d+\.ts)$", where.read_text(), re.MULTILINE)
    path = media_folder() / "hls" / parts[-1] if parts else None
    return frame(path, 0) if path and path.is_file() else None


def raw_file(path: str) -> tuple[Path, datetime] | None:
    """A file that the media server has just finished, inside its own folder, and when it began."""
    found = Path(path).resolve()
    named = re.fullmatch(r"[\w-]+-(\d{9,11})\.flv", found.name)
    if named is None or found.parent != (media_folder() / "records").resolve() or not found.is_file():
        return None
    return found, datetime.fromtimestamp(int(named[1]), UTC)


def left_behind() -> list[tuple[str, Path]]:
    """Finished files in the media server's folder, with their streams: nothing was added to them for a while."""
    found = (media_folder() / "records").glob("*.flv")
    old = [one for one in found if time.time() - one.stat().st_mtime > LEFT_SECONDS]
    return [(one.name.rpartition("-")[0], one) for one in sorted(old)]


def length_of(path: Path) -> float:
    made = _run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path))
    try:
        return float(made.stdout)
    except ValueError:
        return 0.0


def cut(path: Path, first: float, seconds: float, to: Path) -> bool:
    """Copy a stretch without encoding it anew; it begins at the key frame before."""
    made = _run("ffmpeg", "-v", "error", "-y", "-ss", f"{first:.3f}", "-i", str(path), "-t", f"{seconds:.3f}", "-c", "copy",
                "-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", str(to))  # fmt: skip
    return made.returncode == 0 and to.exists() and to.stat().st_size > 1000


def faults_in(path: Path, began_at: datetime, length: float) -> list[tuple[rules.FaultKind, rules.Span]]:
    """Black, frozen and still stretches, seen in a small picture a second: one pass over the file."""
    with TemporaryDirectory() as folder:
        told = {kind: Path(folder) / kind for kind in DETECTORS}
        each = [f"{filter_},metadata=print:file={told[kind]},metadata=delete" for kind, filter_ in DETECTORS.items()]
        _run("ffmpeg", "-v", "error", "-i", str(path), "-vf", ",".join(["fps=1,scale=160:-2", *each]), "-an",
             "-f", "null", "-")  # fmt: skip
        return [
            (kind, span)
            for kind, where in told.items()
            if where.exists()
            for span in rules.detected(where.read_text(), kind, began_at, length)
        ]


View = tuple[float, int, Image.Image]  # second, fingerprint, picture


def views(path: Path, length: float, count: int = 5) -> list[View]:
    """Some pictures of a recording, evenly spread."""
    found = []
    for n in range(count):
        second = length * (n + 0.5) / count
        if image := frame(path, second):
            found.append((second, fingerprint_of(image), image))
    return found


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=3600, check=False)  # noqa: S603 programs and files of ours


@dataclass(frozen=True, slots=True)
class Front:
    """Where cameras of other buildings send to: RTMPS, with a certificate and its key."""

    port: int
    certificate: str
    key: str

    def block(self, listen: str, rtmp_port: int) -> str:
        return (
            f"stream {{ server {{ listen {listen}:{self.port} ssl; ssl_certificate {self.certificate};"
            f" ssl_certificate_key {self.key}; ssl_protocols TLSv1.2 TLSv1.3; proxy_pass 127.0.0.1:{rtmp_port}; }} }}"
        )


def configuration(
    *, rtmp_port: int, site: str, hook_key: str, user: str, listen: str = "127.0.0.1", front: Front | None = None
) -> str:
    """nginx.conf for this machine: RTMP in from cameras, HLS and recordings into the folder, hooks to the site.

    Plain RTMP is for this machine alone; `listen` is where RTMPS is taken.
    """
    folder = media_folder()
    for part in ("hls", "records", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    values = {
        "MODULE": str(MODULE), "FOLDER": str(folder.resolve()), "PORT": str(rtmp_port),
        "SECONDS": str(settings.MEDIA_UPDATE_SECONDS), "HOOKS": f"{site.rstrip('/')}/live/hooks/{hook_key}",
        "USER": f"user {user};" if user else "", "STREAM": f"load_module {STREAM_MODULE};" if front else "",
        "FRONT": front.block(listen, rtmp_port) if front else "",
    }  # fmt: skip
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
