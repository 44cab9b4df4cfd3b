"""Pictures of every page, at a desk and on a phone, into shots/: only when asked for (`make shots`)."""

import re

import pytest

from tests.browser.conftest import SHOTS
from tests.browser.world import pages


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_of_every_page(language, width, request, county, signed_in, visit):
    if not request.config.getoption("shots"):
        return
    opened = {}
    for path, role in pages(county):
        if role not in opened:
            opened[role] = signed_in(role and county.of(role), width=width, language=language)
        page = opened[role]
        assert visit(page, path).status == 200
        page.wait_for_timeout(200)
        name = re.sub(r"\W+", "-", path).strip("-") or "home"
        target = SHOTS / f"{name}-{role or 'public'}-{width}-{language}.png"
        page.screenshot(path=target, full_page=True)
        assert target.stat().st_size > 5000
