"""Facts of other departments as tables of screening, where they are in force and of a person of the register."""

from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TimeField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Cast, Coalesce, Concat

from rollbook.classes.queries import screening as classes
from rollbook.database import arrow
from rollbook.directory import queries as directory
from rollbook.exchange import queries as exchange
from rollbook.exchange.queries import screening as told
from rollbook.exchange.rules import Feed
from rollbook.funds.queries import screening as funds
from rollbook.institutions import queries as institutions
from rollbook.live import queries as live
from rollbook.persons import queries as persons
from rollbook.risk.detectors.eligibility import ON_A_LIST
from rollbook.subsidies.queries import screening as subsidies
from rollbook.subsidies.rules.others import PROOFS

Rows = QuerySet[Any, Any]
PERIOD = ("person_id", "from_on", "until_on")


def known(feed: str) -> Rows:
    found: Rows = exchange.present(feed)
    return found.filter(person_id__isnull=False)


def spans(feed: str, **more: Any) -> Rows:
    return known(feed).values(*PERIOD, **more)


def listed() -> list[Rows]:
    """One list from several feeds: who stood on which, from when to when. A category is proved by the feed that claims
    are decided by; that a household is poor makes nobody one with difficulty in finding work."""
    kinds = {PROOFS[kind]: kind for kind in ON_A_LIST} | {Feed.LOW_INCOME: "low-income"}
    return [spans(feed, kind=Value(kind, output_field=CharField())) for feed, kind in kinds.items()]


def named(feed: str) -> Rows:
    """Facts that name an occupation by its code or name, with the identity that it has here."""
    found = known(feed).annotate(words=KT("data__occupation"))
    identity = directory.named(OuterRef("words")).values("identity")[:1]
    facts: Rows = found.annotate(occupation=Subquery(identity))
    return facts


def occupied(feed: str) -> Rows:
    """Those of them whose occupation is known here."""
    return named(feed).filter(occupation__isnull=False)


def accounts() -> Rows:
    """Accounts on file with what banks say of each: whose it is, as asked before money leaves, and when and where it was
    opened, by the feed."""
    said = told.said_of(Feed.BANK_ACCOUNTS, OuterRef("id_digest"), account=OuterRef("bank_digest"))
    found: Rows = persons.screened_accounts().annotate(
        owner_matches=funds.owner_matches(OuterRef("pk"), OuterRef("bank_digest")),
        opened_on=Subquery(said.values("from_on")[:1]),
        branch=Subquery(said.values(branch=MD5(KT("data__branch")))[:1]),
    )
    return found


def accounts_changed_since(mark: int) -> list[Rows]:
    return [*persons.changed_since(mark), funds.people_answered_of(mark), told.people_told_of(Feed.BANK_ACCOUNTS, mark)]


def enrolments() -> Rows:
    """Rosters, with the employer that is paid for a trainee; of who counts as an employee else that of the labour contract
    on the first day."""
    contract = told.said_of(Feed.LABOUR_CONTRACTS, OuterRef("person__id_digest"), OuterRef("training_class__starts_on"))
    employed = Case(When(category="employee", then=Subquery(contract.values(code=KT("data__employer"))[:1])))
    paid = subsidies.employers(OuterRef("pk"), OuterRef("training_class"))
    found: Rows = classes.enrolments().annotate(employer_=MD5(Coalesce(*paid, employed, output_field=CharField())))
    return found


def enrolments_changed_since(mark: int) -> list[Rows]:
    """A contract that becomes known later comes with the reading of everything."""
    return [*classes.changed_since(mark)["enrolments"], *subsidies.employers_changed_since(mark)]


def lessons() -> Rows:
    """Lessons, with the minutes that the camera recorded longest has of each."""
    found: Rows = classes.lessons().annotate(video_minutes=live.minutes_recorded(OuterRef("pk")))
    return found


def lessons_changed_since(mark: int) -> list[Rows]:
    return [*classes.changed_since(mark)["lessons"], live.lessons_recorded_since(mark)]


def companies() -> Rows:
    found: Rows = exchange.present("companies")
    return found.values(
        company=MD5("subject"),
        registered_on=F("from_on"),
        closed_on=F("until_on"),
        phone=KT("data__phone"),  # a keyed digest already, as those of persons and institutions are
        address=MD5(KT("data__address")),
    )


def insured_rests_on() -> list[Rows]:
    """Which files of months were loaded, and who is in the register."""
    return [exchange.month_files(), persons.living().values("id_digest", "live_id")]


