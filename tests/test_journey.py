"""One subsidised class, from the demand directory to money on a card, as it is lived (N1 to N16)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions as assessment
from rollbook.certificates import actions as certificates
from rollbook.certificates import queries as certificate_queries
from rollbook.classes import actions as classes
from rollbook.classes.models import Enrolment
from rollbook.classes.queries.application import items_for
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.funds import actions as funds
from rollbook.funds import queries as ledger
from rollbook.funds.files import Back, closed
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import number
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies import queries as subsidy_queries
from rollbook.subsidies import tasks as reactions
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests.factories import load_policies

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
START = date(2026, 3, 16)
COUNTY = "320102"


def luhn(body):
    digits = [int(d) for d in reversed(body)]
    return body + str(-sum(sum(divmod(d * 2, 10)) if n % 2 == 0 else d for n, d in enumerate(digits)) % 10)


@pytest.fixture
def office():
    """Everybody who acts: no two duties in one hand."""
    return {
        name: AccountFactory(role=role)
        for name, role in {
            "first": Role.COUNTY_REVIEWER,
            "second": Role.COUNTY_SECOND_REVIEWER,
            "finance": Role.COUNTY_FINANCE,
            "releaser": Role.COUNTY_FINANCE_RELEASER,
        }.items()
    }


@pytest.fixture
def manager():
    load_terms(class_min=2)
    load_policies()
    item = DemandItemFactory()
    institution = equipped(occupation=item.occupation)
    return AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=institution.pk)


def draft(manager):
    klass = classes.start_draft(by=manager, now=NOW)
    [item] = items_for(klass, NOW)
    classes.save_draft(
        by=manager, class_id=klass.pk, now=NOW, item_id=item.pk, starts_on=START, head="王校长",
        resources="国家基本职业培训包", assessment_plan="理论与实操",
    )  # fmt: skip
    room = Room.objects.filter(site__institution_id=manager.institution_id).first()
    teacher = Teacher.objects.filter(institution_id=manager.institution_id).first()
    classes.generate_lessons(
        by=manager, class_id=klass.pk, room_id=room.pk, practice_room_id=room.pk, teacher_id=teacher.pk, now=NOW
    )
    for n in range(3):
        classes.add_trainee(
            by=manager, class_id=klass.pk, name=f"学员{n}", number=number(500 + n), category="unemployed",
            phone="13800001234", bank="江苏银行", bank_account=luhn(f"62148300000000{n:03}"), now=NOW,
        )  # fmt: skip
    people = list(klass.enrolments.values_list("pk", flat=True))
    classes.commit_trainees(by=manager, class_id=klass.pk, enrolment_ids=people, now=NOW)
    classes.commit_institution(by=manager, class_id=klass.pk, signed_name="王校长", now=NOW)
    klass.refresh_from_db()
    return klass


def attend(klass, teacher):
    for lesson in klass.lessons.order_by("starts_at"):
        ids = list(klass.enrolments.values_list("pk", flat=True))
        begins, ends = lesson.starts_at - timedelta(minutes=5), lesson.ends_at + timedelta(minutes=5)
        classes.call_roll(by=teacher, lesson_id=lesson.pk, direction="in", enrolment_ids=ids, now=begins)
        classes.call_roll(by=teacher, lesson_id=lesson.pk, direction="out", enrolment_ids=ids, now=ends)


def claims_of(klass, manager, office):
    """The class through training, assessment and certificates; gives the day of the claims."""
    classes.review_class(by=office["first"], class_id=klass.pk, move="approve", now=NOW + timedelta(1))
    person = klass.lessons.first().teacher_person
    teacher = AccountFactory(role=Role.TEACHER, institution_id=manager.institution_id, person_id=person.pk)
    classes.start_class(by=manager, class_id=klass.pk, now=datetime(2026, 3, 16, tzinfo=UTC))
    attend(klass, teacher)
    klass.refresh_from_db()
    after = klass.lessons.order_by("-ends_at").first().ends_at + timedelta(hours=3)
    classes.end_class(by=manager, class_id=klass.pk, now=after)
    day = klass.ends_on
    assessment.plan_assessment(by=manager, class_id=klass.pk, held_on=day, place="考场", assessors="甲、乙", now=after)
    marks = {pk: assessment.Marks(80, 85) for pk in klass.enrolments.values_list("pk", flat=True)}
    assessment.enter_scores(by=manager, class_id=klass.pk, marks=marks, now=after)
    assessment.lock_scores(by=manager, class_id=klass.pk, now=after)
    certificates.issue_certificates(by=manager, class_id=klass.pk, now=after)
    for one in Enrolment.objects.filter(training_class=klass).select_related("person"):
        one.person.verification, one.person.verified_at = "matched", after
        one.person.save()
    return after


def bank_answers(batch, status):
    """The bank's return: what `status` gives for each line."""
    lines = list(batch.lines.order_by("number"))
    backs = [Back(one.reference, one.amount_fen, status(n), f"BK{n}", "") for n, one in enumerate(lines)]
    body = [f"H|1|RET|{batch.number}|{len(backs)}|{sum(one.amount_fen for one in backs)}"]
    body += [f"D|{b.reference}|{b.amount_fen}|{b.status}|{b.bank_reference}|{b.failure}" for b in backs]
    return closed(body)


