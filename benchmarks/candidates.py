"""Records that may be of one person, looked for among a million: once a night, one pass (N3.1)."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from benchmarks._figures import Figure, at_most
from benchmarks._site import own_database

PEOPLE, TWINS = 1_000_000, 2_000
NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    from rollbook.accounts.tests.factories import AccountFactory
    from rollbook.persons import actions, queries

    planted = prepare()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    began = time.perf_counter()
    found = actions.find_candidates(now=NOW)
    seconds = time.perf_counter() - began
    pairs = set(queries.Candidate.objects.values_list("older_id", "newer_id"))
    missed = len(planted - pairs)
    note = f"({found:,} pairs; {len(planted):,} planted, {missed} of them missed)"
    yield at_most(f"records alike among {PEOPLE:,} people, one night's pass", seconds, 600, "s", note)
    began = time.perf_counter()
    actions.find_candidates(now=NOW)
    yield Figure("… the next night, nothing new", f"{time.perf_counter() - began:.1f} s")
    officer = AccountFactory(role="province-officer", region_code="320000")
    began = time.perf_counter()
    list(queries.candidates(officer)[:51])
    yield at_most("… a page of the pairs", (time.perf_counter() - began) * 1000, 150, "ms")


def prepare() -> set[tuple[int, int]]:
    """People with names as frequent as the demo's lists make them, and twins: the same, misspelt, or one account."""
    from rollbook.config.demo.copying import copy
    from rollbook.config.demo.people import FEMALE, MALE, SURNAMES
    from rollbook.persons.models import Person

    rng = random.Random(7)
    first = date(1968, 1, 1)

    def rows() -> Iterator[tuple[object, ...]]:
        for n in range(PEOPLE):
            given = MALE if n % 2 else FEMALE
            name = rng.choice(SURNAMES) + "".join(rng.sample(given, rng.choice((1, 2, 2))))
            born = first + timedelta(rng.randrange(14_600))
            yield row(n, name, born, "12"[n % 2 == 0], f"bank{n}")

    fields = ("name", "sex", "birth_on", "id_digest", "id_masked", "region_code", "verification", "verified_at",
              "bank_digest", "created_at", "id_kind", "account_kind", "account_why", "phone_masked", "bank_masked",
              "category")  # fmt: skip
    copy(Person, fields, rows())
    older = list(Person.objects.order_by("pk")[: TWINS * 100 : 100])
    copy(
        Person,
        fields,
        (
            row(PEOPLE + n, one.name if n % 2 else "另名", one.birth_on, one.sex, f"x{n}" if n % 2 else one.bank_digest)
            for n, one in enumerate(older)
        ),
    )
    newer = Person.objects.filter(pk__gt=older[-1].pk).order_by("-pk").values_list("pk", flat=True)[:TWINS][::-1]
    return {(one.pk, pk) for one, pk in zip(older, newer, strict=True)}


def row(n: int, name: str, born: date, sex: str, bank: str) -> tuple[object, ...]:
    return (name, sex, born, f"digest{n}", "320102**********0X", "320102", "matched", NOW, bank, NOW, "citizen",
            "social-card", "", "", "", "")  # fmt: skip
