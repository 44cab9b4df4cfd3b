"""`rollbook-simulate make media/province --enrolments 200000 --seed 1`: a province-year as Parquet files.
`rollbook-simulate load media/province`: the same into the register of `DATABASE_URL`, which must have no class yet.

--lessons 12     half-days of each class (25 make fifty check-ins a trainee)
--rate 0.02      share of the classes that a scheme taints
--processes 2    counties made at a time
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import django

from simulators.province.making import province


def main() -> None:
    parser = argparse.ArgumentParser(
        "rollbook-simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    deeds = parser.add_subparsers(required=True)
    make = deeds.add_parser("make", help="make a province-year, and the truth about its schemes apart")
    make.set_defaults(deed=made)
    make.add_argument("folder", type=Path)
    make.add_argument("--enrolments", type=int, default=200_000)
    make.add_argument("--seed", type=int, default=1)
    make.add_argument("--lessons", type=int, default=12)
    make.add_argument("--rate", type=float, default=0.02)
    make.add_argument("--processes", type=int, default=2)
    load = deeds.add_parser("load", help="fill an empty register with it, and tell what the register refused")
    load.set_defaults(deed=loaded)
    load.add_argument("folder", type=Path)
    asked = vars(parser.parse_args())
    asked.pop("deed")(**asked)


def made(*, folder: Path, **asked: Any) -> None:
    began = time.monotonic()
    rows = province(folder, **asked)
    print(f"{rows:,} rows in {time.monotonic() - began:.0f} s")  # noqa: T201 what was asked for


def loaded(*, folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
    django.setup()
    from simulators.province.loading import NotEmpty, load  # models: only where there is a register
    from simulators.province.loading.report import report

    try:
        done = load(folder, tell=print)
    except NotEmpty:
        raise SystemExit("There are classes in this register; a simulated province fills an empty one.") from None
    for line in report(folder, done):
        print(line)  # noqa: T201 what was asked for


if __name__ == "__main__":
    main()
