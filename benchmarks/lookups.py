"""What anyone may look up, over many rows: a certificate by number and name and by its code, the disclosure of what was
paid, the institution and demand directories (N1.3, N2.1, N5.3, N14.2)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import quote

from benchmarks._figures import Figure, at_most
from benchmarks._load import Order, prepared, send
from benchmarks._site import own_database, served

CERTIFICATES, RATE, SECONDS = 200_000, 40, 10
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    prepare()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
    name = quote("学员")
    every = range(0, CERTIFICATES, 997)
    pages = {
        "a certificate by its code": [f"/verify/token{n}/" for n in every],
        "the disclosure, its first page": ["/open/disclosure/"],
        "… its last page": ["/open/disclosure/?before=last"],
        "… searched by a name": [f"/open/disclosure/?q={name}{n}" for n in every],
        "the demand directory, searched": [f"/open/directory/?q={quote('焊工')}"],
        "the institution directory": ["/open/institutions/"],
    }
    with served() as port:
        for what, paths in pages.items():
            requests = [prepared(path, headers={}) for path in paths]
            send(Order(port, requests, 4, 2, rate=10, repeats=True))  # warm
            found = send(Order(port, requests, 16, SECONDS, rate=RATE, repeats=True))
            yield at_most(f"public: {what}, 99th percentile", found.percentile(99), 100, "ms", f"({found.told()})")


def prepare() -> None:
    """Certificates and paid claims in bulk: of one class each for a thousand people."""
    from rollbook.accounts.tests.factories import AccountFactory
    from rollbook.certificates.models import Certificate, Series
    from rollbook.classes.models import Enrolment, TrainingClass
    from rollbook.classes.tests.applications import ready
    from rollbook.config.demo.copying import copy
    from rollbook.directory.tests.factories import load_terms
    from rollbook.persons.models import Person
    from rollbook.subsidies.models import Claim
    from rollbook.subsidies.tests.factories import load_policies

    load_terms()
    load_policies()
    asked = ready()
    one = asked.klass
    person_fields = ("name", "sex", "birth_on", "id_digest", "id_masked", "region_code", "verification", "verified_at",
                     "bank_digest", "created_at", "id_kind", "account_kind", "account_why", "phone_masked",
                     "bank_masked", "category")  # fmt: skip
    before = Person.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    copy(
        Person,
        person_fields,
        (
            (
                f"学员{n}",
                "1",
                date(1980, 1, 1),
                f"b{n}",
                "320102**********0X",
                "320102",
                "matched",
                NOW,
                "",
                NOW,
                "citizen",
                "social-card",
                "",
                "",
                "",
                "",
            )
            for n in range(CERTIFICATES)
        ),
    )
    people = list(Person.objects.filter(pk__gt=before).order_by("pk").values_list("pk", flat=True))
    classes = TrainingClass.objects.bulk_create(
        TrainingClass(
            institution=one.institution, region_code="320102", item=one.item, occupation=one.occupation, level="4",
            title=f"2026 焊工 {n} 期", state="assessed", number=f"KB320102{n:09}", starts_on=date(2026, 3, 2),
            ends_on=date(2026, 3, 9), submitted_at=NOW, decided_at=NOW, started_at=NOW, ended_at=NOW, created_at=NOW,
            is_deemed=True,
        )
        for n in range(CERTIFICATES // 1000)
    )  # fmt: skip
    last = Enrolment.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    Enrolment.objects.bulk_create(
        (
            Enrolment(training_class=classes[n // 1000], person_id=pk, category="unemployed", added_at=NOW)
            for n, pk in enumerate(people)
        ),
        batch_size=10_000,
    )
    enrolments = list(Enrolment.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "person_id"))
    series = Series.objects.create(province_code="320000", year=2026, next_serial=CERTIFICATES + 1)
    Certificate.objects.bulk_create(
        (
            Certificate(
                series=series, serial=n + 1, number=f"BENCH{n:09}", token=f"token{n}", enrolment_id=enrolment,
                person_id=person, name=f"学员{n}", id_masked="320102**********0X", institution=one.institution,
                institution_name=one.institution.name, occupation=one.occupation, project="焊工", level="4", hours=56,
                starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 9), issued_on=date(2026, 3, 16), region_code="320102",
            )
            for n, (enrolment, person) in enumerate(enrolments)
        ),
        batch_size=10_000,
    )  # fmt: skip
    second = AccountFactory(role="county-second-reviewer", region_code="320102")
    version = _policy()
    Claim.objects.bulk_create(
        (
            Claim(
                enrolment_id=enrolment, person_id=person, institution=one.institution, item=one.item,
                region_code="320102", occupation_identity=one.occupation.identity, level="4", amount_fen=150_000, kind="level", facts={}, working=[],
                policy=version, state="paid", filed_at=NOW, filed_by=asked.manager, first_by=asked.county, first_at=NOW, second_by=second, second_at=NOW, paid_at=NOW,
            )
            for n, (enrolment, person) in enumerate(enrolments)
        ),
        batch_size=10_000,
    )  # fmt: skip


def _policy() -> object:
    from rollbook.subsidies.models import PolicyVersion

    return PolicyVersion.objects.order_by("pk").first()
