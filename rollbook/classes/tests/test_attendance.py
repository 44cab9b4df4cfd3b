"""Check-ins, roll calls, device events, leave and corrections (N4.1, N4.3, N7.4, N14.1)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import Attendance, CheckIn, Correction, Device, Leave, RefusedEvent
from rollbook.classes.tests.factories import LessonFactory
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, PROOF, running
from rollbook.classes.tests.test_devices import register
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return running()


def codes(caught):
    return [one.code for one in caught.value.reasons]


def test_a_trainee_checks_in_and_out(scene):
    """In and out with the code of the moment make the lesson (N4.1)."""
    scene.check_in()
    mark = scene.check_in(direction="out", now=ENDS)

    assert (mark.presence, mark.minutes) == ("present", 178)
    assert list(CheckIn.objects.values_list("direction", "means")) == [("in", "code"), ("out", "code")]
    assert list(Entry.objects.values_list("kind", flat=True)) == ["attendance.checked"] * 2


@pytest.mark.parametrize(
    ("case", "change", "code"),
    [
        ("wrong code", {"code": "nothing"}, "wrong-code"),
        ("too early", {"now": BEGINS - timedelta(minutes=31)}, "outside-window"),
    ],
)
def test_a_check_in_that_does_not_count_is_refused_and_kept_aside(scene, case, change, code):
    """Who stands there is told why; for whoever looks later it is kept, and moves nothing."""
    event = uuid4()
    with pytest.raises(Refused) as caught:
        scene.check_in(event_id=event, **change)
    assert codes(caught) == [code], case
    assert list(CheckIn.objects.values_list("event_id", "set_aside")) == [(event, code)]
    assert list(Attendance.objects.values_list("in_at", "presence")) == [(None, "absent")]
    assert Entry.objects.get().data["aside"] == code
    with pytest.raises(Refused) as caught:  # the answer was lost
        scene.check_in(event_id=event, **change)
    assert codes(caught) == [code]
    assert (CheckIn.objects.count(), Entry.objects.count()) == (1, 1)
    assert Attendance.objects.get().wrong_codes == (code == "wrong-code")


def test_the_code_of_two_steps_ago_is_refused(scene):
    old = actions.code_of(scene.lesson, NOW)
    with pytest.raises(Refused) as caught:
        scene.check_in(code=old, now=NOW + timedelta(seconds=20))
    assert codes(caught) == ["wrong-code"]


def test_the_code_of_another_lesson_is_refused(scene):
    other = LessonFactory(
        training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher, starts_at=ENDS
    )
    with pytest.raises(Refused) as caught:
        scene.check_in(code=actions.code_of(other, NOW))
    assert codes(caught) == ["wrong-code"]


@pytest.mark.parametrize(("who", "error"), [("stranger", NotFound), ("teacher", Forbidden), ("county", Forbidden)])
def test_only_the_trainees_own_account_checks_in(scene, who, error):
    """Nobody checks in for another (N7.4)."""
    stranger = AccountFactory(role="worker", person_id=running_person())
    by = {"stranger": stranger, "teacher": scene.teacher, "county": scene.county}[who]
    with pytest.raises(error):
        scene.check_in(by=by)
    assert not CheckIn.objects.exists()


def running_person():
    from rollbook.persons.tests.factories import PersonFactory

    return PersonFactory().pk


def test_a_double_punch_is_refused_and_the_first_stays(scene):
    scene.check_in()
    with pytest.raises(Refused) as caught:
        scene.check_in(now=NOW + timedelta(minutes=5))
    assert codes(caught) == ["double"]
    assert Attendance.objects.get().in_at == NOW


def test_the_same_event_again_is_the_same_answer(scene):
    """Idempotent, even when the code has passed since (N7.4)."""
    event = uuid4()
    first = scene.check_in(event_id=event)
    again = scene.check_in(event_id=event, code="long ago", now=NOW + timedelta(minutes=9))
    assert first == again
    assert CheckIn.objects.count() == 1


def test_an_event_of_another_person_is_refused(scene):
    event = uuid4()
    scene.check_in(event_id=event)
    other = AccountFactory(role="worker", person_id=scene.people[1].person_id)
    with pytest.raises(Refused) as caught:
        scene.check_in(by=other, event_id=event)
    assert codes(caught) == ["event-used"]


def test_a_closed_lesson_takes_nothing(scene):
    actions.close_attendance(lesson_id=scene.lesson.pk, now=ENDS)
    scene.lesson.refresh_from_db()
    with pytest.raises(Refused) as caught:
        scene.check_in(now=ENDS)
    assert codes(caught) == ["attendance-closed"]
    assert set(Attendance.objects.values_list("presence", flat=True)) == {"absent"}
    assert actions.close_attendance(lesson_id=scene.lesson.pk, now=ENDS) == 0  # once
    assert Entry.objects.filter(kind="attendance.closed").count() == 1


def test_the_database_changes_no_check_in(scene):
    """What was sent stays as it was sent (N4.3)."""
    scene.check_in()
    for sql in ("UPDATE classes_checkin SET direction = 'out'", "DELETE FROM classes_checkin"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def roll(scene, by, direction="in", now=NOW):
    ids = [one.pk for one in scene.people]
    return actions.call_roll(by=by, lesson_id=scene.lesson.pk, direction=direction, enrolment_ids=ids, now=now)


def test_roll_call_is_one_deed(scene):
    assert roll(scene, scene.teacher) == 3
    assert roll(scene, scene.manager) == 0  # all are in
    assert roll(scene, scene.teacher, "out", ENDS) == 3
    assert set(Attendance.objects.values_list("presence", flat=True)) == {"present"}
    assert Entry.objects.filter(kind="attendance.rolled").count() == 3


@pytest.mark.parametrize(
    ("case", "account", "error"),
    [
        ("another teacher", {"role": "teacher", "person_id": 1}, NotFound),
        ("a worker", {"role": "worker"}, Forbidden),
        ("the county only looks", {}, Forbidden),
        ("another institution", {"role": "institution-manager", "institution_id": 0}, NotFound),
    ],
)
def test_roll_call_by_others(scene, case, account, error):
    if account.get("role") == "teacher":
        account = {**account, "institution_id": scene.klass.institution_id, "person_id": scene.people[2].person_id}
    if account.get("role") == "worker":
        account = {**account, "person_id": scene.people[0].person_id}
    if account.get("institution_id") == 0:
        from rollbook.institutions.tests.factories import InstitutionFactory

        account = {**account, "institution_id": InstitutionFactory().pk}
    with pytest.raises(error):
        roll(scene, AccountFactory(**account))
    assert not CheckIn.objects.exists(), case


def events_of(scene):
    return [
        actions.Event(UUID(int=n * 2 + (direction == "out")), one.pk, direction, moment)
        for n, one in enumerate(scene.people)
        for direction, moment in (("in", NOW), ("out", ENDS - timedelta(minutes=20 * n)))
    ]


def take(scene, events, now=ENDS, by=None):
    device = Device.objects.filter(institution=scene.klass.institution).first()
    if device is None:
        device, _key = register(scene)
        actions.activate_device(by=scene.county, device_id=device.pk, now=BEGINS)
    return actions.take_events(
        by=by or scene.manager, lesson_id=scene.lesson.pk, events=events, device=device.serial, now=now
    )


def test_device_events_are_answered_one_by_one(scene):
    """Late, doubled, foreign and impossible events of a reader: each is answered, the good ones count."""
    good = events_of(scene)
    ahead = actions.Event(uuid4(), scene.people[0].pk, "out", ENDS + timedelta(minutes=5))
    foreign = actions.Event(uuid4(), 0, "in", NOW)
    odd = actions.Event(uuid4(), scene.people[0].pk, "across", NOW)
    lone = actions.Event(uuid4(), scene.people[0].pk, "out", NOW - timedelta(minutes=10))

    answers = take(scene, [*good, good[0], ahead, foreign, odd, lone])

    said = {event: answer and answer.code for event, answer in answers.items()}
    assert [said[one.event_id] for one in good] == [None] * 6
    assert [said[one.event_id] for one in (ahead, foreign, odd, lone)] == [
        "future", "not-on-roster", "direction", None,
    ]  # fmt: skip
    assert list(Attendance.objects.order_by("enrolment").values_list("presence", flat=True)) == [
        "present", "late", "late",
    ]  # fmt: skip
    assert list(CheckIn.objects.exclude(set_aside="").values_list("event_id", "set_aside")) == [
        (ahead.event_id, "future")
    ]
    assert list(RefusedEvent.objects.order_by("code").values_list("code", flat=True)) == ["direction", "not-on-roster"]
    assert CheckIn.objects.count() == 8
    assert Entry.objects.filter(kind="attendance.received").count() == 1


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_however_a_reader_sends_its_events_they_come_to_the_same(scene, rng, times):
    """Doubled and shuffled events give the same attendance (N7.4)."""
    events = events_of(scene) * times
    rng.shuffle(events)
    with transaction.atomic():
        take(scene, events)
        take(scene, events[: rng.randint(0, len(events))])
        marks = list(Attendance.objects.order_by("enrolment").values_list("in_at", "out_at", "presence", "minutes"))
        count = CheckIn.objects.count()
        transaction.set_rollback(True)
    assert count == 6
    assert marks == [
        (NOW, ENDS, "present", 178),
        (NOW, ENDS - timedelta(minutes=20), "late", 158),
        (NOW, ENDS - timedelta(minutes=40), "late", 138),
    ]


def ask_leave(scene, by=None, lesson=None, **changes):
    values = {"ground": "illness", "explanation": "", "proof": PROOF, "now": BEGINS - timedelta(days=1), **changes}
    return actions.ask_leave(
        by=by or scene.worker, lesson_id=(lesson or scene.lesson).pk, enrolment_id=scene.people[0].pk, **values
    )


@pytest.fixture
def wide(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return running(lessons=5)


def test_leave_is_granted_by_another(wide):
    leave = ask_leave(wide)
    with pytest.raises(Forbidden):
        actions.decide_leave(by=wide.teacher, leave_id=leave.pk, grant=True, now=NOW)
    actions.decide_leave(by=wide.manager, leave_id=leave.pk, grant=True, now=NOW)

    attended = queries.attendance_of(wide.klass.pk)[wide.people[0].pk]
    assert (attended.hours, attended.leave_hours, attended.planned_hours) == (0, 4, 20)
    with pytest.raises(NotFound):  # decided once
        actions.decide_leave(by=wide.manager, leave_id=leave.pk, grant=False, now=NOW)


def test_the_institution_cannot_grant_what_it_asked(wide):
    leave = ask_leave(wide, by=wide.manager)
    with pytest.raises(Refused) as caught:
        actions.decide_leave(by=wide.manager, leave_id=leave.pk, grant=True, now=NOW)
    assert codes(caught) == ["same-person"]
    with pytest.raises(IntegrityError, match="leave_is_granted_by_another"), transaction.atomic():
        Leave.objects.filter(pk=leave.pk).update(decided_by=wide.manager)


def test_leave_after_the_lesson_is_refused(wide):
    with pytest.raises(Refused) as caught:
        ask_leave(wide, now=ENDS)
    assert codes(caught) == ["leave-too-late"]
    assert not Leave.objects.exists()


def test_leave_has_a_limit_that_counts_what_still_waits(wide):
    ask_leave(wide)  # 4 of 20 hours: 20 %
    second = wide.klass.lessons.order_by("starts_at")[1]
    with pytest.raises(Refused) as caught:
        ask_leave(wide, lesson=second)
    assert codes(caught) == ["too-much-leave"]


def test_leave_of_another_person_is_not_found(wide):
    other = AccountFactory(role="worker", person_id=wide.people[1].person_id)
    with pytest.raises(NotFound):
        ask_leave(wide, by=other)


def test_the_proof_is_what_it_says(wide):
    with pytest.raises(Refused) as caught:
        ask_leave(wide, proof=b"<html>")
    assert codes(caught) == ["file-type"]


def correct(scene, by=None, **changes):
    values = {"presence": "present", "why": "the reader was off", "now": ENDS, **changes}
    return actions.ask_correction(
        by=by or scene.teacher, lesson_id=scene.lesson.pk, enrolment_id=scene.people[0].pk, **values
    )


def test_a_correction_changes_nothing_until_the_county_grants_it(scene):
    """Who asks and who decides are two persons, both named (N14.1)."""
    one = correct(scene)
    assert Attendance.objects.get().presence == "absent"
    actions.decide_correction(by=scene.county, correction_id=one.pk, grant=True, now=ENDS)
    mark = Attendance.objects.get()
    assert (mark.presence, mark.minutes) == ("present", 180)
    assert list(Entry.objects.order_by("pk").values_list("kind", "by__username")) == [
        ("attendance.correction-asked", scene.teacher.username),
        ("attendance.correction-decided", scene.county.username),
    ]


def test_a_refused_correction_changes_nothing(scene):
    actions.decide_correction(by=scene.county, correction_id=correct(scene).pk, grant=False, now=ENDS)
    assert Attendance.objects.get().presence == "absent"


def test_events_that_come_later_do_not_undo_a_correction(scene):
    one = correct(scene)
    actions.decide_correction(by=scene.county, correction_id=one.pk, grant=True, now=ENDS)
    take(scene, [actions.Event(uuid4(), scene.people[0].pk, "in", NOW)])
    assert Attendance.objects.get(enrolment=scene.people[0]).presence == "present"


def test_a_correction_is_never_decided_by_who_asked(scene):
    one = correct(scene)
    with pytest.raises(Forbidden):
        actions.decide_correction(by=scene.manager, correction_id=one.pk, grant=True, now=ENDS)
    Correction.objects.filter(pk=one.pk).update(asked_by=scene.county)
    with pytest.raises(Refused) as caught:
        actions.decide_correction(by=scene.county, correction_id=one.pk, grant=True, now=ENDS)
    assert codes(caught) == ["same-person"]
    with pytest.raises(IntegrityError, match="correction_is_granted_by_another"), transaction.atomic():
        Correction.objects.filter(pk=one.pk).update(decided_by=scene.county)


def test_after_the_results_attendance_is_final(scene):
    one = correct(scene)
    type(scene.klass).objects.filter(pk=scene.klass.pk).update(state="assessed")
    with pytest.raises(Refused) as caught:
        actions.decide_correction(by=scene.county, correction_id=one.pk, grant=True, now=ENDS)
    assert codes(caught) == ["attendance-final"]


def test_rates_of_person_day_and_class(wide, django_assert_num_queries):
    """80 % lines by person and by day (domain 2.5), each in a fixed number of queries."""
    roll(wide, wide.teacher)
    roll(wide, wide.teacher, "out", ENDS)
    second = wide.klass.lessons.order_by("starts_at")[1]
    actions.close_attendance(lesson_id=second.pk, now=second.ends_at)
    with django_assert_num_queries(6):
        found = queries.attendance_of(wide.klass.pk, second.ends_at)
    assert {(one.hours, one.held_hours, one.percent, one.percent_so_far) for one in found.values()} == {(4, 8, 20, 50)}
    with django_assert_num_queries(1):
        assert queries.worst_day_percent(wide.klass.pk) == 0
    with django_assert_num_queries(3):
        lessons, rows = queries.grid_of(wide.klass.pk)
    assert (len(lessons), [len(marks) for _, marks in rows]) == (5, [5, 5, 5])


def test_attendance_can_be_worked_out_again(scene, capsys):
    """The events are the record; a mark that disagrees is found and mended (N4.3)."""
    roll(scene, scene.teacher)
    roll(scene, scene.teacher, "out", ENDS)
    call_command("recompute_attendance", scene.klass.pk, "--check")
    Attendance.objects.filter(enrolment=scene.people[1]).update(presence="absent", minutes=0)
    with pytest.raises(CommandError, match="1 marks differ"):
        call_command("recompute_attendance", scene.klass.pk, "--check")
    call_command("recompute_attendance", scene.klass.pk)
    call_command("recompute_attendance", scene.klass.pk, "--check")
    assert capsys.readouterr().out.endswith("Every mark agrees with its events.\n")
    assert Entry.objects.filter(kind="attendance.recomputed").count() == 1
