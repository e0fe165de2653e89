"""本番開始 while something is looked at just before it is sent: what was to wait for it does not wait for ever."""

from __future__ import annotations

from typing import Any

import pytest

from automation.engine import work as judge
from hub.effects import carrying, deliver
from hub.effects.settling import Settling, lock_orders
from hub.models import Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop
from orders.operations.holds import hold
from orders.operations.shops import OBSERVING, go_live
from tests.conftest import NOW, TESTER
from tests.elsewhere import Elsewhere
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def deliver_while_the_shop_goes_live(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, shop: Shop, lane: str, real: Any = Settling.drop
) -> None:
    """The shop observes again; it goes live between the look at it and the hold of what was about to leave."""
    with tenant_transaction(tenant.pk):
        Shop.objects.filter(pk=shop.pk).update(mode="observe")
        lane_id = Lane.objects.get(name__startswith=lane).pk

    def go() -> None:
        with tenant_transaction(tenant.pk):
            go_live(Shop.objects.get(pk=shop.pk), since=NOW, by=TESTER, now=NOW)

    going = Elsewhere(go)

    def drop(*given: Any) -> None:
        if not going.began:
            going.meet()
        real(*given)

    monkeypatch.setattr(Settling, "drop", drop)
    deliver.work(tenant.pk, lane_id)
    going.end()


def test_confirm_is_not_held_for_a_shop_that_went_live_meanwhile(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(tenant, shop, mall_order(state="new", code="100"))
    judge(tenant.pk)

    deliver_while_the_shop_goes_live(monkeypatch, tenant, shop, "shop:")

    with tenant_transaction(tenant.pk):
        assert Shop.objects.get(pk=shop.pk).mode == "live"
        effect = Effect.objects.get(kind="mall.confirm")
        assert (effect.state, effect.hold_reason) == ("waiting", "")


def test_what_is_kept_for_two_causes_meets_a_bulk_act(
    tenant: Tenant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(tenant, shop, *(mall_order(state="new", code="100") for _ in range(2)))
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        first, second = Order.objects.order_by("pk").values_list("pk", flat=True)
        Order.objects.filter(pk=second).update(deleted_at=NOW)
        Shop.objects.filter(pk=shop.pk).update(mode="observe")
        lane_id = Lane.objects.get(name__startswith="shop:").pk

    def hold_both() -> None:
        with tenant_transaction(tenant.pk):
            hold([first, second], reason="棚卸し", by=TESTER, now=NOW)

    holding = Elsewhere(hold_both)

    def lock_while_both_are_held(ids: list[int]) -> None:
        if not holding.began:
            holding.meet()
        lock_orders(ids)

    monkeypatch.setattr(carrying, "lock_orders", lock_while_both_are_held)
    deliver.work(tenant.pk, lane_id)
    holding.end()

    with tenant_transaction(tenant.pk):
        held = Effect.objects.filter(kind="mall.confirm").order_by("order_id").values_list("state", "hold_reason")
        assert list(held) == [("waiting", OBSERVING), ("waiting", "order_deleted")]
