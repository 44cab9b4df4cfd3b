"""Candidates photographed at the door of a sitting: nobody sits for another (N7.4, domain 5.2 D101)."""

import threading
from datetime import timedelta
from io import BytesIO

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from PIL import Image

from rollbook.accounts.actions import make_token
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions, queries, rules
from rollbook.assessment.models import DoorPhoto, Sitting
from rollbook.assessment.tests.test_sittings import BEGAN, NOW, filed, ids, klass, manager, staff  # noqa: F401
from rollbook.classes.tests.factories import ClassFactory
from rollbook.evidence.models import Item
from rollbook.faces import actions as faces
from rollbook.faces.models import Consent
from rollbook.faces.tests import drawn
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NotFound, Refused
from rollbook.persons.models import Person

pytestmark = pytest.mark.django_db
OPEN = BEGAN - timedelta(minutes=30)


@pytest.fixture
def sitting(manager, klass):  # noqa: F811
    """Filed the day before it is held."""
    return filed(manager, klass, now=BEGAN - timedelta(1))


def taken(by, sitting, n=0, face=1, now=OPEN, **changes):
    values = {"picture": drawn.taken(face), "word": "same", "now": now, **changes}
    return actions.photograph(
        by=by, sitting_id=sitting.pk, enrolment_id=ids(sitting.assessment.training_class)[n], **values
    )


def agreed(person_id, face=1, text=None):
    """Who agreed to the present statement, or to an earlier one, and whose face is kept."""
    faces.give_consent(by=AccountFactory(role=Role.WORKER, person_id=person_id), agrees=True, now=NOW)
    faces.enrol_at_counter(by=AccountFactory(), person_id=person_id, picture=drawn.picture(face), now=NOW)
    if text:
        Consent.objects.filter(person_id=person_id).update(text=text)


def examiner():
    person = Person.objects.get(name="监考801")
    return AccountFactory(role=Role.WORKER, person_id=person.pk)


def test_without_consent_the_examiner_alone_speaks(manager, klass, sitting, monkeypatch):  # noqa: F811
    """Never a match where nothing was compared: the word stands, the machine says why it has none."""
    drawn.set_up(monkeypatch)
    made = taken(examiner(), sitting)
    assert (made.word, made.compared, made.likeness) == ("same", "not-agreed", None)
    item = Item.objects.get()
    assert (item.dossier, item.keep, item.pk) == (f"classes.TrainingClass:{klass.pk}", "file", made.item_id)
    assert Entry.objects.get(kind="assessment.candidate-photographed").data["percent"] is None
    assert queries.sittings_of(klass.pk).get().photographed == 1
    assert queries.screened()["scores"].count() == 0
    assert taken(manager, sitting, n=1).filed_by == manager


@pytest.mark.parametrize(
    ("text", "matcher", "compared"),
    [(None, True, "done"), (3, True, "not-agreed"), (None, False, "away")],
)
def test_a_face_is_compared_where_its_owner_agreed_to_this(klass, sitting, monkeypatch, text, matcher, compared):  # noqa: F811
    """The statements before this one do not name the examination; without a matcher nothing is compared."""
    drawn.set_up(monkeypatch)
    agreed(klass.enrolments.order_by("pk").first().person_id, text=text)
    if not matcher:
        monkeypatch.setattr("rollbook.faces.adapters.matcher", lambda: None)
    made = taken(examiner(), sitting)
    assert made.compared == compared
    assert (made.percent > 90) == (compared == "done")


def test_a_large_photograph_that_lies_on_its_side_is_compared_upright(klass, sitting, monkeypatch):  # noqa: F811
    seen = []
    matcher = drawn.set_up(monkeypatch)
    agreed(klass.enrolments.order_by("pk").first().person_id)
    matcher.nearest = lambda _template, picture: seen.append(Image.open(BytesIO(picture)).size) or 0.4
    content, exif = BytesIO(), Image.Exif()
    exif[274] = 6
    Image.effect_noise((4000, 3000), 80).convert("RGB").save(content, "JPEG", exif=exif.tobytes())
    assert taken(examiner(), sitting, picture=content.getvalue()).percent == 40
    assert seen == [(1200, 1600)]


