"""`evaluate_screening media/province`: precision and recall of screening, per scheme and detector.

A scheme is found when one of the detectors that should find it has found one of the subjects that it should find it
by. A hit is right when a scheme touched its subject; one on a trainee or claim also when a scheme tainted the whole
class. An alert is all hits of one kind of deceit on one subject, or on the trainees and claims of one class, as the
system files them; it is right when one of its hits is. Limits are the detectors' defaults.

With `--register`: of a province that `rollbook-simulate load` loaded and `manage.py screen_everyone` screened, what the
register refused, what screening found, and what was missed; then the same figures, of the alerts that were filed.
"""

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
import ibis
import pyarrow.parquet as pq

from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.rules import Detector, grouped
from simulators.province.making import SCHEMES
from simulators.province.schemes import LIKELY

Subject = tuple[str, int]
Hit = tuple[str, str, int]
Alert = tuple[str, int, str]


@dataclass(slots=True)
class Screened:
    """What the detectors found on a lake."""

    found: dict[str, set[int]] = field(default_factory=dict)  # by detector
    seconds: dict[str, float] = field(default_factory=dict)

    def has(self, detectors: set[str], wanted: set[Subject]) -> bool:
        """Whether one of the detectors that should find a scheme found one of what it should find it by."""
        return any(
            DETECTORS[code].subject.value == kind and number in self.found[code]
            for code in detectors
            for kind, number in wanted
        )

    def alerts(self, of_class: "Mapping[Subject, int]") -> "dict[Alert, list[Hit]]":
        """Alerts as the system files them, with the hits behind each: detector, kind and number of its subject. Without
        the classes, as they were filed before: one a trainee or claim."""
        found: dict[Alert, list[Hit]] = defaultdict(list)
        for code, subjects in self.found.items():
            one = DETECTORS[code]
            for number in subjects:
                home, home_id = grouped(one.subject, number, of_class.get((one.subject.value, number)))
                found[home.value, home_id, one.scheme.value].append((code, one.subject.value, number))
        return dict(found)


def tables(root: Path, memory: str) -> Tables:
    """The folders of a lake as tables; a table that nobody wrote is empty."""
    engine = ibis.duckdb.connect(memory_limit=memory, temp_directory=str(root / "working"), threads=2)

    def make(name: str) -> Any:
        files = sorted(map(str, (root / name).rglob("*.parquet")))
        if not files:
            return engine.create_table(f"empty_{name}", schema=SHAPES[name].schema, temp=True)
        return engine.read_parquet(files, table_name=name, hive_partitioning=False)

    return Tables(make)


def screen(root: Path, memory: str = "4GB") -> Screened:
    lake, done = tables(root, memory), Screened()
    for code, detector in DETECTORS.items():
        began = time.monotonic()
        done.found[code] = set(subjects(detector, lake))
        done.seconds[code] = time.monotonic() - began
    return done


def subjects(detector: Detector, lake: Tables) -> Iterator[int]:
    found = detector.find(lake, detector.defaults())
    yield from found.select("subject_id").distinct().to_pyarrow()["subject_id"].to_pylist()


@dataclass(slots=True)
class Truth:
    """What the schemes touched."""

    instances: dict[int, tuple[str, set[str], set[Subject]]]  # scheme, detectors, what they should find
    touched: set[Subject]
    whole: set[int]  # classes that are tainted as such

    @classmethod
    def of(cls, root: Path) -> "Truth":
        instances: dict[int, tuple[str, set[str], set[Subject]]] = {}
        touched, whole = set(), set()
        for row in pq.read_table(root / "truth.parquet").to_pylist():
            touched.add((row["kind"], row["subject_id"]))
            if row["detectors"]:
                one = instances.setdefault(row["instance"], (row["scheme"], set(row["detectors"].split(",")), set()))
                one[2].add((row["kind"], row["subject_id"]))
                if row["kind"] == "class":
                    whole.add(row["subject_id"])
        return cls(instances, touched, whole)


