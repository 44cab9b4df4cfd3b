"""What became of the rows of a simulated province in the register, and of its schemes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Hit, Step
from simulators.province.evaluate import Screened, Truth
from simulators.province.loading.bulk import Loader
from simulators.province.schemes import LIKELY

# What the register does not let be written, and by what.
IMPOSSIBLE = {
    "teacher-in-two-places": "teacher_is_in_one_place_at_a_time",
    "room-taken-twice": "room_is_taken_once_at_a_time",
    "rented-teacher": "teacher_id is of institutions_teacher",
    "certificates-sold": "enrolment_id is needed",
    "claimed-by-two-payees": "had_level_bars_lower",
}
# What screening reads no column or row of in the register itself, or what is not loaded into it.
NOT_CARRIED = {
    "leavers-of-the-firm": "the employer that a roster names is not screened",
    "shell-employer": "the employer that a roster names is not screened",
    "account-of-somebody-else": "whose an account is, the bank says before a payment",
    "cards-opened-together": "the register keeps no branch and no day of opening",
    "not-at-the-place": "distances are judged when a check-in comes",
    "certificate-claimed-in-two-regions": "another fund's payment names no occupation there",
    "amount-raised": "found by recomputation, which is not screening",
    "somebody-else-sat": "no photograph of a sitting is compared",
    "money-flows-back": "no table of transfers",
    "recruiting-fees": "no table of transfers",
    "no-material-bought": "no table of purchases",
    "complained-of-twice": "no source of complaints",
    "papers-of-another-body": "no source of documents",
    "reviewer-of-one-body": "reviews of claims that are none",
    "persons-looked-up": "the journal is written by deeds alone",
    "photo-of-another-class": "no pictures are made",
    "few-heads": "a count of heads needs its picture, and no pictures are made",
}


class Fate(NamedTuple):
    """Of one instance of a scheme: whether the register refused what makes it, and whether screening found it."""

    scheme: str
    is_refused: bool
    is_found: bool


def report(root: Path, done: Loader) -> Iterator[str]:
    """What was loaded, and what the register made impossible."""
    yield f"{'table':32} {'rows':>12} {'rows/s':>9}"
    for table, count in done.rows.items():
        yield f"{table:32} {count:12,} {count / done.seconds[table]:9,.0f}"
    impossible = {
        name: IMPOSSIBLE[scheme] for scheme, names in _named(root).values() for name in names if scheme in IMPOSSIBLE
    }
    every, of_schemes = Counter[str](), Counter[str]()
    for one in done.refusals:
        every[f"{one.table} {one.constraint}"] += 1
        of_schemes[f"{one.table} {one.constraint}"] += one.about in impossible
    yield ""
    yield f"{'refused by':60} {'rows':>7} {'of schemes':>10}"
    for words, count in every.most_common():
        yield f"{words:60} {count:7,} {of_schemes[words]:10,}"


def screened() -> Screened:
    """What screening has filed in the register, and how long each detector took last."""
    done = Screened({code: set() for code in DETECTORS}, dict.fromkeys(DETECTORS, 0.0))
    for code, subject in Hit.objects.values_list("finding__detector", "subject_id").iterator():
        done.found[code].add(subject)
    for code, milliseconds in Step.objects.order_by("pk").values_list("detector", "milliseconds"):
        done.seconds[code] = milliseconds / 1000
    return done


def fates(root: Path) -> list[Fate]:
    """Of each instance, after the night's reading and screening."""
    truth, found, named = Truth.of(root), screened(), _named(root)
    refused = {(row["constraint"], row["about"]) for row in pq.read_table(root / "refused.parquet").to_pylist()}
    return [
        Fate(
            scheme,
            any((IMPOSSIBLE.get(scheme, ""), name) in refused for name in named[number][1]),
            found.has(detectors, wanted),
        )
        for number, (scheme, detectors, wanted) in truth.instances.items()
    ]


def told(found: list[Fate]) -> Iterator[str]:
    """By scheme: made, refused, found, and what is neither, with the reason where there is one."""
    yield f"{'scheme':38} {'made':>6} {'refused':>8} {'found':>6} {'missed':>7}"
    for scheme in sorted({one.scheme for one in found}):
        of = [one for one in found if one.scheme == scheme]
        refused, seen = sum(one.is_refused for one in of), sum(one.is_found for one in of)
        missed = sum(not (one.is_refused or one.is_found) for one in of)
        why = (NOT_CARRIED.get(scheme) or ("likely" if scheme in LIKELY else "MISSED")) if missed else ""
        yield f"{scheme:38} {len(of):6} {refused:8} {seen:6} {missed:7}  {why}"


def _named(root: Path) -> dict[int, tuple[str, set[str]]]:
    """Each instance's scheme, and by which subjects a refused row is of it: its class, and what it touched."""
    named: dict[int, tuple[str, set[str]]] = {}
    for row in pq.read_table(root / "truth.parquet").to_pylist():
        named.setdefault(row["instance"], (row["scheme"], set()))[1].add(f"{row['kind']}:{row['subject_id']}")
    return named
