"""Every mall of the settings on its bench; `tests/contract/test_warehouses.py` has a stand of its own."""

import pytest
from django.conf import settings

from tests.contract.channel_bench import Stand


@pytest.fixture(params=sorted(settings.CHANNELS))
def stand(request: pytest.FixtureRequest) -> Stand:
    return Stand(request.param)