def test_a_second_picture_takes_nothing_away(klass, sitting, monkeypatch):  # noqa: F811
    """Somebody else was there first: the least likeness is what screening reads, and no row is changed (D101)."""
    drawn.set_up(monkeypatch)
    agreed(klass.enrolments.order_by("pk").first().person_id)
    by = examiner()
    first = taken(by, sitting, face=2)
    own = drawn.taken(1)
    second = taken(by, sitting, picture=own)
    assert first.percent < 10 < 90 < second.percent
    again = taken(by, sitting, picture=own)
    assert again == second
    with pytest.raises(Refused, match="photo-known"):
        taken(by, sitting, picture=own, word="other", remark="不是本人")
    for change in (lambda: DoorPhoto.objects.update(likeness=0.99), lambda: first.delete()):
        with pytest.raises(DatabaseError, match="final"), transaction.atomic():
            change()
    assert [len(one) for one in queries.photos_of(sitting.pk).values()] == [2]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"word": "yes"}, "no-word"),
        ({"word": "other"}, "describe"),
        ({"word": "unclear", "remark": " "}, "describe"),
        ({"now": BEGAN - timedelta(hours=2, minutes=1)}, "not-at-the-door"),
        ({"now": NOW}, "not-at-the-door"),
        ({"taken_at": BEGAN - timedelta(hours=3)}, "not-at-the-door"),
        ({"taken_at": BEGAN, "now": OPEN}, "not-at-the-door"),
        ({"picture": b"no picture"}, "not-a-photo"),
    ],
)
def test_refused_and_nothing_kept(sitting, changes, code):
    with pytest.raises(Refused, match=code):
        taken(examiner(), sitting, **changes)
    assert not DoorPhoto.objects.exists()
    assert not Item.objects.exists()


def test_what_a_phone_took_without_a_connection_comes_later(sitting):
    """By the time that a system says, or that the camera wrote into the picture."""
    by = examiner()
    assert taken(by, sitting, now=NOW, taken_at=OPEN).taken_at == OPEN
    content, exif = BytesIO(), Image.Exif()
    exif.get_ifd(0x8769)[36867] = timezone.localtime(OPEN).strftime("%Y:%m:%d %H:%M:%S")
    Image.effect_noise((64, 64), 80).save(content, "JPEG", exif=exif.tobytes())
    assert taken(by, sitting, n=1, now=NOW, picture=content.getvalue()).taken_at == OPEN


def test_who_is_not_on_duty_does_not_see_the_door(klass, sitting):  # noqa: F811
    stranger = ClassFactory(item=klass.item, trainees=1).enrolments.get()
    for by in (
        AccountFactory(),
        AccountFactory(role=Role.TEACHER, institution_id=klass.institution_id),
        AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=stranger.training_class.institution_id),
        AccountFactory(role=Role.WORKER, person_id=stranger.person_id),
    ):
        with pytest.raises(NotFound):
            taken(by, sitting)
    with pytest.raises(NotFound):
        actions.photograph(
            by=examiner(), sitting_id=sitting.pk, enrolment_id=stranger.pk, picture=drawn.taken(), word="same", now=OPEN
        )
    assert not DoorPhoto.objects.exists()


def test_a_sitting_is_filed_beforehand_and_taken_back_while_it_is_empty(manager, klass, sitting):  # noqa: F811
    """Before it began nobody answered it; while one is to come nothing is locked; what was held stays."""
    sheet = {ids(klass)[0]: rules.Answers(60, ("A", "B", "CD", "对"))}
    with pytest.raises(Refused, match="not-sat"):
        actions.file_answers(by=manager, sitting_id=sitting.pk, sheets=sheet, now=OPEN)
    with pytest.raises(Refused, match="sittings-open"):
        actions.lock_scores(by=manager, class_id=klass.pk, now=OPEN)
    actions.withdraw_sitting(by=manager, sitting_id=sitting.pk, now=OPEN)
    assert not Sitting.objects.exists()
    assert Entry.objects.filter(kind="assessment.sitting-withdrawn").count() == 1
    held = filed(manager, klass)
    taken(manager, held)
    with pytest.raises(Refused, match="sitting-held"):
        actions.withdraw_sitting(by=manager, sitting_id=held.pk, now=OPEN)