def classes_of(root: Path) -> dict[Subject, int]:
    """The class of each trainee and claim."""
    found: dict[Subject, int] = {}
    for kind, table in (("enrolment", "enrolments"), ("claim", "claims")):
        for file in (root / table).rglob("*.parquet"):
            part = pq.ParquetFile(file).read([f"{kind}_id", "class_id"])
            found.update(
                ((kind, one), klass) for one, klass in zip(part[0].to_pylist(), part[1].to_pylist(), strict=True)
            )
    return found


@dataclass(slots=True)
class Verdict:
    schemes: dict[str, tuple[int, int]]  # found, made
    detectors: dict[str, tuple[int, int]]  # right, all its hits
    right: int
    alerts: int
    right_hits: int
    hits: int
    ungrouped: int  # alerts, were each trainee and claim one
    per_scheme: dict[str, tuple[int, int]]  # alerts as they are, and ungrouped

    @property
    def recall(self) -> float:
        return sum(f for f, _ in self.schemes.values()) / max(sum(m for _, m in self.schemes.values()), 1)

    @property
    def precision(self) -> float:
        return self.right / max(self.alerts, 1)


def judge(root: Path, screened: Screened) -> Verdict:
    truth, of_class = Truth.of(root), classes_of(root)
    schemes = dict.fromkeys(SCHEMES, (0, 0))
    for scheme, detectors, wanted in truth.instances.values():
        found, made = schemes[scheme]
        schemes[scheme] = found + screened.has(detectors, wanted), made + 1
    per: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    right, alerts, ungrouped = 0, screened.alerts(of_class), screened.alerts({})
    for hits in alerts.values():
        true = [
            (kind, number) in truth.touched or of_class.get((kind, number)) in truth.whole
            for _code, kind, number in hits
        ]
        right += any(true)
        for (code, _kind, _number), is_right in zip(hits, true, strict=True):
            per[code][0] += is_right
            per[code][1] += 1
    now, before = (Counter(scheme for _kind, _number, scheme in some) for some in (alerts, ungrouped))
    return Verdict(
        schemes, {code: (a, b) for code, (a, b) in sorted(per.items())}, right, len(alerts),
        sum(a for a, _b in per.values()), sum(b for _a, b in per.values()), len(ungrouped),
        {scheme: (now[scheme], before[scheme]) for scheme in sorted(before)},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        "evaluate_screening", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--register", action="store_true", help="what became of it where it was loaded and screened")
    asked = parser.parse_args()
    if asked.register:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
        django.setup()
        from simulators.province.loading import report as loaded  # models: only where there is a register

        screened = loaded.screened()
        lines = [*loaded.told(loaded.fates(asked.folder)), ""]
    else:
        screened, lines = screen(asked.folder, asked.memory), []
    for line in [*lines, *report(judge(asked.folder, screened), screened)]:
        print(line)  # noqa: T201 what was asked for


def report(verdict: Verdict, screened: Screened) -> Iterator[str]:
    yield f"{'scheme':38} {'found':>6} {'made':>6}"
    for name, (found, made) in verdict.schemes.items():
        kind = "likely" if name in LIKELY else ""
        yield f"{name:38} {found:6} {made:6} {kind}{'' if found == made else '  MISSED'}"
    yield ""
    yield f"{'detector':10} {'hits':>7} {'right':>7} {'precision':>9} {'s':>7}"
    for code, (right, all_of_it) in verdict.detectors.items():
        yield f"{code:10} {all_of_it:7} {right:7} {100 * right / all_of_it:8.0f}% {screened.seconds[code]:7.2f}"
    yield ""
    yield f"{'kind of deceit':14} {'alerts':>7} {'one each':>9}"
    for name, (now, before) in verdict.per_scheme.items():
        yield f"{name:14} {now:7} {before:9}"
    yield ""
    yield f"{verdict.alerts} alerts, {verdict.ungrouped} were each trainee and claim one of its own"
    yield f"{verdict.right_hits} of {verdict.hits} hits are right, {100 * verdict.right_hits / max(verdict.hits, 1):.1f} %"
    yield f"recall of schemes {100 * verdict.recall:.1f} %, precision of {verdict.alerts} alerts {100 * verdict.precision:.1f} %"
    yield f"{len(SCHEMES)} schemes, {len(DETECTORS)} detectors, {sum(screened.seconds.values()):.1f} s"


if __name__ == "__main__":
    main()
