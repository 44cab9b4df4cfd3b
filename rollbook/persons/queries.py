from collections.abc import Collection, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Count, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Left, NullIf
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext, override
from pypinyin import lazy_pinyin

from rollbook.accounts.rules import Permission, holds
from rollbook.database.changes import changed
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.persons import rules
from rollbook.persons.models import Candidate, Notice, Organisation, Person, Sealed
from rollbook.persons.sealing import digest, digest_all
from rollbook.persons.sealing import seal as seal
from rollbook.persons.sealing import unseal as unseal
from rollbook.regions.queries import name_of
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[Person]:
    """Officials who may be shown persons: those of their region; everyone: oneself.

    People of an institution come to persons through their rosters and teachers only.
    """
    if holds(by, Permission.PERSON_SHOW):
        return Person.objects.filter(Q(region_code__startswith=prefix(by.region_code)) | Q(pk=by.person_id or 0))
    return Person.objects.filter(pk=by.person_id or 0)


def get(by: "Account", person_id: int, *, lock: bool = False) -> Person:
    found = visible_to(by).filter(pk=person_id)
    try:
        return (found.select_for_update() if lock else found).get()
    except Person.DoesNotExist:
        raise NotFound from None


def lock(person_id: int) -> None:
    """Make others wait who would also count what this person has had, until we commit."""
    Person.objects.select_for_update().get(pk=person_id)


def lock_all(person_ids: Collection[int]) -> None:
    """The same for many, in one order, so that two who lock cannot wait for each other."""
    list(Person.objects.select_for_update().filter(pk__in=person_ids).order_by("pk").values_list("pk"))


def kept_of(person_ids: Collection[int]) -> dict[int, int]:
    """Every record of these persons, merged ones too, with the one that it is kept under: equal for the same person,
    also where two of the same were asked for (N3.1)."""
    above = dict(Person.objects.filter(pk__in=person_ids).values_list("pk", "merged_into_id"))
    while missing := {into for into in above.values() if into and into not in above}:
        above |= dict(Person.objects.filter(pk__in=missing).values_list("pk", "merged_into_id"))

    def first(pk: int) -> int:
        while into := above[pk]:
            pk = into
        return pk

    found, fresh = {one: first(one) for one in above}, set(above)
    while fresh:
        below = Person.objects.filter(merged_into__in=fresh).exclude(pk__in=found)
        rows = {pk: found[into] for pk, into in below.values_list("pk", "merged_into_id") if into}
        found |= rows
        fresh = set(rows)
    return found


def records_of(person_ids: Collection[int]) -> dict[int, int]:
    """Every record of these persons, merged ones too: which of the persons asked for it is of (N3.1)."""
    kept = kept_of(person_ids)
    asked = {kept[pk]: pk for pk in person_ids}
    return {one: asked[first] for one, first in kept.items()} | {pk: pk for pk in person_ids}


def find_by_number(number: str) -> Person | None:
    """The one record of the bearer of this identity number, merges followed."""
    found = Person.objects.filter(id_digest=digest(rules.normal(number))).first()
    while found is not None and found.merged_into_id is not None:
        found = found.merged_into
    return found


def found_by_numbers(numbers: Collection[str]) -> dict[str, Person]:
    """The persons whom we know of these numbers, in one query."""
    by_digest = {digest(number): number for number in map(rules.normal, numbers)}
    people = Person.objects.select_related("merged_into").filter(id_digest__in=by_digest)
    return {by_digest[one.id_digest]: one.merged_into or one for one in people}


def unsealed(person_id: int) -> dict[str, str]:
    """What is sealed about a person. Only actions that record it, and adapters, may ask."""
    box = Sealed.objects.get(person_id=person_id)
    return unseal(person_id, box.key_version, bytes(box.box))


def unsealed_for_payment(person_ids: Collection[int]) -> dict[int, str]:
    """The bank accounts of payees: for the bank's file and nothing else."""
    boxes = Sealed.objects.filter(person_id__in=person_ids)
    return {
        box.person_id: unseal(box.person_id, box.key_version, bytes(box.box)).get("bank_account", "") for box in boxes
    }


def pending(limit: int = 1000) -> list[int]:
    """Persons whom the population service has not answered for yet."""
    found = Person.objects.filter(verification=rules.Verification.PENDING, merged_into=None)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def by_id(person_id: int) -> Person:
    """For the system's own tasks, which act for nobody."""
    return Person.objects.get(pk=person_id)


def by_ids(person_ids: Collection[int]) -> dict[int, Person]:
    return Person.objects.in_bulk(list(person_ids))


COMPARED = {
    "name": _("Name"),
    "id_masked": _("Identity number"),
    "sex": _("Sex"),
    "birth_on": _("Born"),
    "phone_masked": _("Phone"),
    "bank_masked": _("Bank account"),
    "category": _("Person category"),
    "region_code": _("Region"),
    "verification": _("Identity"),
}


