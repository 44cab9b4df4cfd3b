"""Every page by axe-core, at a desk and on a phone (N14.1: whoever works with it can use it)."""

from pathlib import Path

import pytest
from django.urls import reverse

from tests.browser import world as worlds

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => found.id + ": " + found.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | "))"""
WIDER = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
    ? [...document.querySelectorAll("body *")].filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 3).map(one => one.outerHTML.slice(0, 120)) : []"""
PLAIN = worlds.plain_pages()


def found_on(page, path, visit):
    """Everything that is wrong with a page: answer, axe, console, sideways scroll at both widths."""
    answer = visit(page, path)
    wrong = [] if answer.status == 200 else [f"{answer.status} {page.url}"]
    page.add_script_tag(path=AXE)
    wrong += page.evaluate(RUN)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(120)  # charts follow their place a moment later
        wrong += [f"wider than {width}: {one}" for one in page.evaluate(WIDER)]
    wrong += page.evaluate(RUN)
    page.set_viewport_size({"width": 1440, "height": 900})
    wrong += page.faults
    page.faults.clear()
    return sorted({f"{path} {one}" for one in wrong})


ROLES = sorted({str(role or "") for _, role in PLAIN})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", ROLES, ids=[role or "public" for role in ROLES])
def test_pages_without_an_object(role, theme, world, signed_in, visit):
    page = signed_in(who(world, role), language="zh", theme=theme, bypass_csp=True)
    wrong = []
    for name in [name for name, one in PLAIN if str(one or "") == role]:
        wrong += found_on(page, reverse(name), visit)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("reader", ["manager", "county", "teacher", "worker"])
def test_pages_of_an_object(reader, world, signed_in, visit):
    page = signed_in(getattr(world, reader), bypass_csp=True)
    wrong = []
    for name, what, one in worlds.DETAILS:
        if one == reader:
            wrong += found_on(page, worlds.detail(world, name, what), visit)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_policy_is_kept_on_every_page(language, world, signed_in, visit):
    """With the policy in force no page breaks it, in either language: no inline script, style or eval."""
    page = signed_in(world.county, language=language)
    for name in ("reports:workbench", "reports:statistics", "classes:class_list", "web:gallery"):
        visit(page, reverse(name))
    assert page.faults == []


def test_missing_and_forbidden_pages_say_so(world, signed_in, visit):
    page = signed_in(world.manager)
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


def who(world, role):
    """The account of the world where it has one of this role, else any of that role."""
    if not role:
        return None
    known = [world.worker, world.teacher, world.manager, world.county]
    return next((one for one in known if one.role == role), role)
