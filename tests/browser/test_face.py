"""A face before a phone's camera at 390 px: Chromium plays a film of real photographs to the page (N7.2, S69)."""

from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions as class_actions
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import running
from rollbook.directory.tests.factories import load_terms
from rollbook.faces import actions as faces
from rollbook.faces.models import Challenge, Check, Consent, Template
from rollbook.faces.rules import liveness
from rollbook.faces.rules.liveness import Move
from rollbook.faces.tests import drawn
from rollbook.faces.tests.test_local import TURNS, face, needs_faces
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import PersonFactory
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_accessibility import found_here, found_on

CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
A_SECOND = 10  # pictures of the film
POSES = [("straight", 22), ("left", 80)]


def film(path, light):
    """Uncompressed YUV 4:2:0 of a person who looks straight and then to the left."""
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W640 H480 F{A_SECOND}:1 Ip A1:1 C420mpeg2\n".encode())
        for pose, count in POSES:
            parts = Image.open(face_of(pose)).resize((396, 456)).point(lambda value: round(value * light))
            whole = Image.new("RGB", (640, 480), (round(120 * light),) * 3)
            whole.paste(parts, (122, 12))
            bright, blue, red = (np.asarray(one) for one in whole.convert("YCbCr").split())
            picture = b"FRAME\n" + b"".join(
                one.tobytes()
                for one in (bright, np.ascontiguousarray(blue[::2, ::2]), np.ascontiguousarray(red[::2, ::2]))
            )
            out.write(picture * count)


def face_of(pose):
    return BytesIO(face(1, TURNS[1][pose]))


@pytest.fixture
def browser(request, playwright, tmp_path):
    """Chromium with a camera that shows a film, or its own pattern, or with none."""
    flags, light = getattr(request, "param", (CAMERA, 1.0))
    if light:
        made = tmp_path / "film.y4m"
        film(made, light)
        flags = [*flags, f"--use-file-for-fake-video-capture={made}"]
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    yield chromium
    chromium.close()


@pytest.fixture
def trainee(site, transactional_db):
    load_terms()
    return AccountFactory(role=Role.WORKER, person_id=PersonFactory().pk)


@pytest.fixture
def quickly(site, signed_in):
    """`quickly(account, path, every)`: a page as it is on a phone, but faster."""

    def opened(who, path, every=100):
        page = signed_in(who, width=390)
        page.on("dialog", lambda dialog: dialog.accept())

        def hurried(route):
            answer = route.fetch()
            faster = answer.text().replace("EVERY = 600", f"EVERY = {every}")
            route.fulfill(response=answer, body=faster)

        page.route("**/faces/camera*.js", hurried)
        assert page.goto(site.url + path).status == 200
        return page

    return opened


@pytest.fixture
def agreed(quickly, trainee):
    faces.give_consent(by=trainee, agrees=True, now=timezone.now())
    page = quickly(trainee, "/me/face/")
    page.get_by_role("button", name="Set my face up", disabled=False).wait_for()
    return page


@needs_faces
def test_a_trainee_agrees_sets_the_face_up_before_the_camera_and_takes_it_back(quickly, trainee, monkeypatch):
    monkeypatch.setattr(liveness, "ORDERS", (((Move.LEFT,),),))  # one move, so that no film need keep time
    page = quickly(trainee, "/me/face/", 300)  # milliseconds between two pictures, of 600 that a person gets
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("button", name="Set my face up", disabled=False).wait_for()
    page.get_by_role("button", name="Set my face up").press("Enter")  # by the keyboard alone
    page.get_by_text("Look straight into the camera").wait_for()
    assert page.locator("[data-stop]").evaluate("one => one === document.activeElement")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_text("one sealed template").wait_for()
    assert Template.objects.get().way == "phone"
    assert Challenge.objects.get().passed
    assert page.faults == []
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Template deleted").wait_for()
    assert not Template.objects.exists()