def side_by_side(one: Person, other: Person) -> list[tuple[str, object, object, bool]]:
    """Each fact of two records, with whether they differ in it."""
    return [
        (label, _shown(one, name), _shown(other, name), getattr(one, name) != getattr(other, name))
        for name, label in COMPARED.items()
    ]


def _shown(person: Person, name: str) -> object:
    if name == "birth_on":
        return rules.shown_birth(person.birth_on)
    if name == "region_code":
        return name_of(person.region_code) if person.region_code else ""
    words = getattr(person, f"get_{name}_display", None)
    return words() if words else getattr(person, name)


def candidates(by: "Account") -> QuerySet[Candidate]:
    """Pairs of records that may be of one person who has two numbers, and that nobody put aside or merged (N3.1)."""
    found = Candidate.objects.filter(dismissed_at=None, older__merged_into=None, newer__merged_into=None)
    return (
        found.filter(newer__in=visible_to(by).values("pk")).select_related("older", "newer").order_by("-newer_id", "pk")
    )


def pair_of(by: "Account", one: int, other: int) -> Candidate | None:
    """The open pair that two records are, whichever is the older."""
    return candidates(by).filter(older=min(one, other), newer=max(one, other)).first()


def alike() -> Iterator[tuple[int, int, rules.Likeness]]:
    """Every pair of records that are alike, oldest first of each: one pass over all people in the order of their birth.

    Only those of one day of birth and sex are compared, and those with one account: never all with all.
    """
    live = Person.objects.filter(merged_into=None)
    rows = live.order_by("birth_on", "sex", "pk").values_list("birth_on", "sex", "pk", "name").iterator(5000)
    for _day, born_alike in groupby(rows, key=itemgetter(0, 1)):
        block = [(pk, name) for _birth, _sex, pk, name in born_alike]
        if len(block) > 1:
            named = set(rules.pairs_alike(block))
            yield from ((*pair, rules.Likeness.NAME) for pair in named)
            heard = set(rules.pairs_alike((pk, sound(name)) for pk, name in block))
            yield from ((*pair, rules.Likeness.SOUND) for pair in heard - named)
    shared = live.exclude(bank_digest="").values("bank_digest").annotate(n=Count("pk")).filter(n__gt=1)
    paid = live.filter(bank_digest__in=shared.values("bank_digest")).order_by("pk").values_list("pk", "bank_digest")
    yield from ((*pair, rules.Likeness.ACCOUNT) for pair in rules.pairs_alike(paid.iterator(5000)))


@lru_cache(maxsize=200_000)
def sound(name: str) -> str:
    """How a name sounds, without tones: what is typed wrongly sounds right."""
    return "".join(lazy_pinyin(name))


def unsealed_for_ownership(person_id: int) -> tuple[str, str]:
    """The identity number and the account of a payee: to ask the bank whose it is, and for nothing else."""
    content = unsealed(person_id)
    return content.get("number", ""), content.get("bank_account", "")


def notices_to_send(limit: int, person_id: int | None = None, organisation_id: int | None = None) -> list[Notice]:
    """What old contacts have not been told yet; those tried least first, so that one bad number stops nobody."""
    found = Notice.objects.filter(box__isnull=False).select_related("person", "organisation")
    found = found if person_id is None else found.filter(person_id=person_id)
    found = found if organisation_id is None else found.filter(organisation_id=organisation_id)
    return list(found.order_by("tries", "pk")[:limit])


def notices_of(person_id: int, since: datetime) -> list[Notice]:
    """What a person is to know of changes of account and of money to pay back."""
    return list(Notice.objects.filter(person_id=person_id, at__gte=since).order_by("-pk"))


def text_of(notice: Notice) -> str:
    """The message to a phone, in Chinese: nothing in it is in clear."""
    with override("zh-hans"):
        return words_of(notice)


def words_of(notice: Notice) -> str:
    """The same in the reader's language."""
    text = gettext(rules.NoticeKind(notice.kind).label)
    return text.format(day=date_format(localdate(notice.at)), was=notice.was, now=notice.now)


def organisations_visible_to(by: "Account") -> QuerySet[Organisation]:
    """Payees that are no persons, for the offices of their region."""
    if not (holds(by, Permission.CLAIM_REVIEW) or holds(by, Permission.LEDGER_READ)):
        return Organisation.objects.none()
    return Organisation.objects.filter(region_code__startswith=prefix(by.region_code)).order_by("name", "pk")


def organisation(by: "Account", organisation_id: int) -> Organisation:
    try:
        return organisations_visible_to(by).get(pk=organisation_id)
    except Organisation.DoesNotExist:
        raise NotFound from None


def organisation_by_uscc(uscc: str) -> Organisation | None:
    return Organisation.objects.filter(uscc=uscc).first()


