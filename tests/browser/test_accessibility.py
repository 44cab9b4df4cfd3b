"""Every page by axe-core, at a desk and on a phone (N14.1: whoever works with it can use it)."""

from pathlib import Path

import pytest
from django.urls import reverse

from rollbook.accounts.rules import Role
from tests.browser.world import pages

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => found.id + ": " + found.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | "))"""
WIDER = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
    ? [...document.querySelectorAll("body *")].filter(one => one.checkVisibility() && !one.closest(".table-wrap, .site-nav") && one.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 3).map(one => one.outerHTML.slice(0, 120)) : innerWidth > 767 ? []
    : [...document.querySelectorAll(".table-wrap > table > thead > tr:only-child")].filter(one => one.cells.length <= 12 && one.closest(".table-wrap").scrollWidth > one.closest(".table-wrap").clientWidth)
        .map(one => "table of " + one.innerText)"""
PARTS = 6  # so that several processes share the pages


def found_on(page, path, visit):
    """Everything that is wrong with a page: answer, axe, console, sideways scroll at both widths."""
    answer = visit(page, path)
    wrong = [] if answer.status == 200 else [f"{answer.status} {page.url}"]
    return sorted({f"{path} {one}" for one in (*wrong, *found_here(page))})


def found_here(page):
    """The same of a page as it stands now."""
    page.add_script_tag(path=AXE)
    wrong = page.evaluate(RUN)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(120)  # charts follow their place a moment later
        wrong += [f"wider than {width}: {one}" for one in page.evaluate(WIDER)]
    wrong += page.evaluate(RUN)
    page.set_viewport_size({"width": 1440, "height": 900})
    wrong += page.faults
    page.faults.clear()
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page(part, theme, county, signed_in, visit):
    """WCAG AA by axe-core, no sideways scroll at 1440 and 390, nothing in the console; Chinese by day, English by night."""
    wrong, opened = [], {}
    for path, role in pages(county)[part::PARTS]:
        if role not in opened:
            language = "zh" if theme == "light" else "en"
            opened[role] = signed_in(role and county.of(role), language=language, theme=theme, bypass_csp=True)
        wrong += found_on(opened[role], path, visit)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_policy_is_kept_on_every_page(language, county, signed_in, visit):
    """With the policy in force no page breaks it, in either language: no inline script, style or eval."""
    page = signed_in(county.of(Role.COUNTY_REVIEWER), language=language)
    for name in ("reports:workbench", "reports:statistics", "classes:class_list", "web:gallery"):
        visit(page, reverse(name))
    assert page.faults == []


def test_missing_and_forbidden_pages_say_so(county, signed_in, visit):
    page = signed_in(county.of(Role.INSTITUTION_MANAGER))
    assert visit(page, "/classes/999999/").status == 404
    assert page.locator("h1").count() == 1
    assert visit(page, reverse("reports:journal")).status == 403
    assert page.locator("h1").count() == 1


def test_the_theme_is_kept(signed_in, visit):
    page = signed_in()
    visit(page, reverse("web:gallery"))
    page.click("[data-theme-switch]")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
