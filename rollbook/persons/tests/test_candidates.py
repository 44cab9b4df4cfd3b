"""Two records that may be one person; what was shown stands in the timeline (N3.1, N14.1)."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.urls import reverse

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, Refused
from rollbook.persons import actions, queries, rules
from rollbook.persons.tests.factories import PersonFactory, number

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
CARD = "6222021234567890128"
pytestmark = pytest.mark.django_db


def registered(n, **given):
    wanted = {"by": None, "name": "王小明", "number": number(n), "now": NOW, "region_code": "320102"}
    return actions.register(**wanted | given)


@pytest.fixture
def province():
    return AccountFactory(role="province-officer", region_code="320000")


def test_namesakes_of_one_day_and_shared_accounts_are_candidates(province):
    """N3.1: a namesake of another day is none, nor is a merged record."""
    first, second, payee = registered(1), registered(3), registered(21, name="李四", bank="行", bank_account=CARD)
    other = registered(31, name="赵六", bank="行", bank_account=CARD)
    registered(45), registered(5, name="张三")  # another day; another name
    assert actions.find_candidates(now=NOW) == 2
    found = {(one.newer_id, one.older_id): one.likeness for one in queries.candidates(province)}
    assert found == {(second.pk, first.pk): "name", (other.pk, payee.pk): "account"}
    actions.merge(by=province, keep_id=first.pk, merge_id=second.pk, why="改号", now=NOW)
    assert [one.newer for one in queries.candidates(province)] == [other]
    actions.unmerge(by=province, person_id=second.pk, why="弄错", now=NOW)
    assert queries.candidates(province).count() == 2


def test_the_page_of_candidates(client, settings, province, django_assert_max_num_queries):
    settings.DEMO = True
    first, second = registered(1), registered(3)
    actions.find_candidates(now=NOW)
    client.force_login(province)
    with django_assert_max_num_queries(8):
        page = client.get(reverse("persons:candidate_list"))
    compare = f"{reverse('persons:compare', args=[first.pk])}?other={second.pk}"
    assert compare in page.text
    side = client.get(compare)
    assert side.status_code == 200
    differing = {label for label, _, _, differs in side.context["rows"] if differs}
    assert "Identity number" in differing
    assert "Name" not in differing
    client.post(reverse("persons:merge", args=[first.pk]), {"other": second.pk, "why": "改号"})
    merged = client.get(reverse("persons:person_detail", args=[second.pk]))
    assert reverse("persons:unmerge", args=[second.pk]) in merged.text
    client.post(reverse("persons:unmerge", args=[second.pk]), {"why": "弄错"})
    second.refresh_from_db()
    assert second.merged_into_id is None
    client.force_login(AccountFactory())
    assert client.get(reverse("persons:candidate_list")).status_code == 403


def test_what_sounds_alike_is_found_and_what_was_told_apart_stays_apart(client, settings, province):
    """N3.1: 张伟 typed as 章伟; put aside with a reason, and not found again the next night."""
    settings.DEMO = True
    first, second = registered(1, name="张伟"), registered(3, name="章伟")
    assert actions.find_candidates(now=NOW) == 1
    [pair] = queries.candidates(province)
    assert (pair.older, pair.newer, pair.likeness) == (first, second, "sound")
    county = AccountFactory(role="county-reviewer", region_code="320102")
    with pytest.raises(Forbidden):
        actions.dismiss_candidate(by=county, candidate_id=pair.pk, why="两个人", now=NOW)
    with pytest.raises(Refused):
        actions.dismiss_candidate(by=province, candidate_id=pair.pk, why=" ", now=NOW)
    assert queries.candidates(province).count() == 1

    client.force_login(province)
    page = client.get(f"{reverse('persons:compare', args=[first.pk])}?other={second.pk}")
    address = reverse("persons:dismiss", args=[pair.pk])
    assert address in page.text
    assert client.post(address, {"why": "两个人"}).status_code == 302
    assert not queries.candidates(province).exists()
    entry = Entry.objects.get(kind="person.told-apart")
    assert entry.data == {"out_of": first.pk, "why": "两个人"}
    assert actions.find_candidates(now=NOW) == 0
    assert not queries.candidates(province).exists()


def test_many_of_one_account_are_no_person():
    """A placeholder account of an office is no ground to merge a class."""
    key = "shared"
    assert list(rules.pairs_alike((n, key) for n in range(rules.MOST_ALIKE + 1))) == []
    assert list(rules.pairs_alike([(5, "a"), (2, "a"), (9, "b"), (7, "a")])) == [(2, 5), (2, 7)]


def test_the_list_filters_and_sorts(client, settings, province):
    settings.DEMO = True
    PersonFactory(name="乙", category="veteran")
    PersonFactory(name="甲", verification="pending", verified_at=None)
    client.force_login(province)

    def names(**asked):
        return [one.name for one in client.get(reverse("persons:person_list"), asked).context["listing"].rows]

    assert names(category="veteran") == ["乙"]
    assert names(verification="pending") == ["甲"]
    assert names(q="甲") == ["甲"]
    assert names(sort="name") == names(sort="-name")[::-1]


def test_what_was_shown_stands_in_the_timeline(client, settings):
    """N14.1: who, when, what and what for, in the reader's words."""
    settings.DEMO = True
    officer, person = AccountFactory(name="经办甲"), registered(1, phone="13800001234")
    client.force_login(officer)
    page = reverse("persons:person_detail", args=[person.pk])
    client.post(reverse("persons:reveal", args=[person.pk]), {"field": "phone", "purpose": "call-back"})
    shown = client.get(page, headers={"accept-language": "en"}).text
    for words in ("Sealed data shown", "经办甲", "Purpose: Call-back of a trainee", "What was shown: Phone"):
        assert words in shown
    assert "13800001234" not in shown
    client.force_login(AccountFactory(region_code="320281"))
    assert client.get(page).status_code == 404


def test_rotation_by_the_command(settings, capsys):
    """N14.1: afterwards the old key can be thrown away."""
    people = [registered(n, phone=f"1380000{n:04}") for n in range(3)]
    settings.SEAL_KEYS = settings.SEAL_KEYS | {2: b"k" * 32}
    call_command("rotate_keys")
    settings.SEAL_KEYS = {2: b"k" * 32}
    assert [queries.unsealed(one.pk)["number"] for one in people] == [number(n) for n in range(3)]
    call_command("rotate_keys")
