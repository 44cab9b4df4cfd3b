"""List and detail pages over 100 000 enrolments in 4 000 classes, at 50 requests a second that come whatever happens."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from benchmarks._figures import Figure, at_most
from benchmarks._load import Order, prepared, send
from benchmarks._site import own_database, served, signed_in

CLASSES, PEOPLE, RATE, SECONDS = 4_000, 25, 50, 10


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    from rollbook.accounts.tests.factories import AccountFactory

    pk = prepare()
    officer = signed_in(AccountFactory(role="province-officer", region_code="320000"))
    pages = {
        "classes": "/classes/",
        "classes, last page": "/classes/?before=last",
        "classes, 79th page": f"/classes/?after={key_after(78 * 50)}&n={78 * 50 + 1}",
        "classes, searched": "/classes/?q=焊工 39",
        "a class with 25 trainees": f"/classes/{pk}/",
        "persons": "/persons/",
        "workbench": "/work/",
    }
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
    with served() as port:
        for name, path in pages.items():
            request = prepared(quoted(path), headers=officer)
            send(Order(port, [request], 8, 2, rate=10, repeats=True))  # warm
            found = send(Order(port, [request], 16, SECONDS, rate=RATE, repeats=True))
            yield at_most(f"page: {name}, 95th percentile", found.percentile(95), 150, "ms", f"({found.told()})")


def key_after(rows: int) -> str:
    """What the address of a page carries that begins after so many rows."""
    from rollbook.classes.models import TrainingClass
    from rollbook.web import paging

    found = TrainingClass.objects.order_by("-pk")
    return paging._cursor(paging._keys(found), found[rows - 1])


def quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/?=&")


def prepare() -> int:
    """The rows, in bulk; gives the id of one class."""
    from rollbook.classes.models import Enrolment, TrainingClass
    from rollbook.classes.tests.applications import ready
    from rollbook.directory.tests.factories import load_terms
    from rollbook.persons.models import Person

    load_terms()
    one = ready().klass
    now, first = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 16)
    counties = ["320102", "320104", "320205", "320583", "320706"]
    classes = TrainingClass.objects.bulk_create(
        TrainingClass(
            institution=one.institution, region_code=counties[n % 5], item=one.item, occupation=one.occupation,
            level="4", title=f"2026 焊工 {n} 期", state="submitted", starts_on=first + timedelta(n % 200),
            ends_on=first + timedelta(n % 200 + 9), submitted_at=now, decide_by=first, created_at=now,
        )
        for n in range(CLASSES)
    )  # fmt: skip
    people = Person.objects.bulk_create(
        (
            Person(
                name=f"学员{n}", sex="1", birth_on=date(1980, 1, 1), id_digest=f"bench{n}", id_masked="320102**********0X",
                region_code=counties[n % 5], verification="matched", verified_at=now,
            )
            for n in range(CLASSES * PEOPLE)
        ),
        batch_size=5_000,
    )  # fmt: skip
    Enrolment.objects.bulk_create(
        (
            Enrolment(training_class=classes[n // PEOPLE], person=person, category="unemployed", added_at=now)
            for n, person in enumerate(people)
        ),
        batch_size=5_000,
    )
    return int(classes[0].pk)
