"""Certificates as PDF, on one processor: each in a file of its own, as a trainee takes it, and a class in one."""

import time
from collections.abc import Iterator

from benchmarks._figures import Figure, at_least
from benchmarks._site import own_database

SINGLE, TOGETHER = 20, 40


def run() -> Iterator[Figure]:
    from rollbook.certificates.files import pdf

    with own_database():
        made = certificates(TOGETHER)
        pdf(made[:1], "https://localhost")  # starts the compiler
        begun = time.perf_counter()
        for one in made[:SINGLE]:
            pdf([one], "https://localhost")
        alone = SINGLE / (time.perf_counter() - begun)
        begun = time.perf_counter()
        pdf(made, "https://localhost")
        together = TOGETHER / (time.perf_counter() - begun)
    yield at_least("certificates, a file each", alone, 50, "/s")
    yield at_least(f"certificates, {TOGETHER} in one file", together, 50, "/s")


def certificates(count: int) -> list:
    from datetime import date
    from uuid import uuid4

    from rollbook.certificates.models import Certificate

    return [
        Certificate(
            number=f"JS2026{n:08}",
            token=uuid4().hex + uuid4().hex,
            name="张三丰",
            id_masked="320102**********12",
            institution_name="南京金陵职业培训学校",
            project="焊工",
            level="4",
            hours=56,
            starts_on=date(2026, 3, 2),
            ends_on=date(2026, 3, 13),
            issued_on=date(2026, 4, 1),
            region_code="320102",
        )
        for n in range(count)
    ]
