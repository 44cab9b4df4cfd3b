from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.models import Term
from rollbook.directory.tests.factories import load_terms
from rollbook.faces import actions, queries, rules, tasks
from rollbook.faces.models import Challenge, Consent, Deletion, Likeness, Permit, Template
from rollbook.faces.sealing import owner_of, turned, unseal
from rollbook.faces.tests import drawn
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons import actions as persons_actions
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def matcher(monkeypatch):
    load_terms()
    return drawn.set_up(monkeypatch)


def worker(person=None):
    return AccountFactory(role=Role.WORKER, person_id=(person or PersonFactory()).pk)


def agreed(now=NOW):
    by = worker()
    actions.give_consent(by=by, agrees=True, now=now)
    return by


def enrolled(by=None, face=1, now=NOW):
    by = by or agreed(now)
    asked = actions.challenge_account(by=by, now=now)
    pictures = drawn.answering(asked.moves, face)
    return by, actions.enrol(by=by, nonce=asked.nonce, pictures=pictures, now=now)


def forced(statement):
    """Past our code, as at the end of a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def code_of(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return refused.value.reasons[0].code


def test_a_person_agrees_for_the_time_of_the_terms():
    """Domain 4, S69: consent of its own, for a purpose and a time."""
    by = agreed()
    one = queries.consent_of(by.person_id)
    assert (one.until, one.text, one.given_by) == (date(2027, 3, 2), rules.TEXT, by)
    assert Permit.objects.get().owner == owner_of(by.person_id)
    assert Entry.objects.filter(kind="face.consented").count() == 1


@pytest.mark.parametrize("role", [Role.COUNTY_REVIEWER, Role.SUPERVISOR])
def test_nobody_agrees_for_another(role):
    by = AccountFactory(role=role, person_id=PersonFactory().pk)
    with pytest.raises(Forbidden):
        actions.give_consent(by=by, agrees=True, now=NOW)
    assert not Consent.objects.exists()


def test_consent_is_given_once_and_only_by_a_tick():
    by = worker()
    assert code_of(actions.give_consent, by=by, agrees=False, now=NOW) == "not-agreed"
    assert not Permit.objects.exists()
    actions.give_consent(by=by, agrees=True, now=NOW)
    assert code_of(actions.give_consent, by=by, agrees=True, now=NOW) == "agreed-already"


def test_a_face_is_set_up_sealed_and_apart_from_the_person():
    """N7.2: nothing in the row says whose it is, nor what the vector is."""
    by, made = enrolled()
    assert (made.way, made.keep_until) == ("phone", date(2027, 3, 2))
    assert unseal(made.pk, made.key_version, bytes(made.box))[0] == by.person_id
    assert made.turned == pytest.approx(turned(drawn.vector(1)), abs=1e-5)
    assert max(abs(a - b) for a, b in zip(made.turned, drawn.vector(1), strict=True)) > 0.01
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM faces_template t")
        row = cursor.fetchone()[0]
    assert f'"{by.person_id}"' not in row
    assert digest(str(by.person_id)) not in row


def test_without_consent_no_template_whatever_the_code_does():
    """Domain 4: the database refuses what the rule explains."""
    by = worker()
    assert code_of(actions.challenge_account, by=by, now=NOW) == "no-consent"
    values = f"('{owner_of(by.person_id)}', 1, 'x', 'm', now(), 'phone', '2027-01-01')"
    with pytest.raises(IntegrityError):
        forced(f"INSERT INTO faces_template (owner, key_version, box, model, made_at, way, keep_until) VALUES {values}")  # noqa: S608 ours
    enrolled()
    with pytest.raises(IntegrityError):
        forced("DELETE FROM faces_permit")


def test_a_challenge_is_spent_by_its_first_answer():
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    still = [drawn.picture()] * 6
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=still, now=NOW) == "move-missing"
    good = drawn.answering(asked.moves)
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=good, now=NOW) == "challenge-used"
    assert not Template.objects.exists()


def test_a_challenge_is_for_seconds_and_for_whom_it_was_given():
    by, other = agreed(), agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    good = drawn.answering(asked.moves)
    assert code_of(actions.enrol, by=other, nonce=asked.nonce, pictures=good, now=NOW) == "challenge-unknown"
    late = NOW + timedelta(seconds=51)
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=good, now=late) == "challenge-over"
    assert not Template.objects.exists()


def test_tries_of_a_day_have_a_limit_and_a_matcher_that_is_away_takes_none():
    """N7.2: dated term; the next day begins anew, and nothing else is closed."""
    by = agreed()
    challenges = [actions.challenge_account(by=by, now=NOW) for _n in range(5)]
    away = [drawn.picture(away=True)] * 6
    assert code_of(actions.enrol, by=by, nonce=challenges[0].nonce, pictures=away, now=NOW) == "matcher-away"
    for one in challenges[1:4]:
        assert code_of(actions.enrol, by=by, nonce=one.nonce, pictures=[drawn.picture()] * 6, now=NOW) == "move-missing"
    good = drawn.answering(challenges[4].moves)
    assert code_of(actions.enrol, by=by, nonce=challenges[4].nonce, pictures=good, now=NOW) == "face-tries"
    assert code_of(actions.challenge_account, by=by, now=NOW) == "face-tries"
    assert not Template.objects.exists()
    enrolled(by, now=NOW + timedelta(days=1))
    assert queries.tries_failed(queries.holder_of(by.pk), rules.Purpose.ENROL, date(2026, 3, 3)) == 0


def test_a_challenge_is_for_what_it_was_drawn_for():
    by = agreed()
    assert code_of(actions.challenge_account, by=by, purpose="check-in", now=NOW) == "no-face-kept"
    enrolled(by)
    asked = actions.challenge_account(by=by, purpose="check-in", now=NOW)
    pictures = drawn.answering(asked.moves)
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=pictures, now=NOW) == "challenge-unknown"


def merged(one, other, now=NOW):
    """The record of `other` is joined into that of `one`, and what follows has run."""
    officer = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    persons_actions.merge(by=officer, keep_id=one.person_id, merge_id=other.person_id, why="同一人", now=now)
    tasks.person_merged.func(other.person_id)
    return officer


def test_a_merge_ends_consent_and_template_of_the_record_that_is_no_longer_used():
    """N3.1, S69: deleted with its certificate and not carried over; the other's own consent stays."""
    one, kept = enrolled(face=1)
    other, gone = enrolled(face=2)
    assert "rollbook.faces.tasks.person_merged" in settings.REACTIONS["person.merged"]
    merged(one, other)
    assert list(Template.objects.all()) == [kept]
    assert (Deletion.objects.get().owner, Deletion.objects.get().cause) == (gone.pk, "merged")
    assert Consent.objects.get(person_id=other.person_id).cause == "merged"
    assert queries.consent_of(one.person_id) is not None
    assert queries.set_up_of([one.person_id, other.person_id]) == {one.person_id: kept.pk, other.person_id: kept.pk}
    tasks.person_merged.func(other.person_id)  # told twice
    assert Deletion.objects.count() == 1


