"""Clock: a row moves business time and production refuses it. Test: each function by the mall's own name, and nothing starts with a bad key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from drivers.ends import End, ends, table
from hub import checks
from hub.clock import business_now, true_now
from hub.ids import encode
from hub.models import Clock, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Shop
from tests.api.conftest import caller_of
from tests.conftest import NOW
from tests.journeys.conftest import World
from tests.journeys.world_steps import connect
from tests.pages import browser

FUNCTIONS = {
    "rpay.order.searchOrder", "rpay.order.getOrder", "rpay.order.confirmOrder", "rpay.order.updateOrderShipping",
    "rpay.order.cancelOrder",
}  # fmt: skip


@pytest.fixture
def clock(django_db_setup: None) -> Iterator[None]:
    Clock.objects.all().delete()
    yield
    Clock.objects.all().delete()


@pytest.mark.usefixtures("clock")
def test_business_time_is_the_databases_time_unless_one_row_says_otherwise(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        plain = abs(business_now() - true_now())
    real = true_now()
    Clock.objects.create(real_start=real - timedelta(seconds=10), business_start=NOW, speed=30.0)
    with tenant_transaction(tenant.pk):
        moved, true = business_now(), true_now()

    assert plain < timedelta(seconds=2)
    assert timedelta(seconds=300) <= moved - NOW < timedelta(seconds=600), "start + (now - real start) x speed"
    assert abs(true - real) < timedelta(seconds=10), "leases and quiet times follow true time"


@pytest.mark.usefixtures("clock")
def test_production_refuses_to_start_with_a_business_clock(settings: Any) -> None:
    settings.PRODUCTION = True
    checks.refuse_exempt_role()

    Clock.objects.create(real_start=NOW, business_start=NOW, speed=1.0)

    with pytest.raises(checks.ExemptRole, match="hub_clock holds a row"):
        checks.refuse_exempt_role()


@pytest.mark.feature("F010")
@pytest.mark.parametrize(
    ("wish", "result", "words"),
    [
        ({}, "allowed", "使えます"),
        ({"functions_off": ["cancelOrder"]}, "not_switched_on", "許可されていません"),
        ({"activation_delay_minutes": 30, "denied_status": 400}, "not_active_yet", "鍵がまだ有効になっていません"),
    ],
)
def test_the_live_test_lists_each_function_in_the_malls_own_name_with_the_day_the_key_ends(
    world: World, tenant: Tenant, wish: dict[str, Any], result: str, words: str
) -> None:
    call = caller_of(tenant)
    keys = world.post(world.mall_url, "shops", {"id": f"41095{len(str(wish))}", **wish})
    credentials = {"service_secret": keys["service_secret"], "license_key": keys["license_key"]}

    made = call.post("shops", {"channel": "rakuten", "name": "テスト店", "credentials": credentials}).json()
    test = call.post(f"shops/{made['id']}/test").json()
    started = call.patch(f"shops/{made['id']}", {"polling": {"enabled": True}})
    page = browser(tenant).get(f"/settings/shops/{made['id']}/").content.decode()

    assert {one["function"] for one in test["functions"]} >= FUNCTIONS
    assert result in {one["result"] for one in test["functions"]}
    assert words in page
    assert "rpay.order.cancelOrder" in page
    if result == "allowed":
        assert "あと" in page
        assert call.get(f"shops/{made['id']}").json()["credentials"]["expires_at"]
    assert started.status_code == (200 if test["passed"] else 409)
    with tenant_transaction(tenant.pk):
        assert Shop.objects.get().polling is bool(test["passed"])


def test_the_end_of_each_kind_is_judged() -> None:
    mall = [
        {"number": "1", "kind": "card", "expected_end": "counted", "status": 500, "counted_at": "2026-11-25"},
        {"number": "2", "kind": "remark_free", "expected_end": "held:remark", "status": 300, "counted_at": None},
        {"number": "3", "kind": "self_cancel", "expected_end": "cancelled", "status": 900, "counted_at": None},
        {"number": "4", "kind": "cod", "expected_end": "counted", "status": 300, "counted_at": None},
    ]
    hub: dict[str, dict[str, Any]] = {
        "1": {"phase": "done", "holds": [], "unreported": False, "mall_state": "shipped"},
        "2": {"phase": "intake", "holds": ["備考あり"], "unreported": False, "mall_state": "ready"},
        "3": {"phase": "cancelled", "holds": [], "unreported": False, "mall_state": "cancelled"},
    }

    found = ends(mall, hub)

    assert [end.ok for end in found] == [True, True, True, False]
    assert found[3] == End(number="4", kind="cod", expected="counted", reached="missing")
    assert any("cod" in line for line in table(found))


def test_a_connected_shop_knows_when_its_key_ends(world: World, tenant: Tenant) -> None:
    shop_id = connect(world, tenant, expiry_days=12)

    page = browser(tenant).get(f"/settings/shops/{encode(shop_id)}/").content.decode()

    assert "あと12日" in page
