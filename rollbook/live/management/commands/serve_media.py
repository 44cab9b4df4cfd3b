import os
import subprocess  # nginx is a program
import sys
from getpass import getuser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollbook.live import files


class Command(BaseCommand):
    help = "Run the media server that cameras send to, until stopped: nginx with its RTMP module, of Debian."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--site", default="http://127.0.0.1:8000", help="where the site is, which says who may send"
        )
        parser.add_argument("--rtmp-port", type=int, default=1935, help="plain RTMP, for this machine alone")
        parser.add_argument("--listen", default="0.0.0.0", help="the address at which RTMPS is taken")  # noqa: S104 TLS
        parser.add_argument("--rtmps-port", type=int, default=1936)
        parser.add_argument("--certificate", default="", help="with it cameras of other buildings send by RTMPS")
        parser.add_argument("--certificate-key", default="")

    def handle(self, **options: Any) -> None:
        if not files.has_media_server():
            raise CommandError(
                "nginx, its RTMP module or ffmpeg is missing: apt-get install nginx-light libnginx-mod-rtmp ffmpeg"
            )
        front = None
        if options["certificate"]:
            if not files.STREAM_MODULE.exists():
                raise CommandError("nginx's stream module is missing: apt-get install libnginx-mod-stream")
            if missing := [one for one in ("certificate", "certificate_key") if not os.path.isfile(options[one])]:
                raise CommandError(f"No such file: {', '.join(f'--{one} {options[one]}' for one in missing)}")
            paths = [os.path.abspath(options[one]) for one in ("certificate", "certificate_key")]
            front = files.Front(options["rtmps_port"], *paths)
        user = getuser() if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
        text = files.configuration(
            rtmp_port=options["rtmp_port"],
            site=options["site"],
            hook_key=settings.MEDIA_HOOK_KEY,
            user=user,
            listen=options["listen"],
            front=front,
        )
        where = files.media_folder().resolve() / "nginx.conf"
        where.write_text(text, encoding="utf-8")
        where.chmod(0o600)  # it has the key of the hooks
        self.stdout.write(f"Cameras send to rtmp://127.0.0.1:{options['rtmp_port']}/live")
        if front:
            self.stdout.write(f"and to rtmps://{options['listen']}:{front.port}/live")
        log = str(where.parent / "error.log")
        command = ["nginx", "-p", str(where.parent), "-e", log, "-c", str(where)]
        sys.exit(subprocess.call(command))  # noqa: S603 our own