def test_who_was_merged_agrees_anew_under_the_record_that_is_kept():
    one, (other, _gone) = worker(), enrolled()
    officer = merged(one, other)
    assert not Template.objects.exists()
    assert code_of(actions.challenge_account, by=other, now=NOW) == "no-consent"
    actions.give_consent(by=other, agrees=True, now=NOW)
    assert queries.consent_of(one.person_id).given_by == other
    enrolled(other)
    persons_actions.unmerge(by=officer, person_id=other.person_id, why="两个人", now=NOW)
    assert queries.template_of(other.person_id) is None  # what was deleted does not come back
    assert queries.template_of(one.person_id) is not None


def test_a_merge_that_was_undone_at_once_ends_nothing():
    one, (other, made) = worker(), enrolled()
    officer = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    persons_actions.merge(by=officer, keep_id=one.person_id, merge_id=other.person_id, why="同一人", now=NOW)
    persons_actions.unmerge(by=officer, person_id=other.person_id, why="两个人", now=NOW)
    tasks.person_merged.func(other.person_id)
    assert Template.objects.get() == made


@pytest.mark.parametrize(("count", "code"), [(1, "pictures"), (17, "pictures")])
def test_too_few_or_many_pictures_are_refused(count, code):
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    pictures = [drawn.picture()] * count
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=pictures, now=NOW) == code
    assert Challenge.objects.get().used_at is None


def test_a_matcher_that_is_away_sets_nothing_up():
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    pictures = [drawn.picture(away=True)] * 6
    assert code_of(actions.enrol, by=by, nonce=asked.nonce, pictures=pictures, now=NOW) == "matcher-away"
    assert not Template.objects.exists()


