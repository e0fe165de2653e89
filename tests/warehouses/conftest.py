"""A shop that ships from a warehouse which is spoken to, and a parcel that was requested from it."""

from __future__ import annotations

import pytest

from automation.engine import work as judge
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Parcel, Shop
from tests.factories import make_shop, mall_line, mall_order, take_in
from warehouses.requesting import work


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant, warehouse="rsl")


@pytest.fixture
def requested(tenant: Tenant, shop: Shop) -> int:
    """A parcel of two lines (3 and 1 pieces) that was requested; its id."""
    take_in(tenant, shop, mall_order(lines=(mall_line("A", quantity=3), mall_line("B"))))
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        return Parcel.objects.get(state="requested").pk