def organisations_by_ids(ids: Collection[int]) -> dict[int, Organisation]:
    return Organisation.objects.in_bulk(list(ids))


def lock_organisations(ids: Collection[int]) -> None:
    """Nobody changes their accounts until we commit; always after persons, so that two who lock never wait in a ring."""
    list(Organisation.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def owner_key(one: Organisation) -> str:
    """What the sealed box of an organisation is bound to."""
    return f"org-{one.pk}"


def notice_key(notice: Notice) -> int | str:
    return notice.person_id or f"org-{notice.organisation_id}"


def told_by(notice: Notice) -> Person | Organisation:
    """Whom a notice is for."""
    found = notice.person or notice.organisation
    assert found is not None  # noqa: S101 a constraint holds it
    return found


def unsealed_organisation(one: Organisation) -> dict[str, str]:
    """What is sealed about an organisation: for the bank's file, the question whose it is, and telling it."""
    return {} if one.box is None else unseal(owner_key(one), one.key_version or 0, bytes(one.box))


def digests(numbers: Collection[str]) -> list[str]:
    """The keyed digests that identity numbers, phones and accounts of other departments are kept by."""
    return digest_all(numbers)


def registered() -> "QuerySet[Any, Any]":
    """The digest, tidy name and row of everybody whom the register has: to be joined with what others say of them."""
    tidy = Func(F("name"), Value("•．・‧∙"), Value("·····"), function="TRANSLATE", output_field=CharField())
    spaceless = Func(tidy, Value(" "), Value(""), function="REPLACE", output_field=CharField())
    return Person.objects.annotate(tidy=spaceless).values("id_digest", "tidy")


def living() -> "QuerySet[Any, Any]":
    """The same with `live_id`, which follows a merge."""
    found: QuerySet[Any, Any] = registered().annotate(live_id=Coalesce("merged_into_id", "id"))
    return found


def by_digest(value: "OuterRef | str") -> "QuerySet[Any, Any]":
    """The person of a digest, as a subquery: `live_id` follows a merge, `tidy` is the name to compare with."""
    return living().filter(id_digest=value)


def is_named(person: Person, name: str) -> bool:
    return rules.same_name(person.name, name)


def digests_of(person: Person) -> list[str]:
    """The digests of all the numbers that a person has had in the register: its own, and of records merged into it."""
    return [person.id_digest, *person.merged.values_list("id_digest", flat=True)]


def by_digests(person_ids: Collection[int]) -> dict[str, int]:
    """The person of each digest of a number that any of these has had: own, and of records merged into them."""
    asked = set(person_ids)
    found = Person.objects.filter(Q(pk__in=asked) | Q(merged_into_id__in=asked))
    rows = found.values_list("id_digest", "pk", "merged_into_id")
    return {digest: into if into in asked else pk for digest, pk, into in rows}


def how_many() -> int:
    return Person.objects.count()


def screened() -> "QuerySet[Person, Any]":
    """Persons as screening reads them: no name, no number, and of the accounts their digests only."""
    return Person.objects.filter(merged_into=None).values(
        "sex",
        "birth_on",
        "id_kind",
        "region_code",
        "category",
        "verification",
        person_id=F("pk"),
        phone=NullIf("phone_digest", Value("")),
        home_code=Left("id_masked", 6),
        registered_at=F("created_at"),
        id_valid=Value(True),  # an impossible number is refused when it is entered
    )


def changed_since(mark: int) -> "list[QuerySet[Any, Any]]":
    """The persons that read differently since the transaction `mark`."""
    return [changed(Person, mark)]


def screened_accounts() -> "QuerySet[Person, Any]":
    return (
        Person.objects.filter(merged_into=None)
        .exclude(bank_digest="")
        .values(person_id=F("pk"), account=F("bank_digest"), bank=F("bank_masked"))
    )


def accounts_by_uscc(value: "OuterRef") -> "QuerySet[Organisation, Any]":
    """The digest of the account of an organisation, as a subquery."""
    found: QuerySet[Organisation, Any] = Organisation.objects.filter(uscc=value).values("bank_digest")
    return found


def names_of(ids: Collection[int]) -> dict[int, str]:
    """The names of persons who are named in the evidence of an alert that is seen already."""
    return dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))


def comparable() -> list[tuple[int, str, int, str, str]]:
    """Every record that is not merged, as it is compared with others: id, name, birth as 19800101, sex, phone."""
    found = Person.objects.filter(merged_into=None).order_by("pk")
    rows = found.values_list("pk", "name", "birth_on", "sex", "phone_masked")
    return [(pk, name, int(f"{born:%Y%m%d}"), sex, phone) for pk, name, born, sex, phone in rows.iterator(10_000)]


def live_by_digest(digests: Collection[str]) -> dict[str, int]:
    """The records that are not merged, of these digests."""
    found = Person.objects.filter(merged_into=None, id_digest__in=digests)
    return dict(found.values_list("id_digest", "pk"))