def bank_knows(batch, now):
    """The bank's word that each account is the payee's own."""
    for line in batch.lines.all():
        funds.learn_owner(person_id=line.person_id, bank_digest=line.bank_digest, outcome="match", detail="", now=now)


def react(batch):
    """What the queue would do after the bank's return."""
    for line in batch.lines.all():
        if line.state == "paid":
            reactions.payment_paid.call(line.pk)
        elif line.state == "failed":
            reactions.payment_failed.call(line.pk)


def test_from_the_directory_to_the_card(manager, office):
    """N4.1, N4.2, N4.6, N5.1, N5.3, N12.2, N12.3, N14.1, N14.2, N16.2, N16.3."""
    klass = draft(manager)
    classes.submit_class(by=manager, class_id=klass.pk, now=NOW)
    now = claims_of(klass, manager, office)
    klass.refresh_from_db()
    assert (klass.state, klass.number) == ("assessed", "KB320102202600001")
    numbers = [one.number for one in certificate_queries.of_class(klass.pk).values()]
    assert [one[:7] for one in numbers] == ["P322026"] * 3

    funds.set_budget(
        by=office["finance"],
        region_code=COUNTY,
        fund="employment",
        year=2026,
        amount_fen=1_000_000,
        document="财社",
        now=now,
    )
    claims, against = subsidies.file_class_claims(by=manager, class_id=klass.pk, now=now)
    assert ([one.amount_fen for one in claims], against) == ([150_000] * 3, {})

    for claim in claims:
        subsidies.review_claim(by=office["first"], claim_id=claim.pk, move="pass-first", now=now)
        subsidies.review_claim(by=office["second"], claim_id=claim.pk, move="pass-second", now=now)
    notice = subsidies.publish_claims(by=office["first"], now=now)
    objection = subsidies.raise_objection(claim_id=claims[2].pk, text="没有上课", contact="", now=now)
    later = now + timedelta(14)
    assert subsidies.finish_publicity(publicity_id=notice.pk, now=later) == 2
    subsidies.settle_objection(
        by=office["second"], objection_id=objection.pk, upheld=True, finding="查证属实", now=later
    )

    approved = Claim.objects.filter(state="approved").values_list("pk", flat=True)
    batch = subsidies.make_batch(by=office["first"], claim_ids=list(approved), now=later)
    funds.check_batch(by=office["finance"], batch_id=batch.pk, now=later)
    bank_knows(batch, later)
    funds.release_batch(by=office["releaser"], batch_id=batch.pk, now=later)
    returned = bank_answers(batch, lambda n: "PAID" if n == 0 else "FAIL")
    assert funds.take_return(batch_id=batch.pk, content=returned, now=later) == 2
    assert funds.take_return(batch_id=batch.pk, content=returned, now=later) == 0, "the same file counts once"
    react(batch)

    states = sorted(Claim.objects.values_list("state", flat=True))
    assert states == ["failed", "paid", "refused"]
    failed = Claim.objects.get(state="failed")
    own = AccountFactory(role=Role.WORKER, person_id=failed.person_id)
    subsidies.correct_account(
        by=own, claim_id=failed.pk, bank="南京银行", bank_account=luhn("621483000000009001"), now=later
    )
    again = subsidies.make_batch(by=office["first"], claim_ids=[failed.pk], now=later)
    later += timedelta(hours=24)  # so long a payment waits after its account was changed
    funds.check_batch(by=office["finance"], batch_id=again.pk, now=later)
    bank_knows(again, later)
    funds.release_batch(by=office["releaser"], batch_id=again.pk, now=later)
    funds.take_return(batch_id=again.pk, content=bank_answers(again, lambda _: "PAID"), now=later)
    react(again)

    assert sorted(Claim.objects.values_list("state", flat=True)) == ["paid", "paid", "refused"]
    assert ledger.broken_invariants() == []
    [row] = ledger.balances(office["finance"])
    left = {kind: row["accounts"][kind].balance_fen for kind in ("paid", "reserved", "budget")}
    assert left == {"paid": 300_000, "reserved": 0, "budget": 700_000}
    for claim in Claim.objects.all():
        assert subsidy_queries.replayed(claim) == []
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"class.submitted", "class.approved", "certificate.issued", "claim.paid", "batch.released"} <= kinds


