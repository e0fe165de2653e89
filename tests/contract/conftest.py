"""Every mall of the settings on its bench, and every warehouse that takes requests over a line on its own."""

import pytest
from django.conf import settings

from tests.contract.channel_bench import Stand
from tests.contract.warehouse_bench import Stand as WarehouseStand
from tests.contract.warehouse_calls import elsewhere


@pytest.fixture(params=sorted(settings.CHANNELS))
def stand(request: pytest.FixtureRequest) -> Stand:
    return Stand(request.param)


@pytest.fixture(params=[kind for kind in sorted(settings.WAREHOUSES) if elsewhere(kind)])
def house(request: pytest.FixtureRequest) -> WarehouseStand:
    return WarehouseStand(request.param)
