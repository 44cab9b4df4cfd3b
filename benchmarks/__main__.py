"""Every module here that has `run()`, and one table of what was measured beside its goal."""

import os
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import django

WIDTH = (46, 26)


def main(names: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    os.environ.setdefault("DEMO", "1")
    django.setup()
    found = sorted(one.name for one in iter_modules([str(Path(__file__).parent)]) if not one.name.startswith("_"))
    print(f"{'What':{WIDTH[0]}}{'Measured':{WIDTH[1]}}Goal")
    for name in names or found:
        run = getattr(import_module(f"benchmarks.{name}"), "run", None)
        for what, figure, goal in run() if run else ():
            print(f"{what:{WIDTH[0]}}{figure:{WIDTH[1]}}{goal}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
