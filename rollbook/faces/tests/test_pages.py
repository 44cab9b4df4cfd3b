from datetime import date

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.faces import actions
from rollbook.faces.models import Consent, Deletion, Filing, Likeness, Tally, Template
from rollbook.faces.tests import drawn
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def matcher(monkeypatch, settings):
    settings.DEMO = True  # officials need no second factor
    load_terms()
    return drawn.set_up(monkeypatch)


def signed_in(client, by):
    client.force_login(by, backend=project.AUTHENTICATION_BACKENDS[0])
    return by


def worker(n):
    return AccountFactory(role=Role.WORKER, person_id=PersonFactory(n=n).pk)


def test_a_person_agrees_sees_what_is_kept_and_takes_it_back(client):
    """S69: agree, see, withdraw on the own page; refusing costs nothing and the page says so."""
    by = signed_in(client, worker(1))
    assert client.post(reverse("portal:agree_face")).status_code == 422
    assert not Consent.objects.exists()
    client.post(reverse("portal:agree_face"), {"agrees": "yes"})
    officer = AccountFactory()
    actions.enrol_at_counter(by=officer, person_id=by.person_id, picture=drawn.picture(), now=timezone.now())
    client.post(reverse("portal:withdraw_face"))
    assert not Template.objects.exists()
    assert Deletion.objects.get().sha256 in client.get(reverse("portal:face")).content.decode()


def test_who_agreed_to_the_earlier_wording_reads_what_it_does_not_cover(client):
    """S69: the first statement did not name the call to the camera."""
    by = signed_in(client, worker(6))
    actions.give_consent(by=by, agrees=True, now=timezone.now())
    page = lambda: client.get(reverse("portal:face")).content.decode()  # noqa: E731
    assert "不包括课堂视频点名" not in page()
    Consent.objects.update(text=1)
    assert "不包括课堂视频点名" in page()


def test_an_officer_sets_a_face_up_by_the_number_on_the_card(client):
    by = worker(2)
    signed_in(client, AccountFactory())
    picture = SimpleUploadedFile("a.jpg", drawn.picture(), "image/jpeg")
    values = {"number": number(2), "picture": picture}
    assert client.post(reverse("faces:counter"), values).status_code == 422
    actions.give_consent(by=by, agrees=True, now=timezone.now())
    picture.seek(0)
    assert client.post(reverse("faces:counter"), values).status_code == 302
    assert Template.objects.count() == 1
    picture.seek(0)
    assert client.post(reverse("faces:counter"), values | {"number": number(99)}).status_code == 404


def test_the_province_sees_pairs_decides_and_files(client):
    """B7: a person decides; the filing keeps how many were stored."""
    for n in (3, 4):
        by = worker(n)
        actions.give_consent(by=by, agrees=True, now=timezone.now())
        actions.enrol_at_counter(
            by=AccountFactory(), person_id=by.person_id, picture=drawn.picture(7), now=timezone.now()
        )
    pair = Likeness.objects.get()
    province = signed_in(client, AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000"))
    assert pair.older.name in client.get(reverse("faces:pair_list")).content.decode()
    client.post(reverse("faces:decide", args=[pair.pk]), {"finding": "two", "why": "双胞胎"})
    pair.refresh_from_db()
    assert (pair.finding, pair.decided_by) == ("two", province)
    client.post(reverse("faces:file"), {"number": "备1", "filed_on": date(2026, 1, 5)})
    assert Filing.objects.get().stored == 2
    call_command("tidy_faces")
    assert Tally.objects.get().stored == 2


def test_pages_ask_a_fixed_number_of_questions(client, django_assert_max_num_queries):
    signed_in(client, AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000"))
    people = [PersonFactory() for _ in range(6)]
    for one, other in zip(people[::2], people[1::2], strict=True):
        Likeness.objects.create(older=one, newer=other, score=0.9, found_at=timezone.now())
    for name in ("faces:pair_list", "faces:overview", "faces:deletion_list"):
        with django_assert_max_num_queries(22):
            assert client.get(reverse(name)).status_code == 200


def test_without_a_matcher_pages_say_so(client, monkeypatch):
    monkeypatch.setattr("rollbook.faces.adapters.matcher", lambda: None)
    signed_in(client, worker(5))
    assert reverse("portal:agree_face") not in client.get(reverse("portal:face")).content.decode()
