"""What still leaves for an order that was deleted, cancelled or shipped meanwhile; the effects go over the shop's lane for real."""

from __future__ import annotations

from datetime import date

import pytest

from hub.effects.handlers import handler_for
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Shop
from orders.operations.shipments import Package, record_shipment
from tests.conftest import NOW, TESTER
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")
PACKAGE = Package(carrier="yamato", number="123456789012", shipped_on=date(2026, 11, 22))


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def reason_of(tenant: Tenant, kind: str) -> str:
    """Return what the handler says of the one effect of the kind, as the stage asks it just before sending."""
    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(kind=kind)
        return handler_for(kind).reasons([effect], NOW)[effect.pk]


def test_shipment_is_reported_though_its_order_was_deleted(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        record_shipment(Parcel.objects.get().pk, packages=[PACKAGE], by=TESTER, now=NOW)
        Order.objects.update(deleted_at=NOW)  # as an undo leaves it

    assert reason_of(tenant, "mall.report") == ""