def test_where_nothing_compares_faces_the_person_is_told(monkeypatch):
    by = agreed()
    monkeypatch.setattr("rollbook.faces.adapters.matcher", lambda: None)
    assert code_of(actions.challenge_account, by=by, now=NOW) == "not-set-up"


def test_withdrawing_deletes_at_once_with_a_certificate():
    """S69: deletion on withdrawal, provable: certificate, its digest in the sealed journal."""
    by, _made = enrolled()
    later = NOW + timedelta(hours=1)
    actions.withdraw_consent(by=by, now=later)
    assert not Template.objects.exists()
    assert not Permit.objects.exists()
    proof = Deletion.objects.get()
    assert (proof.cause, proof.deleted_at, proof.made_at) == ("withdrawn", later, NOW)
    assert Entry.objects.get(kind="face.deleted").data["sha256"] == proof.sha256
    assert Consent.objects.get().cause == "withdrawn"
    assert code_of(actions.withdraw_consent, by=by, now=later) == "not-agreed-before"
    for statement in ("DELETE FROM faces_deletion", "UPDATE faces_deletion SET sha256 = ''"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_is_past_its_time_goes_by_itself():
    by, _made = enrolled()
    assert actions.expire(now=datetime(2027, 3, 2, 2, tzinfo=UTC)) == 0
    assert actions.expire(now=datetime(2027, 3, 3, 2, tzinfo=UTC)) == 1
    assert not Template.objects.exists()
    assert Deletion.objects.get().cause == "expired"
    assert queries.consent_of(by.person_id) is None
    assert actions.expire(now=datetime(2027, 3, 4, 2, tzinfo=UTC)) == 0


def test_a_newer_face_replaces_the_older_with_a_certificate():
    by, _made = enrolled()
    enrolled(by, now=NOW + timedelta(days=30))
    assert Template.objects.count() == 1
    assert Deletion.objects.get().cause == "replaced"


def test_an_officer_sets_up_who_agreed_before():
    officer, person = AccountFactory(), PersonFactory()
    values = {"by": officer, "person_id": person.pk, "picture": drawn.picture(), "now": NOW}
    assert code_of(actions.enrol_at_counter, **values) == "no-consent"
    actions.give_consent(by=worker(person), agrees=True, now=NOW)
    bad = values | {"picture": drawn.picture(width=40)}
    assert code_of(actions.enrol_at_counter, **bad) == "face-small"
    assert not Template.objects.exists()
    assert actions.enrol_at_counter(**values).way == "counter"
    assert Entry.objects.filter(kind="face.set-up", by=officer).exists()


def test_an_officer_of_elsewhere_or_without_the_duty_sets_up_nobody():
    person = PersonFactory()
    actions.give_consent(by=worker(person), agrees=True, now=NOW)
    elsewhere, second = AccountFactory(region_code="320583"), AccountFactory(role=Role.COUNTY_SECOND_REVIEWER)
    with pytest.raises(NotFound):
        actions.enrol_at_counter(by=elsewhere, person_id=person.pk, picture=drawn.picture(), now=NOW)
    with pytest.raises(Forbidden):
        actions.enrol_at_counter(by=second, person_id=person.pk, picture=drawn.picture(), now=NOW)
    assert not Template.objects.exists()


def test_one_face_under_two_identities_is_found_and_left_to_a_person():
    """B7, D32: found across the province, nothing follows by itself."""
    first, _one = enrolled(face=7)
    enrolled(face=8)
    second, _two = enrolled(face=7)
    pair = Likeness.objects.get()
    assert {pair.older_id, pair.newer_id} == {first.person_id, second.person_id}
    assert pair.score > 0.99
    assert Entry.objects.get(kind="face.alike").region_code == "320000"
    found = queries.screened_pairs().get()
    assert (found["person_id"], found["other_person_id"]) == (pair.older_id, pair.newer_id)
    enrolled(second, face=7, now=NOW + timedelta(days=1))
    assert Likeness.objects.count() == 1


def test_faces_that_are_less_alike_than_the_term_are_no_pair():
    enrolled(face=7)
    by = agreed()
    asked = actions.challenge_account(by=by, now=NOW)
    shown = [one[:-1] + b', "off": 0.5}' for one in drawn.answering(asked.moves, 7)]
    actions.enrol(by=by, nonce=asked.nonce, pictures=shown, now=NOW)
    assert not Likeness.objects.exists()


def test_a_person_decides_on_a_pair_once():
    enrolled(face=7)
    enrolled(face=7)
    province = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    values = {"by": province, "likeness_id": Likeness.objects.get().pk, "why": "两人为双胞胎，比对证件照", "now": NOW}
    assert code_of(actions.decide_likeness, **values, finding="") == "no-finding"
    assert code_of(actions.decide_likeness, **(values | {"why": " "}), finding="two") == "finding-why"
    assert queries.screened_pairs().count() == 1
    actions.decide_likeness(**values, finding="two")
    assert queries.screened_pairs().count() == 0
    assert code_of(actions.decide_likeness, **values, finding="same") == "decided"
    with pytest.raises(NotFound):
        actions.decide_likeness(**(values | {"by": AccountFactory()}), finding="same")


def test_the_province_is_warned_and_files():
    """S69: alarm before, filing due within the working days of the term."""
    Term.objects.all().delete()
    load_terms(face_alarm=1, face_filing=2)
    province = AccountFactory(role=Role.PROVINCE_OFFICER, region_code="320000")
    assert queries.notices(province, date(2026, 3, 2)) == []
    enrolled(face=1)
    assert [one.code for one in queries.notices(province, date(2026, 3, 2))] == ["filing-near"]
    assert queries.notices(AccountFactory(role=Role.SUPERVISOR), date(2026, 3, 2)) == []
    enrolled(face=2)
    actions.count_templates(now=NOW)
    due = queries.notices(province, date(2026, 3, 20))[0]
    assert (due.code, due.values["due_on"]) == ("filing-due", date(2026, 4, 13))
    assert code_of(actions.note_filing, by=province, number="", filed_on=date(2026, 3, 3), now=NOW) == "filing-number"
    actions.note_filing(by=province, number="苏网信人脸备〔2026〕1号", filed_on=date(2026, 3, 2), now=NOW)
    assert queries.notices(province, date(2026, 3, 20)) == []
    with pytest.raises(Forbidden):
        actions.note_filing(by=AccountFactory(), number="1", filed_on=date(2026, 3, 2), now=NOW)


def test_the_days_are_counted_and_old_challenges_forgotten():
    by, _made = enrolled()
    actions.withdraw_consent(by=by, now=NOW + timedelta(minutes=1))
    enrolled(face=2)
    day = actions.count_templates(now=NOW + timedelta(hours=1))
    assert (day.stored, day.made, day.deleted) == (1, 2, 1)
    assert Challenge.objects.count() == 2
    actions.count_templates(now=NOW + timedelta(days=2))
    assert Challenge.objects.count() == 0


def test_a_newer_key_seals_anew(settings):
    by, made = enrolled()
    assert actions.rotate() == 0
    settings.SEAL_KEYS = settings.SEAL_KEYS | {2: b"n" * 32}
    assert actions.rotate() == 1
    made.refresh_from_db()
    assert made.key_version == 2
    assert unseal(made.pk, 2, bytes(made.box))[0] == by.person_id


def claim(**changes):
    values = {
        "event_id": uuid4(),
        "nonce": "",
        "happened_at": NOW,
        "vendor": "v",
        "model": "m",
        "score": 0.9,
        "liveness": 0.9,
    }
    return actions.checks.Claim(**(values | changes))


def test_a_device_answers_each_challenge_once_and_the_same_event_again():
    """N7.2: a nonce is fresh for one event, within its seconds, at the device it was given to."""
    one, other = actions.challenge_device(device_id=5, region_code="320102", count=2, now=NOW)
    first, again = claim(nonce=one.nonce), claim(nonce=one.nonce)
    late = claim(nonce=other.nonce, happened_at=NOW + timedelta(seconds=36))
    values = {"skew_seconds": 0, "now": NOW}
    assert actions.answer_challenges(device_id=6, claims=[first], **values) == set()
    assert actions.answer_challenges(device_id=5, claims=[first], **values) == {first.event_id}
    assert actions.answer_challenges(device_id=5, claims=[first], **values) == {first.event_id}
    assert actions.answer_challenges(device_id=5, claims=[again, claim(), claim(nonce="x"), late], **values) == set()
    ahead = claim(nonce=other.nonce, happened_at=NOW + timedelta(seconds=100))
    assert actions.answer_challenges(device_id=5, claims=[ahead], skew_seconds=90, now=NOW) == {ahead.event_id}
