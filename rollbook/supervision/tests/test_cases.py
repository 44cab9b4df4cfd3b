"""Cases: opened by an alert, evidence on hold, handed over by letter, answered, concluded by another (N11.4, N14.1)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import queries as classes
from rollbook.classes.tests.scenes import running
from rollbook.evidence import actions as evidence
from rollbook.evidence import queries as kept
from rollbook.evidence.models import LegalHold
from rollbook.evidence.rules import Keep, Kind
from rollbook.evidence.tests.pictures import photo
from rollbook.institutions import queries as institutions
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.supervision import actions, queries, rules
from rollbook.supervision.models import Case
from rollbook.supervision.tests.test_following import NOW, alert_of, closed

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    made = running(trainees=5)
    made.first = AccountFactory(role="county-reviewer")
    made.second = AccountFactory(role="county-second-reviewer")
    made.city = AccountFactory(role="city-officer", region_code="320100")
    place = classes.place_of(made.klass, made.lesson, Keep.FILE, NOW)
    made.item = evidence.store(by=made.manager, kind=Kind.PHOTO, content=photo(7), place=place, now=NOW)
    return made


def opened(scene, **changes):
    alert = closed(scene, alert_of(scene, **changes), "case")
    for _again in range(2):
        actions.follow_alert(alert_id=alert.pk, now=NOW)
    return Case.objects.get(alert=alert)


def handed(scene, one, by=None, **changes):
    values = {"authority": "police", "office": "玄武区公安分局", "facts": "签到系代签", **changes}
    return actions.hand_over(by=by or scene.second, case_id=one.pk, now=NOW, **values)


def codes(deed, *given, **values):
    with pytest.raises(Refused) as refused:
        deed(*given, **values)
    return [one.code for one in refused.value.reasons]


def test_an_alert_opens_one_case_and_its_evidence_is_kept(scene):
    """N11.4: what is kept of the class outlives its time, and the hold is lifted by another than who opened the case."""
    one = opened(scene)
    assert (one.state, one.opened_by, one.classes) == ("open", scene.second, [scene.klass.pk])
    assert one.due_on == NOW.date() + timedelta(60)
    hold = LegalHold.objects.get(dossier=scene.item.dossier)
    assert (hold.ground, hold.placed_by) == (one.number, scene.second)
    whole = LegalHold.objects.exclude(pk=hold.pk).get()  # with what is kept of the institution itself, such as visits
    assert whole.dossier == institutions.dossier_of(scene.klass.institution_id)
    far = scene.item.keep_until + timedelta(1)
    assert scene.item not in kept.expired(far)
    assert codes(evidence.lift_hold, by=scene.second, hold_id=hold.pk, now=NOW) == ["own-hold"]
    evidence.lift_hold(by=scene.city, hold_id=hold.pk, now=NOW)
    assert scene.item in kept.expired(far)


def test_it_goes_to_the_police_and_comes_out(scene):
    """Each step has its limit; the letter has facts, grounds, rows and the digest of each piece of evidence."""
    one = handed(scene, opened(scene))
    assert (one.state, one.handed_by) == ("handed", scene.second)
    assert NOW.date() < one.due_on < NOW.date() + timedelta(30)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(_pdf(scene, one))).pages)
    for wanted in (one.number, "玄武区公安分局", "签到系代签", "33", "S4"):
        assert wanted in text
    assert scene.item.sha256 in text.replace("\n", "").replace(" ", "")
    one = actions.answer_case(by=scene.city, case_id=one.pk, accepted=False, answer="退回补正", now=NOW)
    assert (one.state, one.answer) == ("open", "退回补正")
    handed(scene, one)
    one = actions.answer_case(by=scene.second, case_id=one.pk, accepted=True, answer="公立字〔2026〕3号", now=NOW)
    assert (one.state, one.due_on) == ("accepted", None)
    one = actions.conclude(
        by=scene.city, case_id=one.pk, outcome="sentenced", conclusion="（2026）苏0102刑初5号", now=NOW
    )
    assert one.state == "concluded"
    kinds = Entry.objects.filter(kind__startswith="case.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [
        "case.opened", "case.handed-over", "case.returned", "case.handed-over", "case.accepted", "case.concluded",
    ]  # fmt: skip
    assert not Entry.objects.filter(kind__startswith="case.").exclude(institution_id=None).exists(), "nobody is warned"


def _pdf(scene, one):
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(scene.second, backend=settings.AUTHENTICATION_BACKENDS[0])
    return b"".join(client.get(f"/supervision/cases/{one.pk}/letter.pdf").streaming_content)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"authority": "neighbour"}, "no-authority"),
        ({"office": " "}, "no-office"),
        ({"facts": " "}, "no-facts"),
    ],
)
def test_a_letter_that_lacks_something_is_not_sent(scene, wrong, code):
    one = opened(scene)
    assert codes(handed, scene, one, **wrong) == [code]
    one.refresh_from_db()
    assert (one.state, one.letter) == ("open", {})


def test_what_officials_did_goes_to_discipline_or_the_police():
    """N14.1."""
    values = {"office": "x", "facts": "x", "is_insider": True}
    assert [one.code for one in rules.reasons_against_handing(authority="market", **values)] == ["insider-authority"]
    assert not list(rules.reasons_against_handing(authority="discipline", **values))


def test_steps_out_of_order_are_refused_and_change_nothing(scene):
    one = opened(scene)
    assert codes(actions.answer_case, by=scene.second, case_id=one.pk, accepted=True, answer="x", now=NOW) == [
        "wrong-state"
    ]
    handed(scene, one)
    assert codes(handed, scene, one) == ["wrong-state"]
    assert codes(actions.answer_case, by=scene.second, case_id=one.pk, accepted=True, answer=" ", now=NOW) == [
        "no-answer-document"
    ]
    values = {"case_id": one.pk, "outcome": "measure", "conclusion": "x", "now": NOW}
    assert codes(actions.conclude, by=scene.city, **values) == ["wrong-state"]
    one.refresh_from_db()
    assert (one.state, one.answer) == ("handed", "")


def test_who_opened_a_case_does_not_conclude_it(scene):
    """N14.1: the action refuses, and so does the database."""
    one = opened(scene)
    values = {"case_id": one.pk, "outcome": "no-offence", "conclusion": "查无实据", "now": NOW}
    assert codes(actions.conclude, by=scene.second, **values) == ["own-case"]
    assert codes(actions.conclude, by=scene.city, **{**values, "outcome": "x", "conclusion": " "}) == [
        "no-outcome", "no-conclusion",
    ]  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(
            state="concluded", outcome="measure", conclusion="x", concluded_at=NOW, concluded_by=scene.second
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(state="handed")
    assert actions.conclude(by=scene.city, **values).state == "concluded"


def test_others_neither_see_nor_handle_it(scene):
    one = opened(scene)
    for by, error in (
        (AccountFactory(role="county-second-reviewer", region_code="320583"), NotFound),
        (scene.manager, NotFound),
        (AccountFactory(role="supervisor", region_code="320102"), NotFound),
        (scene.first, Forbidden),
    ):
        with pytest.raises(error):
            handed(scene, one, by=by)
    assert queries.case(scene.first, one.pk) == one
    assert Case.objects.get().state == "open"


def test_the_pages_lead_from_the_alert_to_its_case_and_on(client, scene, settings, django_assert_max_num_queries):
    one = opened(scene)
    client.force_login(scene.second, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert f"/supervision/cases/{one.pk}/" in client.get(f"/supervision/alerts/{one.alert_id}/").text
    page = client.get(f"/supervision/cases/{one.pk}/").text
    assert f"/alerts/{one.alert_id}/" in page
    assert f"/supervision/dossiers/{scene.klass.pk}/" in page
    answer = client.post(
        f"/supervision/cases/{one.pk}/hand-over/",
        {"authority": "discipline", "office": "区纪委监委", "facts": "内外勾结"},
    )
    assert answer.status_code == 302
    with django_assert_max_num_queries(14):
        page = client.get("/supervision/cases/?state=handed").text
    assert "区纪委监委" in page
    assert client.get("/supervision/cases/?export=1").status_code == 200
    answer = client.post(f"/supervision/cases/{one.pk}/answered/", {"answer": "已受理", "move": "accept"})
    assert answer.status_code == 302
    assert Case.objects.get().state == "accepted"
