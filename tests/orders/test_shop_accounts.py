"""One mall shop, one shop of the hub: what a key opens is compared with what is here and with what is live elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders import coverage
from orders.channels import FunctionTest, ShopTest
from orders.models import PollWindow, Shop
from orders.operations import shops
from tests.conftest import NOW, TESTER, make_tenant
from tests.orders.making import make_order, make_shop


def opened(account: str, result: str = "allowed") -> ShopTest:
    """What a live test found."""
    return ShopTest(
        account=account, functions=(FunctionTest(function="f", result=result, detail=""),), key_expires_at=None
    )


def account_of(tenant: Tenant, shop: Shop) -> str:
    with tenant_transaction(tenant.pk):
        return str(Shop.objects.get(pk=shop.pk).account)


@pytest.fixture
def account(tenant: Tenant) -> str:
    """An account that no other test has."""
    return f"8{tenant.pk:06d}"


def test_the_key_of_another_mall_shop_is_refused_once_orders_are_here(tenant: Tenant, account: str) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop(mode="observe", account=account)
        shops.save_test(shop, opened("9" + account), by=TESTER, now=NOW)  # nothing of the old one is here
        shop.refresh_from_db()
        make_order(shop)

        with pytest.raises(shops.OtherAccount):
            shops.save_test(shop, opened(account), by=TESTER, now=NOW)
        shops.save_test(shop, opened("9" + account), by=TESTER, now=NOW)

    assert account_of(tenant, shop) == "9" + account


def test_what_was_read_with_the_key_of_another_mall_shop_is_read_again(tenant: Tenant, account: str) -> None:
    start = NOW - timedelta(days=3)
    with tenant_transaction(tenant.pk):
        shop = make_shop(mode="observe", account="9" + account, wanted_from=start)
        done = PollWindow.objects.create(shop=shop, from_at=start, until_at=NOW, state="done", done_at=NOW)
        PollWindow.objects.create(shop=shop, from_at=NOW, until_at=NOW + timedelta(minutes=5))
        coverage.cover(shop.pk, done)
        shops.save_test(shop, opened("9" + account), by=TESTER, now=NOW)
        assert coverage.gaps(shop, until=NOW) == []

        shops.save_test(shop, opened(account), by=TESTER, now=NOW)

        shop.refresh_from_db()
        assert coverage.gaps(shop, until=NOW) == [coverage.Stretch(from_at=start, until_at=NOW)]
        assert not PollWindow.objects.filter(state="open").exists()


def test_a_shop_that_went_live_before_its_account_was_known_is_compared_when_it_is(
    tenant: Tenant, account: str
) -> None:
    other = make_tenant()
    with tenant_transaction(other.pk):
        make_shop(account=account)
    with tenant_transaction(tenant.pk):
        shop = make_shop(account="")

        with pytest.raises(shops.AccountTaken) as caught:
            shops.save_test(shop, opened(account), by=TESTER, now=NOW)

        shop.refresh_from_db()
        assert caught.value.where == "elsewhere"
        assert (shop.account, shop.test_result) == ("", {})


def test_two_shops_whose_accounts_are_unknown_are_not_the_same(tenant: Tenant) -> None:
    other = make_tenant()
    with tenant_transaction(other.pk):
        make_shop(account="")
    with tenant_transaction(tenant.pk):
        shop = make_shop(account="", mode="observe")

        shops.go_live(shop, since=NOW, by=TESTER, now=NOW)


def test_what_going_live_again_takes_on_counts_what_was_taken_on_before(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop(mode="observe")
        make_order(shop, at=NOW - timedelta(days=2), ours=True)
        make_order(shop, at=NOW - timedelta(days=1), ours=False)
        make_order(shop, at=NOW + timedelta(minutes=1), ours=False)

        told = shops.would_do(shop, since=NOW)

    assert (told["ours"], told["stays"]) == (2, 1)


def test_the_judge_knows_no_tenant_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="there is no tenant 999999999"):
        call_command("judge", tenant=[999999999])
