"""Own payment by workers: prices, ways of paying, receipts with the trainee's word, what is owed and given back (N16.1)."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.fees import actions, queries
from rollbook.fees.models import Entry, Price, SignUp
from rollbook.journal.models import Entry as Note
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)
TODAY = date(2026, 4, 1)


@pytest.fixture
def klass():
    load_terms(class_min=1)
    one = ClassFactory(state="approved", starts_on=TODAY + timedelta(5), ends_on=TODAY + timedelta(15))
    teacher = f.TeacherFactory(institution=one.institution)
    room = f.RoomFactory(site=f.SiteFactory(institution=one.institution))
    for at in (datetime(2026, 4, day, 1, tzinfo=UTC) for day in (6, 7, 8)):
        LessonFactory(training_class=one, teacher=teacher, room=room, starts_at=at, ends_at=at + timedelta(hours=3))
    return one


def manager(klass):
    return AccountFactory(
        role="institution-manager", institution_id=klass.institution_id, region_code=klass.region_code
    )


def stranger():
    """Who manages another institution."""
    return AccountFactory(role="institution-manager", institution_id=f.InstitutionFactory().pk)


def worker(person):
    return AccountFactory(role="worker", person_id=person.pk)


def price(klass, **values):
    wanted = {"price_fen": 100_000, "share_fen": 30_000, "ways": ["advance", "credit", "part"]} | values
    return actions.state_price(by=manager(klass), class_id=klass.pk, now=NOW, **wanted)


def joined(klass, way="advance", now=NOW):
    """A trainee on the roster who has chosen a way."""
    one = EnrolmentFactory(training_class=klass, person=PersonFactory())
    return actions.sign_up(by=worker(one.person), class_id=klass.pk, way=way, now=now)


def enter(one, amount_fen=100_000, kind="taken", by=None, **values):
    wanted = {"means": "cash", "on": TODAY, "note": "", "now": NOW} | values
    by = by or manager(one.training_class)
    return actions.enter(by=by, sign_up_id=one.pk, kind=kind, amount_fen=amount_fen, **wanted)


def balance(one):
    by = manager(one.training_class)
    return queries.accounts_of([queries.get(by, one.pk)])[0].balance_fen


def refuses(code, deed, *args, **values):
    before = (
        list(SignUp.objects.order_by("pk").values_list("state", "enrolment")), Price.objects.values_list("price_fen").first(),
        list(Entry.objects.order_by("pk").values_list("amount_fen", "answer")), Note.objects.count(),
    )  # fmt: skip
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **values)
    assert code in [one.code for one in refusal.value.reasons]
    after = (
        list(SignUp.objects.order_by("pk").values_list("state", "enrolment")), Price.objects.values_list("price_fen").first(),
        list(Entry.objects.order_by("pk").values_list("amount_fen", "answer")), Note.objects.count(),
    )  # fmt: skip
    assert after == before


def test_a_worker_signs_up_and_the_institution_takes_the_worker_onto_the_roster(klass):
    for _ in range(2):
        EnrolmentFactory(training_class=klass)
    price(klass)
    person = PersonFactory()
    by, key = worker(person), {"class_id": klass.pk, "now": NOW}
    refuses("way", actions.sign_up, by=by, way="barter", **key)
    one = actions.sign_up(by=by, way="credit", **key)
    refuses("signed-up", actions.sign_up, by=by, way="advance", **key)
    refuses("not-on-roster", enter, one, 1)
    decide = {"sign_up_id": one.pk, "now": NOW}
    refuses("why", actions.decide_sign_up, by=manager(klass), accepted=False, why=" ", **decide)
    with pytest.raises(NotFound):
        actions.decide_sign_up(by=stranger(), accepted=True, why="", **decide)
    one = actions.decide_sign_up(by=manager(klass), accepted=True, why="", **decide)
    assert one.enrolment.person == person
    refuses("decided", actions.decide_sign_up, by=manager(klass), accepted=True, why="", **decide)
    refuses("decided", actions.withdraw, by=by, **decide)


def test_declined_or_withdrawn_another_may_follow(klass):
    price(klass)
    by = worker(PersonFactory())
    for deed in ("withdraw", "decline"):
        one = actions.sign_up(by=by, class_id=klass.pk, way="part", now=NOW)
        if deed == "withdraw":
            actions.withdraw(by=by, sign_up_id=one.pk, now=NOW)
        else:
            actions.decide_sign_up(by=manager(klass), sign_up_id=one.pk, accepted=False, why="已满", now=NOW)
    assert list(SignUp.objects.order_by("pk").values_list("state", flat=True)) == ["withdrawn", "declined"]


def test_only_open_classes_with_a_price_are_joined(klass):
    by, key = worker(PersonFactory()), {"class_id": klass.pk, "way": "advance", "now": NOW}
    with pytest.raises(NotFound):
        actions.sign_up(by=by, **key)
    price(klass)
    klass.starts_on = TODAY - timedelta(1)
    klass.save()
    with pytest.raises(NotFound):
        actions.sign_up(by=by, **key)
    with pytest.raises(Forbidden):
        actions.sign_up(by=manager(klass), **key)


def test_who_signed_up_keeps_the_price_of_then(klass):
    price(klass)
    one = joined(klass)
    price(klass, price_fen=200_000)
    one.refresh_from_db()
    assert (one.price_fen, balance(one)) == (100_000, 100_000)
    key = {"class_id": klass.pk, "price_fen": 1, "share_fen": 0, "ways": ["advance"], "now": NOW}
    with pytest.raises(Forbidden):
        actions.state_price(by=AccountFactory(role="county-reviewer"), **key)
    with pytest.raises(NotFound):
        actions.state_price(by=stranger(), **key)
    refuses("no-way", price, klass, ways=[])


def test_no_more_is_taken_than_is_owed_and_no_more_given_back_than_was_taken(klass):
    price(klass)
    one = joined(klass)
    refuses("too-much", enter, one, 100_001)
    refuses("too-much-back", enter, one, 1, kind="refunded")
    refuses("day-ahead", enter, one, 1, on=TODAY + timedelta(1))
    refuses("entry-kind", enter, one, 1, means="shells")
    first = enter(one, 60_000)
    refuses("too-much", enter, one, 40_001)
    second = enter(one, 40_000)
    assert (first.number[-6:], second.number[-6:], balance(one)) == ("000001", "000002", 0)
    enter(one, 10_000, kind="refunded")
    assert balance(one) == 10_000
    with pytest.raises(Forbidden):
        enter(one, 1, by=AccountFactory(role="county-reviewer"))
    with pytest.raises(NotFound):
        enter(one, 1, by=stranger())


@pytest.mark.parametrize(("days", "left"), [(3, -100_000), (5.5, -50_000), (20, 0)])
def test_who_drops_out_gets_back_what_the_dated_terms_say(klass, days, left):
    price(klass)
    one = joined(klass)
    enter(one)
    type(one.enrolment).objects.filter(pk=one.enrolment_id).update(
        dropped_at=NOW + timedelta(days=days), drop_reason="工作变动"
    )
    assert balance(one) == left


def test_on_credit_it_is_owed_once_the_subsidy_was_paid():
    """Whoever pays on credit waits for the subsidy, and owes no more than it."""
    [claim] = f.approved(1)
    klass = claim.enrolment.training_class
    price(klass, price_fen=200_000)
    one = actions.sign_up(by=worker(claim.person), class_id=klass.pk, way="credit", now=NOW)
    assert balance(one) == 0
    f.actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
    f.actions.settle_payment(subject=f.actions.subject_of(claim), is_paid=True, failure="", now=f.LATER)
    assert balance(one) == 150_000


def test_the_trainee_confirms_or_denies_each_receipt_once(klass):
    price(klass)
    one = joined(klass)
    by = worker(one.person)
    first, second = enter(one, 60_000), enter(one, 40_000)
    key = {"by": by, "entry_id": first.pk, "now": NOW}
    refuses("said", actions.answer, answer="denied", said=" ", **key)
    refuses("answer", actions.answer, answer="waiting", said="", **key)
    with pytest.raises(NotFound):
        actions.answer(answer="confirmed", said="", **(key | {"by": worker(PersonFactory())}))
    with pytest.raises(Forbidden):
        actions.answer(answer="confirmed", said="", **(key | {"by": manager(klass)}))
    actions.answer(answer="confirmed", said="", **key)
    refuses("answered", actions.answer, answer="denied", said="x", **key)
    denied = actions.answer(answer="denied", said="我没有缴过", **(key | {"entry_id": second.pk}))
    assert Note.objects.filter(kind="fee.denied", institution_id=klass.institution_id).count() == 1
    assert queries.visible_to(AccountFactory(role="county-reviewer")).get().denied == 1
    for change in ({"amount_fen": 1}, {"number": "1"}, {"kind": "refunded"}, {"answer": "confirmed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.filter(pk=denied.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        SignUp.objects.update(price_fen=1)


def test_everybody_sees_their_own(klass):
    price(klass)
    one = joined(klass)
    entry = enter(one)
    near = [manager(klass), worker(one.person), AccountFactory(role="county-reviewer"), AccountFactory(role="auditor")]
    far = [
        stranger(), worker(PersonFactory()), AccountFactory(role="county-reviewer", region_code="320104"),
        AccountFactory(role="teacher", institution_id=klass.institution_id), AccountFactory(role="system-administrator"),
    ]  # fmt: skip
    assert [queries.entry(by, entry.pk).pk for by in near] == [entry.pk] * 4
    for by in far:
        with pytest.raises(NotFound):
            queries.entry(by, entry.pk)


def test_the_receipt_is_checked_by_its_code(client, klass, settings):
    settings.DEMO = True
    price(klass)
    one = joined(klass)
    entry = enter(one, 12_345, note="第一期")
    client.force_login(worker(one.person))
    answer = client.get(reverse("fees:receipt", args=[entry.pk]))
    from io import BytesIO

    text = PdfReader(BytesIO(answer.content)).pages[0].extract_text()
    assert entry.number in text
    assert "123.45" in text
    client.logout()
    seen = client.get(reverse("portal:verify_receipt", args=[entry.token])).text
    assert entry.number in seen
    assert "¥123.45" in seen
    assert one.person.name not in seen
    assert client.get(reverse("portal:verify_receipt", args=["x"])).status_code == 404


def test_the_pages_from_the_price_to_the_denial(client, klass, settings, django_assert_max_num_queries):
    settings.DEMO = True
    start = timezone.localdate() + timedelta(days=9)
    type(klass).objects.filter(pk=klass.pk).update(starts_on=start, ends_on=start + timedelta(9))
    boss, person = manager(klass), PersonFactory()
    client.force_login(boss)
    url = reverse("fees:of_class", args=[klass.pk])
    assert client.post(url, {"price": "100", "share": "30", "ways": ["part"]}).status_code == 302
    assert client.post(url, {"price": "100", "share": "0", "ways": ["part"]}).status_code == 422
    client.logout()
    page = client.get(reverse("portal:open_classes")).text
    assert "¥100.00" in page
    assert klass.title in page
    client.force_login(worker(person))
    assert client.post(reverse("fees:sign_up", args=[klass.pk]), {"way": "part"}).status_code == 302
    one = SignUp.objects.get()
    client.force_login(boss)
    client.post(reverse("fees:decide", args=[one.pk]), {"move": "accept"})
    assert f'value="{timezone.localdate()}"' in client.get(reverse("fees:statement", args=[one.pk])).text
    form = {"kind": "taken", "amount": "30", "means": "phone", "on": timezone.localdate().isoformat(), "note": ""}
    assert client.post(reverse("fees:enter", args=[one.pk]), form).status_code == 302
    entry = Entry.objects.get()
    client.force_login(worker(person))
    assert entry.number in client.get(reverse("fees:mine")).text
    client.post(reverse("fees:answer", args=[entry.pk]), {"answer": "denied", "said": "没有缴过"})
    client.force_login(AccountFactory(role="county-reviewer"))
    assert "没有缴过" in client.get(reverse("fees:statement", args=[one.pk])).text
    for _ in range(12):
        joined(klass, "part")
    with django_assert_max_num_queries(40):
        assert "¥30.00" in client.get(reverse("fees:sign_up_list"), {"denied": "1"}).text
    from io import BytesIO

    sheet = load_workbook(BytesIO(client.get(reverse("fees:sign_up_list"), {"export": "1"}).content)).worksheets[0]
    assert [row[7].value for row in sheet.iter_rows(min_row=2)][-1] == 30
    assert Note.objects.filter(kind="list.exported", data__list="fees").count() == 1


def test_page_and_file_take_the_same_number_of_queries_however_many_sign_ups(client, klass, settings):
    """Of two classes, days and regions, some dropped out: what is owed is worked out of all together."""
    settings.DEMO = True
    load_terms(region_code="320102", fee_back_before=40)
    second = ClassFactory(
        region_code="320102", institution=klass.institution, item=klass.item, state="approved", starts_on=TODAY + timedelta(5),
        ends_on=TODAY + timedelta(15),
    )  # fmt: skip
    client.force_login(manager(klass))

    def queries_of(**asked):
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse("fees:sign_up_list"), asked).status_code == 200
        return len(found)

    for one in (klass, second):
        price(one)
    joined(klass)
    few = [queries_of(), queries_of(export="1")]
    for number in range(6):
        one = joined((klass, second)[number % 2], now=NOW + timedelta(days=number % 3))
        if number > 2:
            gone = {"dropped_at": NOW + timedelta(days=5.5), "drop_reason": "工作变动"}
            type(one.enrolment).objects.filter(pk=one.enrolment_id).update(**gone)
    assert [queries_of(), queries_of(export="1")] == few
    owed = {(one.sign_up.training_class_id, one.standing.held_percent): one.owed_fen
            for one in queries.accounts_of(queries.visible_to(manager(klass)))}  # fmt: skip
    assert owed == {
        (klass.pk, None): 100_000,
        (klass.pk, 33): 50_000,
        (second.pk, None): 100_000,
        (second.pk, 0): 60_000,
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_receipts_at_the_same_moment_take_no_more_than_is_owed_and_have_their_own_numbers():
    load_terms()
    klass = ClassFactory(state="approved", starts_on=TODAY + timedelta(5), ends_on=TODAY + timedelta(15))
    price(klass)
    signed, by, outcomes = [joined(klass) for _ in range(2)], manager(klass), []
    start = threading.Barrier(8)

    def work(one):
        start.wait()
        try:
            outcomes.append(enter(one, 30_000, by=by).number)
        except Refused as refusal:
            outcomes.append(refusal.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(signed[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(one for one in outcomes if one.startswith("SJ"))
    assert outcomes.count("too-much") == 2
    assert [one[-6:] for one in numbers] == [f"{n:06}" for n in range(1, 7)]
    assert Entry.objects.count() == 6
