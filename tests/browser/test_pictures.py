"""The pictures of an alert: drawn, with their tables open, in both languages and themes, at a desk and on a phone (N3.6)."""

import pytest
from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.tests.factories import InstitutionFactory, RoomFactory, SiteFactory, TeacherFactory
from rollbook.persons.tests.factories import PersonFactory
from rollbook.risk.tests.test_pictures import OUTSIDE, SITE, check_in, found
from tests.browser.conftest import SHOTS
from tests.browser.test_accessibility import found_here


@pytest.fixture
def alerts(site):
    load_terms()
    klass = ClassFactory(region_code="320102", state="running")
    ground = SiteFactory(institution=klass.institution, latitude=SITE[0], longitude=SITE[1])
    lesson = LessonFactory(
        training_class=klass, teacher=TeacherFactory(institution=klass.institution), room=RoomFactory(site=ground)
    )
    for n, one in enumerate(EnrolmentFactory.create_batch(12, training_class=klass)):
        check_in(lesson, one, n * 70, n, longitude=SITE[1] + 0.0003 * (n % 5 - 2), accuracy=15, is_mock=n == 7)
    for n in range(9):
        other = ClassFactory(item=klass.item, region_code="320102", state="running")
        found("D39", other.pk, [{**OUTSIDE, "count": 3 + n * n // 2}])
    EnrolmentFactory.create_batch(9, training_class=klass, person__phone_digest="f" * 64)
    other, person = InstitutionFactory(name="江北职业培训学校"), PersonFactory(name="周明")
    pair = {"other_institution_id": other.pk}
    rows = [
        {"kind": "person", "value": str(person.pk), "over": f"company:{'e' * 32}", "second": "phone", **pair},
        {"kind": "phone", "value": "d" * 64, "over": "", "second": "", **pair},
        {"kind": "address", "value": "a" * 32, "over": "", "second": "", **pair},
    ]
    return [
        found("D39", klass.pk, [{**OUTSIDE, "count": 17}]),
        found("D25", klass.pk, [{"people": 9, "all_people": 12, "phone": "f" * 64}]),
        found("D74", klass.institution_id, rows),
    ]


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_every_picture_is_drawn_and_can_be_read(language, theme, alerts, signed_in, visit, request):
    page = signed_in(Role.COUNTY_REVIEWER, language=language, theme=theme, bypass_csp=True)
    for n, alert in enumerate(alerts):
        assert visit(page, reverse("risk:alert_detail", args=[alert.pk])).status == 200
        places = page.locator("[data-picture]")
        assert places.count() == page.locator("[data-picture] canvas").count() > 0
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert not found_here(page)
        if request.config.getoption("shots"):
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
            for width in (1440, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(200)
                page.screenshot(path=SHOTS / f"alert-{n}-{width}-{language}.png", full_page=True)
            page.set_viewport_size({"width": 1440, "height": 900})
