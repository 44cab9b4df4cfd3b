"""A long export and saved filters, by clicking: left, found again, downloaded."""

from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.persons.tests.factories import PersonFactory
from rollbook.web import actions, rules
from rollbook.web.models import Job
from tests.browser.conftest import SHOTS
from tests.browser.test_accessibility import found_on


def test_a_long_list_is_exported_while_one_does_something_else(
    request, county, signed_in, visit, monkeypatch, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(rules, "AT_ONCE", 3)
    for n in range(6):
        PersonFactory(name=f"钱六{n}", region_code="320102")
    page = signed_in(county.of(Role.COUNTY_REVIEWER), language="zh", bypass_csp=True)
    visit(page, reverse("persons:person_list") + "?q=钱六")
    page.click("summary:has-text('已存视图')")
    page.fill("#view-name", "姓钱的人")
    page.click("details button:has-text('保存')")
    assert page.locator(".saved-views a[aria-current]").inner_text().strip() == "姓钱的人"

    page.click("text=Excel")
    page.wait_for_url("**/jobs/")
    assert page.locator("progress").count() == 1
    wrong = found_on(page, reverse("web:job_list"), visit)
    assert wrong == []
    if request.config.getoption("shots"):
        page.screenshot(path=SHOTS / "jobs-under-way.png", full_page=True)
    visit(page, reverse("persons:person_list"))
    assert page.locator(".saved-views a").count() == 1, "found again on the whole list"
    visit(page, reverse("web:job_list"))
    actions.run_export(job_id=Job.objects.latest("pk").pk)
    page.wait_for_selector("a:has-text('下载')")
    assert page.locator("progress").count() == 0, "the page follows by itself"
    with page.expect_download() as found:
        page.click("a:has-text('下载')")
    assert found.value.suggested_filename.startswith("persons-")
    if request.config.getoption("shots"):
        visit(page, reverse("persons:person_list") + "?q=钱六")
        page.click("summary:has-text('已存视图')")
        page.screenshot(path=SHOTS / "saved-views.png", full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=SHOTS / "saved-views-390.png", full_page=True)
        visit(page, reverse("web:job_list"))
        page.screenshot(path=SHOTS / "jobs-390.png", full_page=True)
    assert page.faults == []