def test_after_the_lock_no_photograph_comes(manager, klass, sitting):  # noqa: F811
    marks = {pk: actions.Marks(70, 80) for pk in ids(klass)}
    actions.enter_scores(by=manager, class_id=klass.pk, marks=marks, now=NOW)
    actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    with pytest.raises(Refused, match="locked"):
        taken(manager, sitting)
    assert not DoorPhoto.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_from_two_phones_at_one_moment_is_one(klass, sitting):  # noqa: F811
    by, picture, found = examiner(), drawn.taken(), []

    def send():
        found.append(taken(by, sitting, picture=picture).pk)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(found), len(set(found)), DoorPhoto.objects.count()) == (4, 1, 1)


def now_held(manager, klass):  # noqa: F811
    """Held about now, as the pages and the API ask the clock."""
    began = timezone.now() - timedelta(minutes=5)
    return filed(manager, klass, starts_at=began, ends_at=began + timedelta(hours=2), drawn_on=None, now=began)


def test_the_roll_before_an_examiners_phone(client, manager, klass, monkeypatch):  # noqa: F811
    """Duty alone opens it, whatever the account is for; the office looks at the pictures on the sitting's page."""
    drawn.set_up(monkeypatch)
    sitting = now_held(manager, klass)
    client.force_login(examiner(), backend=project.AUTHENTICATION_BACKENDS[0])
    client.cookies["django_language"] = "en"
    url = f"/assessments/sittings/{sitting.pk}/door/"
    assert url in client.get("/assessments/duties/").content.decode()
    assert url in client.get("/me/").content.decode()
    page = client.get(url).content.decode()
    assert "0 of 2 candidates photographed" in page
    one, other = ids(klass)

    def send(pk, **changes):
        picture = SimpleUploadedFile("a.jpg", drawn.taken(pk), "image/jpeg")
        return client.post(url, {"enrolment_id": pk, "picture": picture, "word": "same", **changes})

    assert send(one).url == f"{url}#candidate-{one}"
    assert send(other, word="other").status_code == 422
    assert send(other, word="other", remark="年龄不符").status_code == 302
    page = client.get(url).content.decode()
    assert "2 of 2 candidates photographed" in page
    assert "年龄不符" in page
    client.force_login(manager, backend=project.AUTHENTICATION_BACKENDS[0])
    shown = client.get(f"/assessments/sittings/{sitting.pk}/").content.decode()
    assert shown.count("/evidence/") >= 2
    assert client.get(f"/assessments/classes/{klass.pk}/").status_code == 200


def test_over_the_api(client, manager, klass):  # noqa: F811
    _, secret = make_token(by=manager, name="考务系统", scopes=["scores"], now=timezone.now())
    mine = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    sitting = now_held(manager, klass)
    url = f"/api/assessments/sittings/{sitting.pk}/photographs"
    picture = drawn.taken()

    def send(**changes):
        given = {"enrolment_id": ids(klass)[0], "word": "same", "picture": BytesIO(picture), **changes}
        given["picture"].name = "a.jpg"
        return client.post(url, given, **mine)

    first, again = send(), send()
    assert (first.status_code, first.json()["id"], first.json()["compared"]) == (201, again.json()["id"], "not-agreed")
    assert send(word="other").status_code == 422
    assert send(taken_at="2026-03-16T09:00:00").status_code == 422
    assert [one["id"] for one in client.get(url, **mine).json()] == [first.json()["id"]]
    assert send(enrolment_id=0).status_code == 404
    _, other = make_token(by=manager, name="考勤", scopes=["attendance"], now=timezone.now())
    assert client.get(url, HTTP_AUTHORIZATION=f"Bearer {other}").status_code == 403
