"""Pages of claims: every one answers for who may see it; lists ask a fixed number of questions."""

import pytest
from django.urls import reverse

from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions
from rollbook.subsidies.models import Claim, Publicity
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    """As in the demonstration: officials sign in with a password alone."""
    settings.DEMO = True


def get(client, by, name, *args, status=200, **query):
    client.force_login(by)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == status, (name, by.role)
    return response.content.decode()


def test_every_page_opens(client):
    one, other = f.reviewed(2)
    reviewer, second = f.account("county-reviewer"), f.account("county-second-reviewer")
    for name in ("claim_list", "review_queue", "class_list", "publicity_list", "objection_list", "to_pay"):
        get(client, reviewer, f"subsidies:{name}")
    assert "¥1,500.00" in get(client, reviewer, "subsidies:claim_detail", one.pk)
    klass = one.enrolment.training_class
    get(client, f.manager_of(klass), "subsidies:class_claims", klass.pk)
    notice = actions.publish_claims(by=reviewer, now=f.NOW)
    actions.raise_objection(claim_id=one.pk, text="不在岗", contact="", now=f.NOW)
    assert "不在岗" in get(client, second, "subsidies:objection_list")
    client.logout()
    page = client.get(reverse("portal:publicity", args=[notice.pk])).content.decode()
    assert other.person.id_masked in page
    assert client.get(reverse("portal:publicity_list")).status_code == 200
    assert client.get(reverse("portal:objection", args=[other.pk])).status_code == 200
    assert client.get(reverse("portal:disclosure")).status_code == 200
    export = client.get(reverse("portal:disclosure"), {"export": 1})
    assert "spreadsheet" in export["Content-Type"]
    client.force_login(reviewer)
    assert "spreadsheet" in client.get(reverse("subsidies:claim_list"), {"export": 1})["Content-Type"]


def test_a_claim_goes_through_the_forms(client):
    [claim] = f.claims(1)
    reviewer, second = f.account("county-reviewer"), f.account("county-second-reviewer")

    def post(by, name, *args, **data):
        client.force_login(by)
        return client.post(reverse(name, args=args), data)

    refused = post(reviewer, "subsidies:review", claim.pk, move="return")
    assert refused.status_code == 422
    preview = post(reviewer, "subsidies:review_preview", claim=claim.pk)
    assert "¥1,500.00" in preview.content.decode()
    post(reviewer, "subsidies:review_many", claim=claim.pk)
    post(second, "subsidies:review", claim.pk, move="pass-second")
    claim.refresh_from_db()
    assert claim.state == "publicity"
    post(reviewer, "subsidies:publish")
    assert Publicity.objects.count() == 1
    claim.refresh_from_db()
    assert claim.publicity is not None


@pytest.mark.parametrize("count", [2, 6])
def test_the_list_asks_a_fixed_number_of_questions(client, count, django_assert_max_num_queries):
    f.claims(count)
    client.force_login(f.account("county-reviewer"))
    client.get(reverse("subsidies:claim_list"))  # the calendar and names of regions are kept
    with django_assert_max_num_queries(12):
        client.get(reverse("subsidies:claim_list"))


def test_claims_are_seen_by_their_own_only(client):
    """The region's offices, the institution and the person see a claim; nobody else (N7)."""
    [claim] = f.claims(1)
    other = f.account("institution-manager", institution_id=f.InstitutionFactory().pk)
    sees = [
        (f.account("county-reviewer"), 200),
        (f.account("county-reviewer", region_code="320104"), 404),
        (f.account("city-officer", region_code="320100"), 200),
        (f.account("county-finance"), 200),
        (f.account("system-administrator", region_code="320000"), 404),
        (other, 404),
        (f.account("worker", person_id=claim.person_id), 200),
        (f.account("worker", person_id=f.PersonFactory().pk), 404),
    ]
    for by, status in sees:
        get(client, by, "subsidies:claim_detail", claim.pk, status=status)
    assert Claim.objects.count() == 1


