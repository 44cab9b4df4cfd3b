import pytest


@pytest.fixture(autouse=True)
def lake(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path / "lake"
    settings.DROP_ROOT = tmp_path / "drop"
    settings.LAKE_MEMORY = "512MB"
