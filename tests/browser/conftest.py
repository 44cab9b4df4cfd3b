"""Chromium against a live server: `signed_in` gives a page that belongs to an account."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_socket
from django.conf import settings as project
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from tests.world import County, two_counties

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(__file__).parents[2] / "shots"
REGION_OF = {"city": "320100", "province": "320000"}


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    pytest_socket.enable_socket()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop running in this thread
    with sync_playwright() as running:
        yield running
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture
def site(socket_enabled, settings, live_server):
    """The live server as in the demo: plain HTTP, officials without a second factor."""
    settings.DEMO = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    call_command("load_regions", verbosity=0)
    return live_server


def account_of(role: str, **values) -> Account:
    """An account of the role, in the office that such a role belongs to."""
    found = Account.objects.filter(role=role, **values).first()
    if found:
        return found
    level = str(role).split("-")[0]
    region = REGION_OF.get(level, "320000" if "administrator" in role or role == Role.AUDITOR else "320102")
    return AccountFactory(role=role, **{"region_code": region, **values})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report


@pytest.fixture
def signed_in(request, site, browser) -> Iterator[Callable[..., Page]]:
    """`signed_in(account or role or None, width=1440, language="en", bypass_csp=False)` → a page whose `faults`
    collects what the console and the network complained about."""
    contexts = []

    def page(who=None, *, width=1440, language="en", theme="light", bypass_csp=False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 844},
            color_scheme=theme,
            locale="zh-CN" if language.startswith("zh") else "en-GB",
            bypass_csp=bypass_csp,
            reduced_motion="reduce",
        )
        contexts.append(context)
        host = urlsplit(site.url).hostname
        cookies = {project.LANGUAGE_COOKIE_NAME: "zh-hans" if language.startswith("zh") else "en"}
        if who is not None:
            account = who if isinstance(who, Account) else account_of(who)
            client = Client()
            client.force_login(account)
            cookies[project.SESSION_COOKIE_NAME] = client.cookies[project.SESSION_COOKIE_NAME].value
            if account.session_key:
                Account.objects.filter(pk=account.pk).update(session_key=cookies[project.SESSION_COOKIE_NAME])
        context.add_cookies(
            [{"name": name, "value": value, "domain": host, "path": "/"} for name, value in cookies.items()]
        )
        context.set_default_timeout(15_000)
        made = context.new_page()
        made.faults = []
        made.on("console", lambda told: made.faults.append(told.text) if told.type == "error" else None)
        made.on("pageerror", lambda error: made.faults.append(str(error)))
        return made

    yield page
    for n, context in enumerate(contexts[-2:] if request.node.failed else ()):
        for left in context.pages:
            left.screenshot(path=SHOTS / f"failed-{request.node.name}-{n}.png", full_page=True)
    for context in contexts:
        context.close()


@pytest.fixture
def at(site, signed_in):
    """`at(account, path)`: a page of the site, freshly signed in as that account, already there."""

    def opened(who, path, *, width=1440):
        page = signed_in(who, width=width)
        page.on("dialog", lambda dialog: dialog.accept())
        assert page.goto(site.url + path).status == 200
        return page

    return opened


@pytest.fixture
def visit(site):
    """Opens a path of the site and gives the answer."""

    def opened(page: Page, path: str):
        return page.goto(site.url + path, wait_until="load")

    return opened


@pytest.fixture
def county(site, transactional_db) -> County:
    """One of every object, and `county.of(role)`, its account of that role."""
    made, known = two_counties()[0], {}
    made.of = lambda role: known.get(role) or known.setdefault(role, made.account(role))
    return made
