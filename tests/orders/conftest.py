"""A shop whose rows are committed."""

from __future__ import annotations

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Shop
from tests.orders.making import make_shop


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店", polling=True)
