"""Keys, rights, transport and the licence call of the simulated mall."""

import json

import pytest

from tests.simulators.rakuten_bench import Bench

LICENSE = "/es/1.0/license-management/license-key/expiry-date"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_each_key_pair_reaches_its_own_shop(bench: Bench) -> None:
    number = bench.place()
    other = bench.control("shops")

    bench.use(other["service_secret"], other["license_key"])
    _, body = bench.call("getOrder", orderNumberList=[number], version=10)

    assert body["OrderModelList"] == []


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("legacy", {"Results": {"errorCode": "ES01-01", "message": "Un-Authorised"}}),
        ("gateway", {"errors": [{"code": "GA0001", "message": "Un-Authorised"}]}),
    ],
)
def test_wrong_key_is_refused_in_both_shapes(bench: Bench, shape: str, body: object) -> None:
    bench.control("settings", error_shape=shape)
    bench.use("SP400001_x", "SL400001_y")

    assert bench.search() == (401, body)


def test_function_that_is_not_switched_on_is_refused_alone() -> None:
    bench = Bench(shop={"functions_off": ["confirmOrder"]})

    assert bench.call("confirmOrder", orderNumberList=["x"])[0] == 401
    assert bench.search()[0] == 200


def test_function_that_is_not_switched_on_can_be_a_bad_request() -> None:
    bench = Bench(shop={"functions_off": ["confirmOrder"], "denied_status": 400})

    status, body = bench.call("confirmOrder", orderNumberList=["x"])

    assert (status, body["Results"]["errorCode"]) == (400, "ES04-01")


def test_key_ends_on_its_ninetieth_day_at_midnight_in_japan(bench: Bench) -> None:
    bench.control("clock", business_start="2027-02-22T23:59:59+09:00", speed=0)
    assert bench.call("getSubStatusList")[0] == 200

    bench.advance(seconds=1)

    assert bench.call("getSubStatusList")[0] == 401


def test_fresh_key_works_after_its_delay_and_beside_the_old_one(bench: Bench) -> None:
    issued = bench.control("keys", shop=bench.shop["shop"], issue={"activation_delay_minutes": 20})["keys"][-1]
    old = dict(bench.headers)
    bench.use(issued["service_secret"], issued["license_key"])
    assert bench.search()[0] == 401

    bench.advance(minutes=20)

    assert bench.search()[0] == 200
    bench.headers = old
    assert bench.search()[0] == 200


def test_revoked_key_is_refused(bench: Bench) -> None:
    bench.control("keys", shop=bench.shop["shop"], revoke=bench.shop["license_key"])

    assert bench.search()[0] == 401


def test_expiry_is_told_without_an_offset(bench: Bench) -> None:
    answer = bench.mall.app("GET", LICENSE, {"licenseKey": bench.shop["license_key"]}, bench.headers, b"")

    assert json.loads(answer.body) == {"expiryDate": "2027-02-22T23:59:59"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_trailing_slash_is_free_and_headers_are_given(bench: Bench, slash: str) -> None:
    answer = bench.send("getSubStatusList", {}, slash=slash)

    assert answer.status == 200
    assert answer.headers["Timestamp"] == "2026-11-24T01:00:00"
    assert len(answer.headers["RequestId"]) == 36


def test_odd_requests_of_the_transport_are_refused(bench: Bench) -> None:
    assert bench.send("getOrder", {}, method="GET").status == 405
    assert bench.send("getOrders", {}).status == 404
    assert bench.send("getOrder", {}, **{"content-type": "application/json"}).status == 415
    assert bench.send("getOrder", {}, **{"content-type": "application/json;charset=UTF-8"}).status == 400


def test_empty_body_is_enough_for_sub_statuses(bench: Bench) -> None:
    status = json.loads(bench.send("getSubStatusList").body)["StatusModelList"]

    assert [entry["orderProgress"] for entry in status] == [100, 300]


def test_every_request_is_in_the_ledger_with_shop_and_true_time(bench: Bench) -> None:
    bench.search()
    bench.send("getOrders", {})

    lines = bench.mall.ledger.lines("request")

    assert [(line["shop"], line["function"], line["status"]) for line in lines] == [
        (bench.shop["shop"], "searchOrder", 200),
        (bench.shop["shop"], "/es/2.0/order/getOrders/", 404),
    ]
    assert lines[0]["arrived_at"] <= lines[1]["arrived_at"]


def test_limit_of_requests_can_be_enforced(bench: Bench) -> None:
    bench.control("settings", enforced_gap_seconds=60)

    assert [bench.search()[0] for _ in range(3)] == [200, 429, 429]


def test_unknown_control_and_bad_wish_are_told(bench: Bench) -> None:
    assert bench.mall.app("POST", "/_control/nothing", {}, {}, b"{}").status == 404
    answer = bench.mall.app("POST", "/_control/orders", {}, {}, b'{"kinds": ["no such"], "n": 1}')
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "ValueError: no such kind of order: no such"})
    for control, wish in [
        ("orders", {"count": 3}), ("orders", [1]), ("clock", {"advance": 60}), ("faults", {"nope": 1}), ("faults", [{"kind": "slow"}]),
        ("shops", "a"), ("buyers/cancel", {}),
    ]:  # fmt: skip
        told = bench.mall.app("POST", f"/_control/{control}", {}, {}, json.dumps(wish).encode())
        assert told.status == 400, control
        assert json.loads(told.body)["error"], control
