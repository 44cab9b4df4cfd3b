from django.db.models import QuerySet
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.accounts.rules import Permission, holds
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import queries
from rollbook.persons.models import Person
from rollbook.web.requests import Request

router = Router(tags=["persons"])


class PersonOut(Schema):
    """A person as lists show them: nothing sealed."""

    id: int
    name: str
    id_kind: str
    id_masked: str
    sex: str
    birth_year: int
    phone_masked: str
    bank_masked: str
    account_kind: str
    category: str
    region_code: str
    verification: str
    merged_into_id: int | None

    @staticmethod
    def resolve_birth_year(person: Person) -> int:
        return person.birth_on.year


class Search(Schema):
    """In the body, so that no number stands in an address."""

    name: str = ""
    number: str = ""


def _for_people(request: Request) -> None:
    """Persons are no matter of an institution's own system: a key never reads them."""
    if getattr(request, "token_scopes", None) is not None:
        raise Forbidden("persons")


@router.post("/search", response=list[PersonOut])
@paginate
def search(request: Request, asked: Search) -> QuerySet[Person]:
    _for_people(request)
    if not holds(request.user, Permission.PERSON_SHOW):
        raise Forbidden(Permission.PERSON_SHOW)
    found = queries.visible_to(request.user).order_by("-pk")
    if asked.number:
        one = queries.find_by_number(asked.number)
        found = found.filter(pk=one.pk if one else 0)
    return found.filter(name__icontains=asked.name.strip())


@router.get("/{person_id}", response=PersonOut)
def person(request: Request, person_id: int) -> Person:
    _for_people(request)
    return queries.get(request.user, person_id)
