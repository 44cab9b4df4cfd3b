"""What a teacher forgot to check in, and what waits on the workbench (N14.1)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.classes import actions, queries
from rollbook.classes.models import Lesson, Teaching, TeachingCorrection
from rollbook.classes.queries import screening
from rollbook.classes.tests.scenes import BEGINS, ENDS, PROOF, running
from rollbook.classes.tests.test_api import keyed, stranger
from rollbook.classes.tests.test_teaching import codes, enter, teach
from rollbook.directory.models import Term
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db


def correct(scene, by=None, **changes):
    values = {
        "lesson_id": scene.lesson.pk, "in_at": BEGINS, "out_at": ENDS, "why": "忘记签到", "paper": PROOF,
        "now": ENDS + timedelta(hours=1), **changes,
    }  # fmt: skip
    return actions.ask_teaching_correction(by=by or scene.manager, **values)


def grant(scene, by=None, is_granted=True):
    return actions.decide_teaching_correction(
        by=by or scene.county, correction_id=TeachingCorrection.objects.latest("pk").pk, grant=is_granted,
        now=ENDS + timedelta(hours=2),
    )  # fmt: skip


@pytest.fixture
def forgotten(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    scene = running(teacher_check_in=1)
    Lesson.objects.update(is_binding=True)
    return scene


def test_a_forgotten_check_in_is_asked_by_the_institution_and_granted_by_the_county(forgotten):
    """N14.1: another office decides, on a paper that is kept as evidence."""
    scene = forgotten
    teach(scene, now=BEGINS)
    asked = correct(scene)
    assert (asked.was["out_at"], asked.paper.subject) == (None, queries.subject_of(scene.lesson.pk))
    assert queries.without_teacher(scene.klass.pk, ENDS) == [scene.lesson]  # it counts once granted
    assert queries.asks_for(scene.county)["teachings"] == [asked]
    grant(scene)
    assert list(Teaching.objects.values_list("in_at", "out_at", "is_corrected")) == [(BEGINS, ENDS, True)]
    assert queries.without_teacher(scene.klass.pk, ENDS) == []
    with pytest.raises(NotFound):
        grant(scene)
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"attendance.teaching-asked", "attendance.teaching-decided"} <= kinds


def test_a_correction_that_is_refused_leaves_the_record(forgotten):
    correct(forgotten)
    assert grant(forgotten, is_granted=False).state == "refused"
    assert not Teaching.objects.exists()
    correct(forgotten)  # with a better paper


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"why": " "}, "why"),
        ({"paper": b""}, "no-paper"),
        ({"now": ENDS - timedelta(minutes=1)}, "not-over"),
        ({"out_at": BEGINS}, "outside-window"),
        ({"in_at": BEGINS - timedelta(hours=2)}, "outside-window"),
    ],
)
def test_a_correction_without_ground_is_not_asked(forgotten, change, code):
    with pytest.raises(Refused) as caught:
        correct(forgotten, **change)
    assert codes(caught) == [code]
    assert not TeachingCorrection.objects.exists()
    assert not Entry.objects.exists()


def test_one_correction_waits_at_a_time_and_none_after_the_results(forgotten):
    correct(forgotten)
    with pytest.raises(Refused) as caught:
        correct(forgotten)
    assert codes(caught) == ["correction-asked"]
    type(forgotten.klass).objects.update(state="assessed")
    with pytest.raises(Refused) as caught:
        grant(forgotten)
    assert codes(caught) == ["attendance-final"]
    assert not Teaching.objects.exists()


def test_who_asks_and_who_decides(forgotten):
    scene = forgotten
    for by in (scene.teacher, scene.county, scene.worker):
        with pytest.raises(Forbidden):
            correct(scene, by=by)
    asked = correct(scene)
    for by in (scene.manager, scene.teacher):
        with pytest.raises((Forbidden, Refused)):
            grant(scene, by=by)
    with pytest.raises(IntegrityError, match="teaching_is_corrected_by_another"), transaction.atomic():
        TeachingCorrection.objects.update(decided_by=asked.asked_by)
    with pytest.raises(IntegrityError, match="corrected_teaching_lasts"), transaction.atomic():
        TeachingCorrection.objects.update(out_at=BEGINS)


def test_pages_of_a_forgotten_check_in(client, forgotten, settings):
    settings.DEMO = True
    scene = forgotten
    begins = timezone.localtime(timezone.now() - timedelta(hours=4)).replace(second=0, microsecond=0)
    Lesson.objects.update(starts_at=begins, ends_at=begins + timedelta(hours=3))
    page = reverse("classes:correct_teacher", args=[scene.lesson.pk])
    enter(client, scene.manager)
    assert page in client.get(reverse("classes:lesson", args=[scene.lesson.pk])).content.decode()
    sent = {
        "in_at": f"{begins:%Y-%m-%dT%H:%M}", "out_at": f"{begins + timedelta(hours=3):%Y-%m-%dT%H:%M}",
        "why": "忘记签到", "paper": SimpleUploadedFile("x.pdf", PROOF),
    }  # fmt: skip
    assert client.post(page, sent).status_code == 302
    enter(client, scene.county)
    assert client.get(page).status_code == 403
    decide_it = reverse("classes:decide", args=["teaching", TeachingCorrection.objects.get().pk])
    assert decide_it in client.get(reverse("classes:asks")).content.decode()
    client.post(decide_it, {"grant": "1"})
    assert Teaching.objects.get().is_corrected


def test_screening_reads_how_long_the_filed_teacher_was_there(forgotten):
    """Nothing where the terms do not ask, nor of a lesson to come; a county's own term goes before the province's."""

    def told():
        return list(screening.lessons().filter(pk=forgotten.lesson.pk).values_list("teacher_minutes", flat=True))

    assert told() == [0]
    teach(forgotten, now=BEGINS)
    assert told() == [0]  # no check-out: nothing is proven
    teach(forgotten, direction="out", now=ENDS + timedelta(minutes=5))
    assert told() == [180]
    Teaching.objects.update(person=forgotten.people[0].person)
    assert told() == [0]
    county = Term.objects.get(key="teacher-check-in")
    county.pk, county.region_code, county.value = None, forgotten.klass.region_code, 0
    county.save()
    assert told() == [None]
    county.delete()
    Lesson.objects.update(ends_at=timezone.now() + timedelta(hours=1))
    assert told() == [None]


def test_an_institutions_own_system_asks_with_a_key_for_attendance(forgotten, monkeypatch):
    """N7.4, N14.1: as on the page; a key for something else, another institution and a missing paper change nothing."""
    scene, now = forgotten, ENDS + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: now)
    path = f"/api/classes/lessons/{scene.lesson.pk}/teacher/correction"

    def sent(client, **changes):
        paper = SimpleUploadedFile("a.pdf", PROOF, "application/pdf")
        said = {"in_at": BEGINS.isoformat(), "out_at": ENDS.isoformat(), "why": "忘记签到", "paper": paper, **changes}
        return client.post(path, {name: value for name, value in said.items() if value is not None})

    assert sent(keyed(scene.manager, "scores")).status_code == 403
    assert sent(keyed(stranger(), "attendance")).status_code == 404
    client = keyed(scene.manager, "attendance")
    assert sent(client, paper=None).status_code == 422
    wrong = sent(client, out_at=(ENDS + timedelta(days=1)).isoformat())
    assert (wrong.status_code, bool(wrong.json()["reasons"])) == (422, True)
    assert not TeachingCorrection.objects.exists()
    answer = sent(client)
    assert (answer.status_code, answer.json()["state"]) == (200, "asked")
    assert TeachingCorrection.objects.get().paper.sha256
    assert sent(client).status_code == 422  # it waits
    grant(scene)
    assert Teaching.objects.get().is_corrected
