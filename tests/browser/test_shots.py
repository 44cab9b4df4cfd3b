"""Pictures of every page, at a desk and on a phone, into shots/: only when asked for (`make shots`)."""

import pytest
from django.urls import reverse

from tests.browser import world as worlds
from tests.browser.conftest import SHOTS
from tests.browser.test_accessibility import who


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_of_every_page(language, width, request, world, signed_in, visit):
    if not request.config.getoption("shots"):
        return
    pages = [(name, reverse(name), who(world, str(role or ""))) for name, role in worlds.plain_pages()]
    pages += [
        (f"{name}-{reader}", worlds.detail(world, name, what), getattr(world, reader))
        for name, what, reader in worlds.DETAILS
    ]
    opened = {}
    for name, path, reader in pages:
        key = str(reader or "")
        if key not in opened:
            opened[key] = signed_in(reader, width=width, language=language)
        assert visit(opened[key], path).status == 200
        opened[key].wait_for_timeout(200)
        target = SHOTS / f"{name.replace(':', '-')}-{width}-{language}.png"
        opened[key].screenshot(path=target, full_page=True)
        assert target.stat().st_size > 5000
