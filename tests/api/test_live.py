"""Against the simulated mall: a shop connected, tested and taken live by the API alone, and an order that goes through it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Shop
from tests.api.conftest import Caller
from tests.journeys.conftest import START, World, world
from tests.journeys.world_steps import place, run

__all__ = ["world"]


@pytest.fixture
def keys(world: World) -> dict[str, str]:
    found: dict[str, str] = world.post(world.mall_url, "shops", {"id": "410900", "next_day": True})
    return found


def body_of(keys: dict[str, str], **more: Any) -> dict[str, Any]:
    secret = {"service_secret": keys["service_secret"], "license_key": keys["license_key"]}
    return {"channel": "rakuten", "name": "楽天本店", "credentials": secret, **more}


def test_shop_with_a_good_key_is_read_from_now_on(call: Caller, tenant: Tenant, keys: dict[str, str]) -> None:
    answer = call.post("shops", body_of(keys, polling={"enabled": True}))

    assert answer.status_code == 201, answer.content
    shop = answer.json()
    assert (shop["polling"]["enabled"], shop["test"]["passed"], shop["account"], shop["mode"]) == (
        True,
        True,
        keys["shop"],
        "observe",
    )
    assert {one["result"] for one in shop["test"]["functions"]} == {"allowed"}
    assert shop["credentials"]["expires_at"]


def test_failing_key_is_kept_and_starts_nothing(call: Caller, tenant: Tenant, keys: dict[str, str]) -> None:
    wrong = {**keys, "license_key": "SL410900_wrongwrongwrong"}

    shop = call.post("shops", body_of(wrong, polling={"enabled": True})).json()
    started = call.patch(f"shops/{shop['id']}", {"polling": {"enabled": True}})

    assert (shop["polling"]["enabled"], shop["test"]["passed"], shop["credentials"]["set"]) == (False, False, True)
    assert {one["result"] for one in shop["test"]["functions"]} == {"wrong_key"}
    assert (started.status_code, started.json()["code"]) == (409, "test_failed")
    english = Caller(call.secret, language="en").post(f"shops/{shop['id']}/test").json()
    told = {(one["title"], one["advice"]) for one in shop["test"]["functions"]}
    assert told == {("鍵が違います。", "鍵を、モールの管理画面からもう一度コピーして入れ直してください。")}
    assert {(one["title"], one["advice"]) for one in english["functions"]} == {
        ("The key is wrong.", "Copy the key from the mall's back office once more and enter it again.")
    }

    mended = call.patch(f"shops/{shop['id']}", {"credentials": body_of(keys)["credentials"]}).json()
    test = call.post(f"shops/{shop['id']}/test").json()
    assert (mended["test"], test["passed"]) == (None, True)
    assert call.patch(f"shops/{shop['id']}", {"polling": {"enabled": True}}).json()["polling"]["enabled"] is True


def test_same_mall_shop_twice_is_refused(call: Caller, keys: dict[str, str]) -> None:
    call.post("shops", body_of(keys, polling={"enabled": True}))
    second = call.post("shops", {**body_of(keys), "name": "二つ目"}).json()

    answer = call.post(f"shops/{second['id']}/test")

    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken_here")


def test_order_of_the_mall_is_seen_mapped_and_explained(
    call: Caller, tenant: Tenant, keys: dict[str, str], world: World
) -> None:  # fmt: skip
    shop = call.post("shops", body_of(keys, polling={"enabled": True})).json()
    call.post(f"shops/{shop['id']}/go-live", {"since": START.isoformat()})
    with tenant_transaction(tenant.pk):
        shop_id = Shop.objects.get().pk
    place(world, tenant, shop_id, n=3, kinds=["card"])
    world.pass_time(minutes=2)
    run()

    listed = call.get("orders").json()["items"]
    assert len(listed) == 3
    why = call.get(f"orders/{listed[0]['id']}/explain").json()
    assert "waiting" in {one["code"] for one in why["obstacles"]}
    world.pass_time(minutes=45)
    run(rounds=2)
    unmapped = call.get("listings?unmapped=true&limit=200").json()["items"]
    assert unmapped
    for listing in unmapped:
        product = call.post("products", {"sku": f"S-{listing['key']}"[:100], "name": listing["name"]}).json()
        told = call.put(f"listings/{listing['id']}", {"product": product["id"]}).json()
        assert told["looked_at"] >= 1
        assert told["looked_at"] == told["moved_on"] + told["still_held"]
    assert call.get("listings?unmapped=true").json()["items"] == []
    assert {one["status"]["name"] for one in call.get("orders").json()["items"]} == {"入金待ち"}