@needs_faces
def test_a_film_of_other_moves_is_refused_in_words_and_may_be_stopped(agreed, monkeypatch):
    monkeypatch.setattr(liveness, "ORDERS", (((Move.RIGHT, Move.BLINK, Move.RIGHT),),))
    page = agreed
    start = page.get_by_role("button", name="Set my face up")
    start.click()
    page.get_by_role("button", name="Close the camera").click()
    page.get_by_text("Nothing was sent").wait_for()
    start.click()
    page.locator("[data-state=failed] [data-said]").get_by_text("Not seen").wait_for()
    assert not Template.objects.exists()
    assert start.evaluate("one => one === document.activeElement")


def now_running():
    """A lesson of this hour where the region takes faces."""
    scene, now = running(code_seconds=86_400, method_face=1, fence=0), timezone.now()
    scene.lesson.starts_at, scene.lesson.ends_at = now - timedelta(minutes=5), now + timedelta(hours=2)
    scene.lesson.save()
    return scene


@needs_faces
def test_a_trainee_checks_in_with_the_face_beside_the_code_and_never_without(quickly, monkeypatch):
    monkeypatch.setattr(liveness, "ORDERS", (((Move.LEFT,),),))
    scene, now = now_running(), timezone.now()
    faces.give_consent(by=scene.worker, agrees=True, now=now)
    officer = AccountFactory(region_code=scene.people[0].person.region_code)
    picture = face(1, TURNS[1]["straight"])
    faces.enrol_at_counter(by=officer, person_id=scene.worker.person_id, picture=picture, now=now)
    page = quickly(scene.worker, f"/me/lessons/{scene.lesson.pk}/", 300)
    start = page.get_by_role("button", name="Check in with my face", disabled=False)
    start.click()
    page.get_by_text("a face alone does not count").wait_for()
    page.fill("#code", class_actions.code_of(scene.lesson, timezone.now()))
    start.click()
    page.locator("[data-camera][data-state=done]").wait_for()
    assert CheckIn.objects.get().means == "face"
    assert Check.objects.get().passed
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.faults == []


CANNOT = [
    (([], None), "no camera"),
    ((["--use-fake-device-for-media-stream", "--deny-permission-prompts"], None), "not allowed"),
    ((CAMERA, 0.1), "too dark"),
]


@needs_faces
@pytest.mark.parametrize(("browser", "words"), CANNOT, indirect=["browser"])
def test_without_a_camera_leave_to_use_it_or_light_the_page_says_what_to_do(agreed, words):
    page = agreed
    page.get_by_role("button", name="Set my face up").click()
    page.locator("[data-said]").get_by_text(words).wait_for()
    assert not Challenge.objects.exists()  # no try is spent


@pytest.mark.parametrize("browser", [(CAMERA, None)], indirect=True)
@pytest.mark.parametrize(("theme", "language"), [("light", "zh"), ("dark", "en")])
def test_each_state_of_the_camera_can_be_used_by_everybody(signed_in, visit, monkeypatch, theme, language):
    """WCAG AA by axe-core and no sideways scroll: before consent, agreed to an earlier wording, camera open, face set up and
    its tries used up, beside the code."""
    drawn.set_up(monkeypatch)
    scene, now = now_running(), timezone.now()
    by = scene.worker
    page = signed_in(by, theme=theme, language=language, bypass_csp=True)
    wrong = found_on(page, "/me/face/", visit)
    faces.give_consent(by=by, agrees=True, now=now)
    Consent.objects.update(text=1)
    wrong += found_on(page, "/me/face/", visit)
    page.locator("[data-start]").click()
    page.locator("[data-stop]").wait_for()
    wrong += found_here(page)
    officer = AccountFactory(region_code=scene.people[0].person.region_code)
    faces.enrol_at_counter(by=officer, person_id=by.person_id, picture=drawn.picture(), now=now)
    for _n in range(3):
        asked = faces.challenge_account(by=by, now=now)
        with pytest.raises(Refused):
            faces.enrol(by=by, nonce=asked.nonce, pictures=[drawn.picture()] * 6, now=now)
    visit(page, "/me/face/")
    page.locator("[data-start]").click()
    page.locator("[data-state=failed] .alert-danger").wait_for()
    assert "3" in page.locator("[data-said]").inner_text()
    page.faults.clear()  # the browser's own word of the refusal
    wrong += found_here(page)
    wrong += found_on(page, f"/me/lessons/{scene.lesson.pk}/", visit)
    assert page.locator("[data-camera]").is_visible()
    assert wrong == []