def test_the_api_files_and_explains(client):
    f.load_terms()
    klass = f.assessed_class(1)
    enrolment = klass.enrolments.get()
    client.force_login(f.account("worker", person_id=enrolment.person_id))
    url, kept = f"/api/claims/enrolments/{enrolment.pk}", {"idempotency-key": "filing-0001"}
    answer = client.post(url, headers=kept)
    assert answer.status_code == 201, answer.content
    assert answer.json()["lines"][0]["amount_fen"] == 150_000
    assert client.post(url, headers=kept).content == answer.content
    assert Claim.objects.count() == 1
    again = client.post(url)
    assert again.status_code == 422
    assert again.json()["reasons"][0]["code"] == "same-level"
    detail = client.get(f"/api/claims/{answer.json()['id']}").json()
    assert detail["against"] == []


def test_a_claim_names_the_unit_and_the_people_whose_step_it_is(client):
    """Who uses is responsible (N14.1): never the officer who took the step before, nor one of another county."""
    [claim] = f.claims(1)
    first, second = f.account("county-reviewer", name="初审员"), f.account("county-second-reviewer", name="复审员")
    f.account("county-reviewer", name="外县初审员", region_code="320583")

    def named():
        page = get(client, second, "subsidies:claim_detail", claim.pk)
        return page.partition("本步骤责任单位和人员")[2].partition("</p>")[0].strip(": \n")

    assert named().startswith("320102 · ")  # the county: no divisions are loaded here
    assert "初审员" in named()
    assert "外县初审员" not in named()
    actions.review_claim(by=first, claim_id=claim.pk, move="pass-first", now=f.NOW)
    assert "复审员" in named().split(" · ")[1].split(", ")
    assert "初审员" not in named().split(" · ")[1].split(", ")
    actions.review_claim(by=second, claim_id=claim.pk, move="return", why="材料不全", now=f.NOW)
    assert named() == claim.institution.name


def test_the_queue_and_its_preview_name_whose_step_it_is_and_the_holds(client):
    """Who uses is responsible (N14.1): the unit and its people beside each claim; why it is held, to the very payment."""
    claim, other = f.claims(2)
    second = f.account("county-second-reviewer", name="复审员")
    f.account("county-second-reviewer", name="外县复审员", region_code="320583")
    ground = Message("On {day} {people} came.", {"day": "2026-03-02", "people": 3})
    hold = actions.hold_claim(by=None, claim_id=claim.pk, ground=ground, source="risk.D44", now=f.NOW)
    first = f.account("county-reviewer", name="初审员")
    client.force_login(first)
    pages = [
        client.get(reverse("subsidies:review_queue")).text,
        client.post(reverse("subsidies:review_preview"), {"claim": [claim.pk, other.pk]}).text,
    ]
    for page in pages:
        assert "初审员" in page
        assert "On 2026-03-02 3 came." in page
        assert "外县复审员" not in page
    with pytest.raises(Refused) as refused:
        actions.review_claim(by=first, claim_id=claim.pk, move="pass-first", now=f.NOW)
    assert "On 2026-03-02 3 came." in str(refused.value.reasons[0])
    actions.lift_hold(by=f.account("city-officer", region_code="320100"), hold_id=hold.pk, why="核实无误", now=f.NOW)
    for one in (claim, other):
        actions.review_claim(by=first, claim_id=one.pk, move="pass-first", now=f.NOW)
        actions.review_claim(by=second, claim_id=one.pk, move="pass-second", now=f.NOW)
    notice = actions.publish_claims(by=first, now=f.NOW)
    actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    assert "On 2026-03-02" not in client.get(reverse("subsidies:to_pay")).text
    actions.hold_claim(by=None, claim_id=other.pk, ground=ground, source="risk.D44", now=f.LATER)
    page = client.get(reverse("subsidies:to_pay")).text
    assert "On 2026-03-02 3 came." in page
    assert f'value="{other.pk}" checked' not in page
    assert f'value="{claim.pk}" checked' in page


@pytest.mark.parametrize("count", [1, 4])
def test_the_queue_asks_a_fixed_number_of_questions(client, count, django_assert_max_num_queries):
    for one in f.claims(count):
        actions.hold_claim(by=None, claim_id=one.pk, ground=Message("Looked into."), source="risk.D44", now=f.NOW)
    client.force_login(f.account("county-reviewer"))
    client.get(reverse("subsidies:review_queue"))
    with django_assert_max_num_queries(12):
        client.get(reverse("subsidies:review_queue"))