def test_no_two_classes_train_one_person_at_one_level(manager, office):
    """N12.3: what was approved for one class is refused for another, and nothing is changed."""
    first = draft(manager)
    classes.submit_class(by=manager, class_id=first.pk, now=NOW)
    classes.review_class(by=office["first"], class_id=first.pk, move="approve", now=NOW)
    second = draft(manager)
    with pytest.raises(Refused) as refusal:
        classes.submit_class(by=manager, class_id=second.pk, now=NOW)
    codes = {one.code for one in refusal.value.reasons}
    assert {"level-had", "trainee-taken", "room-taken", "teacher-taken"} <= codes
    second.refresh_from_db()
    assert second.state == "draft"


def test_nobody_pays_alone(manager, office):
    """N14.1: the same hand never reviews twice, nor makes, checks and releases."""
    klass = draft(manager)
    classes.submit_class(by=manager, class_id=klass.pk, now=NOW)
    now = claims_of(klass, manager, office)
    funds.set_budget(
        by=office["finance"],
        region_code=COUNTY,
        fund="employment",
        year=2026,
        amount_fen=10_000_000,
        document="财社",
        now=now,
    )
    [claim, *_], _ = subsidies.file_class_claims(by=manager, class_id=klass.pk, now=now)
    subsidies.review_claim(by=office["first"], claim_id=claim.pk, move="pass-first", now=now)
    Claim.objects.filter(pk=claim.pk).update(first_by=office["second"])
    with pytest.raises(Refused, match="same-officer"):
        subsidies.review_claim(by=office["second"], claim_id=claim.pk, move="pass-second", now=now)


def test_a_budget_is_never_overdrawn(manager, office):
    """N12.1: claims beyond the budget are refused whole."""
    klass = draft(manager)
    classes.submit_class(by=manager, class_id=klass.pk, now=NOW)
    now = claims_of(klass, manager, office)
    funds.set_budget(
        by=office["finance"],
        region_code=COUNTY,
        fund="employment",
        year=2026,
        amount_fen=200_000,
        document="财社",
        now=now,
    )
    with pytest.raises(Refused, match="over-budget"):
        subsidies.file_class_claims(by=manager, class_id=klass.pk, now=now)
    assert not Claim.objects.exists()
    assert ledger.broken_invariants() == []
