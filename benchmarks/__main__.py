"""`python -m benchmarks [section …]`: each section, or all, measured here beside its goal."""

import os
import sys
from importlib import import_module

import django

SECTIONS = (
    "check_ins", "faults", "roster", "lists", "certificates", "ledger", "restore", "disk", "entitlement", "simulation",
    "races", "candidates", "lookups", "screening", "increment", "alerts",
    "facts", "matching", "faces", "heads",
)  # fmt: skip
WIDTHS = (58, 44, 26)


def main(names: list[str]) -> None:
    if unknown := set(names) - set(SECTIONS):
        raise SystemExit(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    os.environ.setdefault("DEMO", "1")
    django.setup()
    line("What", "Measured", "Goal", "")
    for name in names or SECTIONS:
        for one in import_module(f"benchmarks.{name}").run():
            line(one.what, one.shown, one.goal, one.verdict)


def line(*cells: str) -> None:
    widths = (*WIDTHS, 0)
    print(" ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
