import pytest

from rollbook.subsidies.tests.debts import funded


@pytest.fixture
def money():
    funded()
