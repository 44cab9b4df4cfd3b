"""The draft of a class in Chromium: it saves as it goes, and a wrong file comes back marked (N4.1, N4.2)."""

from io import BytesIO

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from rollbook.classes import files
from rollbook.classes.models import Enrolment
from rollbook.classes.rules.steps import Step
from rollbook.classes.tests.applications import NOW, ready
from rollbook.directory.tests.factories import load_terms
from rollbook.web import sheets
from tests.browser.steps import send, unfold
from tests.browser.test_accessibility import found_on


@pytest.fixture
def asked(site, transactional_db, monkeypatch):
    load_terms(class_min=2)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return ready()


def test_what_is_written_is_kept_without_pressing_anything(asked, at):
    page = at(asked.manager, f"/classes/{asked.klass.pk}/?step=project")
    page.fill("[name=head]", "李校长")
    page.fill("[name=assessment_plan]", "")
    page.locator("[name=head]").focus()
    live = page.locator("#live[data-saved]")
    live.get_by_text("Describe how the class will be assessed.").wait_for()
    asked.klass.refresh_from_db()
    assert (asked.klass.head, asked.klass.assessment_plan) == ("李校长", "")

    page.fill("[name=ends_on]", "2026-03-01")
    page.locator("[name=head]").focus()
    page.locator("#reasons").get_by_text("The last day lies before the first day.").wait_for()
    page.fill("[name=ends_on]", "2026-03-17")
    page.locator("[name=head]").focus()
    page.locator("#reasons").get_by_text("The last day").wait_for(state="detached")
    assert page.locator("#live").count() == 1


@pytest.mark.parametrize("width", [1440, 390])
def test_a_wrong_file_comes_back_marked_without_choosing_it_again(asked, at, width):
    page = at(asked.manager, f"/classes/{asked.klass.pk}/?step=roster", width=width)
    form = unfold(page, "Import the roster")
    wrong = {"name": "roster.xlsx", "mimeType": "application/octet-stream", "buffer": sheets.template(files.ROSTER)}
    form.locator("[name=file]").set_input_files(wrong)
    send(page, form)
    assert "wrong cells" in page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_download() as download:
        page.get_by_role("button", name="wrong cells marked").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    assert sheet["A2"].fill.fill_type == "solid"
    assert Enrolment.objects.count() == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_steps_of_a_draft_and_the_review_can_be_used_by_everybody(asked, signed_in, visit, theme):
    """WCAG AA by axe-core and no sideways scroll for states that the province of the other test has not."""
    page, wrong = signed_in(asked.manager, theme=theme, bypass_csp=True), []
    for step in Step:
        wrong += found_on(page, f"/classes/{asked.klass.pk}/?step={step}", visit)
    asked.submit()
    page = signed_in(asked.county, theme=theme, language="zh", bypass_csp=True)
    for path in (f"/classes/{asked.klass.pk}/", "/classes/queue/"):
        wrong += found_on(page, path, visit)
    assert wrong == []