def insured_months(people: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    """Months of pension insurance, with the employer as the digest that contracts and companies are kept by too."""
    for batch in exchange.insured(people):
        employers = batch.column("employer").dictionary_encode()
        digests = [
            None if name is None else md5(name.encode(), usedforsecurity=False).hexdigest()
            for name in employers.dictionary.to_pylist()
        ]
        company = pa.array(digests, pa.string()).take(employers.indices)
        yield pa.record_batch(
            {"person_id": batch.column("person_id"), "month": batch.column("month"), "company": company}
        )


class Moment(Func):
    """A day and a time of day here, as a moment; `days` later."""

    template = "((%(expressions)s + interval '%(days)s day') AT TIME ZONE 'Asia/Shanghai')"
    arg_joiner = " + "
    output_field = DateTimeField()

    def __init__(self, day: str, time: str, days: int = 0) -> None:
        super().__init__(day, time, days=days)


def shifts() -> Rows:
    """A shift that ends before it begins ends the day after."""
    found: Rows = known("shifts").annotate(
        first=Cast(KT("data__begins"), TimeField()), last=Cast(KT("data__ends"), TimeField())
    )
    return found.values(
        "person_id", company=MD5(KT("data__employer")), day=F("from_on"), starts_at=Moment("from_on", "first"),
        ends_at=Case(When(last__gt=F("first"), then=Moment("from_on", "last")), default=Moment("from_on", "last", 1)),
    )  # fmt: skip


def sightings() -> Rows:
    found: Rows = known("sightings").annotate(seen=Cast(KT("data__at"), TimeField()))
    return found.values(
        "person_id", kind_=KT("data__kind"), place_=KT("data__place"), day=F("from_on"), at=Moment("from_on", "seen")
    )


def transfers(feed: str) -> Rows:
    found: Rows = exchange.present(feed)
    return found.values(
        from_account=KT("data__from_account"), to_account=KT("data__to_account"), day=F("from_on"),
        amount_fen=Cast(KT("data__amount"), BigIntegerField()),
    )  # fmt: skip


def complaints() -> Rows:
    """What was said of an institution of the register."""
    found: Rows = exchange.present("complaints")
    whose = institutions.by_uscc(OuterRef("subject"))
    named: Rows = found.annotate(
        institution_id=Subquery(whose.values("pk")[:1]), region_code=Subquery(whose.values("region_code")[:1])
    )
    return named.filter(institution_id__isnull=False).values(
        "institution_id", "region_code", complaint_id=F("pk"), outcome=KT("data__outcome"), day=F("from_on"),
        has_evidence=Case(When(data__evidence="yes", then=Value(True)), default=Value(False)),
    )  # fmt: skip


def households() -> Rows:
    found: Rows = known("population").annotate(household=KT("data__household")).filter(household__isnull=False)
    return found.values("person_id", "household")


def relatives(people: list[int] | None = None) -> Iterator[pa.RecordBatch]:
    """Two persons of the register in one household of the population register, in both directions."""
    found = households()
    if people is not None:
        theirs = list(found.filter(person_id__in=people).values_list("household", flat=True))
        if not theirs:  # Django refuses to say in SQL that nothing is sought
            return
        found = found.filter(household__in=theirs)
    rows = arrow.read(found)
    pairs = rows.join(rows.rename_columns(["other_person_id", "household"]), "household", join_type="inner").filter(
        pc.field("person_id") != pc.field("other_person_id")
    )
    kinds = pa.array(["household"] * pairs.num_rows, pa.string())
    yield from pairs.select(["person_id", "other_person_id"]).append_column("kind", kinds).to_batches()


TABLES: dict[str, Callable[[], Rows]] = {
    "deaths": lambda: known("deaths").values("person_id", died_on=F("from_on")),
    "detentions": lambda: spans("detention"),
    "travels": lambda: spans("border"),
    "stays": lambda: spans("hospital-stays"),
    "pensions": lambda: spans("pensions", kind_=KT("data__kind")),
    "contracts": lambda: spans("labour-contracts", company=MD5(KT("data__employer"))),
    "school_rolls": lambda: (
        known("schooling")
        .filter(~Q(data__full_time="no"))
        .values(
            *PERIOD,
            graduates_on=Cast(Concat(KT("data__graduates_in"), Value("-06-30")), DateField()),
        )
    ),
    "payrolls": lambda: spans("payroll"),
    "positions": lambda: spans(
        "company-people",
        company=MD5(KT("data__firm")),
        role=KT("data__role"),
        share=Cast(KT("data__share"), FloatField()) / 100,
    ),
    "companies": companies,
    "shifts": shifts,
    "complaints": complaints,
    "national_numbers": lambda: exchange.present("national-numbers").values("as_of", number=KT("data__number")),
    "work_years": lambda: occupied("work-years").values(
        "person_id", "occupation", years=Cast(KT("data__years"), BigIntegerField())
    ),
    "other_subsidies": lambda: named("other-payments").values(
        "person_id",
        "occupation",
        region_code=KT("data__region"),
        fund=KT("data__fund"),
        level=KT("data__level"),
        number=KT("data__certificate"),
        paid_on=F("from_on"),
    ),
    "other_certificates": lambda: occupied("certificates-elsewhere").values(
        "person_id", "occupation", level=KT("data__level"), number=KT("data__number"), issued_on=F("from_on")
    ),
}
