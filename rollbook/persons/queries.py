from rollbook.persons.models import Person
from rollbook.persons.sealing import digest


def lock(person_id: int) -> None:
    """Make others wait who would also count what this person has had, until we commit."""
    Person.objects.select_for_update().get(pk=person_id)


def find_by_number(number: str) -> Person | None:
    """The one record of the bearer of this identity number, merges followed."""
    found = Person.objects.filter(id_digest=digest(number.strip().upper())).first()
    while found is not None and found.merged_into_id is not None:
        found = found.merged_into
    return found
