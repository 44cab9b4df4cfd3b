import pytest


@pytest.fixture(autouse=True)
def lake(request, tmp_path):
    """Files of columns of each test's own; none where the rules are tried alone."""
    if not request.config.pluginmanager.has_plugin("django"):
        return
    settings = request.getfixturevalue("settings")
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.DROP_ROOT = tmp_path / "drop"
    settings.LAKE_MEMORY = "512MB"
