"""Work after the certificate: shown by a feed of social insurance, or by a paper that an officer accepted (domain 3.2, N3.5, N13.1)."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.evidence.models import Item
from rollbook.exchange.tests.test_months import contract, drop, paid
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import number
from rollbook.subsidies import actions, queries, rules, tasks
from rollbook.subsidies.models import Claim, Proposal, WorkPaper
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_apprentices import FIRM, PAPER, apprentices
from rollbook.subsidies.tests.test_apprentices import filed as enterprise_filed
from rollbook.subsidies.tests.test_apprentices import policy as apprentice_policy
from rollbook.subsidies.tests.test_instalments import pay, policy, refused_with
from rollbook.subsidies.tests.test_offers import TODAY, file, klass, told  # noqa: F401

SAID = {
    "kind": "labour-contracts", "uscc": FIRM, "name": "金陵机械厂", "from_on": date(2026, 3, 25), "until_on": None,
    "file": PAPER,
}  # fmt: skip


@pytest.fixture
def certified(klass, settings, tmp_path):  # noqa: F811
    """One who has the certificate of 20 March and was paid 80 %; work is not shown."""
    settings.MEDIA_ROOT = tmp_path / "media"
    policy()
    one = klass.enrolments.get()
    pay(file(klass, one, "training"))
    return one


def sent(klass, one, by=None, **values):  # noqa: F811
    return actions.file_paper(by=by or f.manager_of(klass), enrolment_id=one.pk, now=f.NOW, **SAID | values)


def decide(paper, granted=True, by=None, remark=""):
    by = by or f.account("county-reviewer")
    return actions.decide_paper(by=by, paper_id=paper.pk, granted=granted, remark=remark, now=f.NOW)


def codes(deed, *args, **values):
    before = list(WorkPaper.objects.values())
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **values)
    assert list(WorkPaper.objects.values()) == before
    return [one.code for one in refusal.value.reasons]


def test_an_insured_month_of_a_feed_makes_the_third_instalment_due_and_it_is_paid(klass, certified, settings):  # noqa: F811
    """From the signed drop of the social-insurance office to the money."""
    person = certified.person
    person.id_digest = digest(number(7))
    person.save(update_fields=["id_digest"])
    assert refused_with(klass, certified) == ["not-employed"]
    contract("insurance-months", matched_percent=100, changed_percent=100)
    drop(settings, [paid(7, "2026-03", kind="unemployment")])
    assert refused_with(klass, certified) == ["not-employed"], "the month of the certificate began before it"
    drop(settings, [paid(7, "2026-04", kind="unemployment")], batch="2")
    third = file(klass, certified, "training")
    assert (third.stage, third.amount_fen, third.facts["paid_fen"]) == ("employed", 20_000, 80_000)
    [proof] = third.sources["proofs"]
    assert (proof["feed"], proof["from"]) == ("insurance-months", "2026-04-01")
    pay(third)
    assert refused_with(klass, certified) == ["all-parts-had"]
    assert sum(Claim.objects.values_list("amount_fen", flat=True)) == 100_000
    assert queries.replayed(third) == []


@pytest.mark.parametrize("kind", ["labour-contracts", "business-licence"])
def test_an_accepted_paper_makes_the_third_instalment_due(klass, certified, kind):  # noqa: F811
    trainee = f.account("worker", person_id=certified.person_id)
    paper = sent(klass, certified, by=trainee, kind=kind)
    assert (paper.state, Item.objects.get().subject) == ("asked", f"classes.Enrolment:{certified.pk}")
    assert refused_with(klass, certified) == ["not-employed"], "nobody has looked at it yet"
    decide(paper)
    third = file(klass, certified, "training")
    assert (third.stage, third.amount_fen) == ("employed", 20_000)
    [proof] = third.sources["proofs"]
    assert (proof["feed"], proof["paper"], proof["from"]) == (kind, paper.pk, "2026-03-25")
    pay(third)
    assert queries.replayed(third) == []


def test_a_paper_that_is_found_false_later_takes_the_instalment_back(klass, certified):  # noqa: F811
    paper = sent(klass, certified)
    decide(paper)
    third = file(klass, certified, "training")
    pay(third)
    decide(paper, granted=False, remark="公司查无此人")
    tasks.paper_decided.func(paper.pk)
    assert (Proposal.objects.get().claim, Proposal.objects.get().amount_fen) == (third, 20_000)
    assert "decided" in codes(decide, paper)


def test_a_refused_paper_shows_nothing_and_another_may_be_filed(klass, certified):  # noqa: F811
    paper = sent(klass, certified)
    assert codes(decide, paper, granted=False) == ["why"]
    assert codes(sent, klass, certified) == ["paper-open"]
    decide(paper, granted=False, remark="看不清")
    assert refused_with(klass, certified) == ["not-employed"]
    decide(sent(klass, certified))
    assert file(klass, certified, "training").amount_fen == 20_000


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "a letter"}, "paper-kind"),
        ({"from_on": date(2026, 4, 2)}, "future"),
        ({"from_on": date(2025, 1, 1), "until_on": date(2026, 3, 20)}, "work-before"),
        ({"until_on": date(2026, 3, 24)}, "days-turned"),
        ({"uscc": "9132"}, "uscc-form"),
        ({"name": " "}, "no-name"),
        ({"file": b""}, "no-paper"),
    ],
)
def test_what_stops_a_paper(klass, certified, values, code):  # noqa: F811
    assert code in codes(sent, klass, certified, **values)
    assert Item.objects.count() == 0


def test_no_paper_is_taken_where_a_department_shows_the_work(klass, certified):  # noqa: F811
    told(certified.person, "labour-contracts", TODAY, employer=FIRM)
    assert codes(sent, klass, certified) == ["not-needed"]


def test_whoever_files_does_not_decide_and_others_do_neither(klass, certified):  # noqa: F811
    paper = sent(klass, certified)
    officer = f.account("county-reviewer")
    WorkPaper.objects.filter(pk=paper.pk).update(filed_by=officer)
    assert codes(decide, paper, by=officer) == ["same-person"]
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkPaper.objects.filter(pk=paper.pk).update(state="granted", decided_by=officer, decided_at=f.NOW)
    with pytest.raises(NotFound):
        decide(paper, by=f.account("county-reviewer", region_code="320583"))
    with pytest.raises(Forbidden):
        decide(paper, by=f.manager_of(klass))
    with pytest.raises(NotFound):
        sent(klass, certified, by=f.account("worker", person_id=f.payee(9).pk))


@pytest.mark.django_db
def test_an_apprentice_without_contract_on_record_is_shown_by_a_paper(settings, tmp_path):
    """The same paper names the payee and the months of the contract; a licence does not (domain 3.5)."""
    settings.MEDIA_ROOT, settings.LAKE_ROOT = tmp_path / "media", tmp_path / "lake"
    group = apprentices(1, employer="")
    apprentice_policy()
    enterprise_filed(group)
    one = group.enrolments.get()
    span = {"from_on": date(2026, 1, 1), "until_on": date(2027, 12, 31)}
    assert codes(sent, group, one, kind="business-licence", **span) == ["licence"]
    decide(sent(group, one, **span))
    [claim], against = actions.file_class_claims(by=f.manager_of(group), class_id=group.pk, now=f.NOW)
    assert (claim.amount_fen, claim.payee, claim.organisation.uscc, against) == (250_000, "employer", FIRM, {})


def test_pages_from_the_reason_to_the_accepted_paper(klass, certified, client, settings):  # noqa: F811
    settings.DEMO = True
    client.force_login(f.account("worker", person_id=certified.person_id))
    offers = reverse("subsidies:offers", args=[certified.pk])
    assert reverse("subsidies:paper_new", args=[certified.pk]) in client.get(offers).content.decode()
    assert client.get(reverse("subsidies:paper_new", args=[certified.pk])).status_code == 200
    form = SAID | {"until_on": "", "file": SimpleUploadedFile("a.pdf", PAPER)}
    answer = client.post(reverse("subsidies:file_paper", args=[certified.pk]), form)
    paper = WorkPaper.objects.get()
    address = reverse("subsidies:work_paper", args=[paper.pk])
    assert answer["Location"] == address
    assert address in client.get(offers).content.decode()
    opened = client.get(reverse("subsidies:open_paper", args=[paper.pk]))
    assert client.get(opened["Location"]).status_code == 200
    client.force_login(f.account("county-reviewer"))
    assert address in client.get(reverse("subsidies:paper_list"), {"state": "asked"}).content.decode()
    assert client.get(reverse("subsidies:paper_list"), {"export": 1})["Content-Type"].endswith("sheet")
    client.post(reverse("subsidies:decide_paper", args=[paper.pk]), {"granted": "1"})
    paper.refresh_from_db()
    assert paper.state == "granted"
    claim = file(klass, certified, "training")
    assert address in client.get(reverse("subsidies:claim_detail", args=[claim.pk])).content.decode()


def test_the_same_over_the_api(klass, certified, client, settings):  # noqa: F811
    settings.DEMO = True
    client.force_login(f.manager_of(klass))
    form, url = {name: value for name, value in SAID.items() if value}, f"/api/claims/enrolments/{certified.pk}/paper"

    def sent(content):
        return client.post(
            url, form | {"file": SimpleUploadedFile("a.pdf", content)}, headers={"idempotency-key": "paper-0001"}
        )

    answer = sent(PAPER)
    assert (answer.status_code, answer.json()["state"]) == (201, "asked")
    assert sent(PAPER).content == answer.content
    assert [one["code"] for one in sent(PAPER + b" ").json()["reasons"]] == ["key-used"]
    assert WorkPaper.objects.count() == 1
    client.force_login(f.account("county-reviewer"))
    address = f"/api/claims/papers/{answer.json()['id']}/decide"
    answer = client.post(address, {"granted": True}, content_type="application/json")
    assert answer.json()["state"] == "granted"
    assert [one["state"] for one in client.get("/api/claims/papers").json()["items"]] == ["granted"]


@pytest.mark.parametrize(
    ("state", "granted", "remark", "found"),
    [
        ("asked", True, "", []), ("asked", False, "", ["why"]), ("granted", False, "假", []),
        ("granted", True, "", ["decided"]), ("refused", True, "", ["decided"]),
    ],
)  # fmt: skip
def test_what_may_be_decided(state, granted, remark, found):
    against = rules.reasons_against_decision(state, granted=granted, remark=remark, is_filer=False)
    assert [one.code for one in against] == found
