import pytest
from django.utils import timezone

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.faces import queries as faces
from rollbook.faces.models import Likeness
from rollbook.persons.tests.factories import PersonFactory
from rollbook.reports import queries
from rollbook.risk.queries import sources

pytestmark = pytest.mark.django_db


def test_two_persons_with_one_face_wait_for_the_province_and_screening_reads_them():
    """B7, D32: the pair waits on the workbench, and screening of either person finds it."""
    load_terms()
    one, other = PersonFactory(), PersonFactory()
    Likeness.objects.create(older=one, newer=other, score=0.9, found_at=timezone.now())
    province = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    assert "faces:pair_list" in {todo.url_name for todo in queries.todos(province)}
    assert "faces:pair_list" not in {todo.url_name for todo in queries.todos(AccountFactory())}
    for person in (one, other):
        rows = sources.narrowed("face_pairs", faces.screened_pairs(), [person.pk], [])
        assert [row["person_id"] for row in rows] == [one.pk]
