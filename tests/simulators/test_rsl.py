"""The simulated warehouse through its HTTP API: taking, refusing, shipping, telling and withdrawing, on a clock that stands still."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from simulators.clock import Clock
from simulators.rsl import RslWarehouse
from simulators.server import mock_handler

MORNING = "2026-11-25T10:00:00+09:00"


class Bench:
    """A warehouse with one shop, and a client that is that shop."""

    def __init__(self, seed: int = 7) -> None:
        self.clock = Clock(speed=0)
        self.set_time(MORNING)
        self.warehouse = RslWarehouse(clock=self.clock, seed=seed)
        transport = httpx.MockTransport(mock_handler(self.warehouse.app))
        headers = {"X-RSL-Shop": "shop-1", "Authorization": "Bearer token-1"}
        self.http = httpx.Client(transport=transport, base_url="http://rsl", headers=headers)
        self.account()
        self.control("stock", shop="shop-1", stock={"A-1": 100, "B-2": 100})

    def account(self, **fields: Any) -> None:
        self.control("accounts", shop="shop-1", token="token-1", **fields)

    def control(self, what: str, **data: Any) -> Any:
        answer = self.http.post(f"/_control/{what}", json=data)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *entries: dict[str, Any]) -> None:
        self.control("faults", seed=1, faults=list(entries))

    def set_time(self, instant: str) -> None:
        when = datetime.fromisoformat(instant)
        self.clock.set(when, when, 0)

    def ask(self, *requests: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.http.post("/v1/shipments", json={"requests": list(requests)})
        assert answer.status_code == 200, answer.text
        answers: list[dict[str, Any]] = answer.json()["answers"]
        return answers

    def state(self, reference: str = "P1-1") -> Any:
        return self.http.post("/v1/shipments/find", json={"references": [reference]}).json()["shipments"][reference]

    def withdraw(self, reference: str = "P1-1", accept_fee: bool = False) -> Any:
        body = {"accept_fee": accept_fee, "reason": "注文者都合"}
        return self.http.post(f"/v1/shipments/{reference}/withdraw", json=body).json()

    def results(self, after: str = "", limit: int = 100) -> Any:
        return self.http.get("/v1/results", params={"after": after, "limit": limit}).json()

    def ledger(self, kind: str) -> list[dict[str, Any]]:
        self.warehouse.run_due()
        return self.warehouse.ledger.lines(kind)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def request(reference: str = "P1-1", **changes: Any) -> dict[str, Any]:
    person = {
        "name": "楽天 花子", "kana": "ラクテン ハナコ", "postal_code": "158-0094", "prefecture": "東京都",
        "city": "世田谷区", "street": "玉川1-14-1", "phone": "03-1234-5678",
    }  # fmt: skip
    whole = {
        "reference": reference,
        "recipient": person | changes.pop("recipient", {}),
        "sender": {"name": "テスト商店"},
        "lines": [{"sku": "A-1", "quantity": 2, "name": "りんご"}],
        "wish": {},
        "slip": {"order_number": "123456-20261125-0000000001"},
    }
    return whole | changes


def test_wrong_token_is_refused_and_nothing_is_taken(bench: Bench) -> None:
    headers = {"Authorization": "Bearer wrong"}

    answer = bench.http.post("/v1/shipments", json={"requests": [request()]}, headers=headers)

    assert answer.status_code == 401
    assert bench.ledger("request") == []


@pytest.mark.parametrize(
    ("now", "ship_on"),
    [
        ("2026-11-25T15:29:59+09:00", "2026-11-25"),
        ("2026-11-25T15:30:00+09:00", "2026-11-26"),
        ("2026-12-31T15:30:00+09:00", "2027-01-01"),
        ("2028-02-28T23:59:59+09:00", "2028-02-29"),
    ],
)
def test_cut_off_is_exact(bench: Bench, now: str, ship_on: str) -> None:
    bench.set_time(now)

    [answer] = bench.ask(request())

    assert (answer["outcome"], answer["ship_day_on"], answer["repeated"]) == ("accepted", ship_on, False)


def test_answers_come_in_the_order_of_the_requests(bench: Bench) -> None:
    answers = bench.ask(request("P1-1"), request("P2-1", lines=[]), request("P3-1"))

    assert [(answer["reference"], answer["outcome"]) for answer in answers] == [
        ("P1-1", "accepted"),
        ("P2-1", "refused"),
        ("P3-1", "accepted"),
    ]
    assert [(line["reference"], line["outcome"]) for line in bench.ledger("request")] == [
        ("P1-1", "accepted"),
        ("P2-1", "refused"),
        ("P3-1", "accepted"),
    ]


def test_more_than_500_requests_are_refused_as_a_whole(bench: Bench) -> None:
    answer = bench.http.post("/v1/shipments", json={"requests": [request(f"P{n}") for n in range(501)]})

    assert answer.status_code == 400
    assert bench.ledger("request") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reference": "P 1"}, "E101"),
        ({"recipient": {"name": ""}}, "E102"),
        ({"recipient": {"postal_code": "158-009"}}, "E103"),
        ({"recipient": {"postal_code": "1000000"}}, "E104"),
        ({"recipient": {"prefecture": "東京"}}, "E105"),
        ({"recipient": {"street": " "}}, "E106"),
        ({"recipient": {"phone": ""}}, "E107"),
        ({"lines": []}, "E108"),
        ({"lines": [{"sku": "ZZZ", "quantity": 1}]}, "E109"),
        ({"lines": [{"sku": "A-1", "quantity": 0}]}, "E110"),
        ({"delivery_method": "鳩"}, "E111"),
        ({"cod_yen": 300_001}, "E112"),
        ({"cod_yen": 1000, "delivery_method": "mail"}, "E112"),
        ({"wish": {"time": "夜中"}}, "E113"),
        ({"wish": {"date_on": "2026/11/30"}}, "E114"),
        ({"memo": "あ" * 501}, "E115"),
        ({"lines": "x"}, "E108"),
        ({"recipient": {"name": 5}}, "E100"),
    ],
)
def test_refusal_names_its_reason(bench: Bench, change: dict[str, Any], code: str) -> None:
    [answer] = bench.ask(request(**change))

    assert (answer["outcome"], answer["code"]) == ("refused", code)
    assert answer["message"]
    assert bench.http.get("/_control/next-due").json()["next_due"] is None


def test_corrected_request_is_taken_after_a_refusal(bench: Bench) -> None:
    bench.ask(request(recipient={"phone": ""}))
    refused = bench.state()

    [answer] = bench.ask(request())

    assert (refused["state"], refused["code"]) == ("refused", "E107")
    assert (answer["outcome"], answer["repeated"]) == ("accepted", False)
    assert bench.state()["state"] == "accepted"


@pytest.mark.parametrize(
    ("prefecture", "wish", "kept", "ship_on"),
    [
        ("東京都", "2026-11-28", "2026-11-28", "2026-11-27"),
        ("東京都", "2026-11-26", "2026-11-26", "2026-11-25"),
        ("東京都", "2026-11-25", None, "2026-11-25"),
        ("沖縄県", "2026-11-26", None, "2026-11-25"),
        ("東京都", "2027-03-01", None, "2026-11-25"),
    ],
)
def test_impossible_wish_is_cleared_silently(
    bench: Bench, prefecture: str, wish: str, kept: str | None, ship_on: str
) -> None:
    [answer] = bench.ask(request(recipient={"prefecture": prefecture}, wish={"date_on": wish, "time": "am"}))

    assert (answer["outcome"], answer["code"], answer["message"]) == ("accepted", "", "")
    assert answer["ship_day_on"] == ship_on
    assert bench.state()["wish"] == {"date_on": kept, "time": "am"}


def test_shipment_leaves_in_the_evening_and_is_told_from_19(bench: Bench) -> None:
    bench.ask(request())
    bench.set_time("2026-11-25T11:30:00+09:00")
    at_work = bench.state()["state"]
    bench.set_time("2026-11-25T18:59:59+09:00")
    before, left = bench.results(), bench.state()["state"]
    bench.set_time("2026-11-25T19:15:00+09:00")

    [result] = bench.results()["results"]

    assert (at_work, left, before["results"]) == ("working", "shipped", [])
    assert (result["reference"], result["outcome"]) == ("P1-1", "shipped")
    assert result["lines"] == [{"sku": "A-1", "quantity": 2}]
    [package] = result["packages"]
    assert package["shipped_on"] == "2026-11-25"
    assert bench.http.get("/v1/stock").json()["stock"][0] == {"sku": "A-1", "name": "", "on_hand": 98, "free": 98}


def test_each_event_is_in_the_ledger_at_its_own_time_after_a_jump(bench: Bench) -> None:
    bench.ask(request())
    stops = []
    while due := bench.http.get("/_control/next-due").json()["next_due"]:
        stops.append(due)
        bench.set_time(due)

    jumped = Bench()
    jumped.ask(request())
    jumped.set_time("2026-12-25T00:00:00+09:00")

    def kinds(bench: Bench) -> list[tuple[str, str]]:
        wanted = ("working", "shipped", "told")
        return [(line["kind"], line["at"]) for kind in wanted for line in bench.ledger(kind)]

    assert [kind for kind, _ in kinds(bench)] == ["working", "shipped", "told"]
    assert kinds(jumped) == kinds(bench)
    assert [at for _, at in kinds(bench)] == stops


def test_tracking_numbers_are_valid_unique_and_the_same_for_a_seed() -> None:
    def numbers(seed: int, order: Callable[[list[Any]], Any]) -> dict[str, list[str]]:
        bench = Bench(seed)
        bench.control("stock", shop="shop-1", stock={"A-1": 100_000})
        bench.ask(*order([request(f"P{n}-1", lines=[{"sku": "A-1", "quantity": 50}]) for n in range(300)]))
        bench.set_time("2026-11-26T00:00:00+09:00")
        return {
            line["reference"]: [row["tracking_number"] for row in line["packages"]] for line in bench.ledger("shipped")
        }

    first, again, other = numbers(7, list), numbers(7, lambda rows: rows[::-1]), numbers(8, list)

    flat = [number for row in first.values() for number in row]
    assert len(flat) == len(set(flat)) == 900
    assert all(len(number) == 12 and int(number[:11]) % 7 == int(number[11]) for number in flat)
    assert first == again
    assert first != other


def test_results_go_on_from_the_cursor(bench: Bench) -> None:
    bench.ask(*[request(f"P{n}-1") for n in range(5)])
    bench.set_time("2026-11-25T19:15:00+09:00")

    seen, cursor, more = [], "", True
    while more:
        page = bench.results(after=cursor, limit=2)
        seen += [row["reference"] for row in page["results"]]
        cursor, more = page["next"], page["more"]

    assert sorted(seen) == [f"P{n}-1" for n in range(5)]
    assert bench.results(after=cursor) == {"results": [], "next": cursor, "more": False}
    assert bench.http.get("/v1/results", params={"after": "77"}).status_code == 400


def test_same_reference_twice_is_one_shipment_where_the_warehouse_dedupes(bench: Bench) -> None:
    first = bench.ask(request())
    again = bench.ask(request())
    other = bench.ask(request(memo="別の内容"))
    bench.set_time("2026-11-25T20:00:00+09:00")

    assert again == [first[0] | {"repeated": True}]
    assert (other[0]["outcome"], other[0]["code"]) == ("refused", "E201")
    assert len(bench.ledger("repeated")) == 1
    assert len(bench.ledger("shipped")) == 1


def test_same_reference_twice_ships_twice_where_it_does_not(bench: Bench) -> None:
    bench.account(dedupe=False)
    bench.ask(request())
    bench.ask(request())
    bench.set_time("2026-11-25T20:00:00+09:00")

    assert bench.state()["shipments"] == 2
    assert [line["nth"] for line in bench.ledger("shipped")] == [1, 2]
    numbers = {row["tracking_number"] for line in bench.ledger("shipped") for row in line["packages"]}
    assert len(numbers) == 2


def test_warehouse_that_cannot_be_asked_says_so(bench: Bench) -> None:
    bench.account(dedupe=False, askable=False)
    bench.ask(request())

    assert bench.http.get("/v1/shipments/P1-1").status_code == 501
    assert bench.http.post("/v1/shipments/find", json={"references": ["P1-1"]}).status_code == 501
    assert bench.http.get("/v1/account").json()["abilities"] == {"dedupe": False, "askable": False}


def test_shortage_ends_in_cannot_ship_and_a_smaller_request_is_taken(bench: Bench) -> None:
    lines = [{"sku": "A-1", "quantity": 2, "name": ""}, {"sku": "B-2", "quantity": 101, "name": ""}]
    bench.ask(request(lines=lines))
    bench.set_time("2026-11-25T14:00:00+09:00")
    short = bench.state()

    refused = bench.ask(request(lines=[{"sku": "A-1", "quantity": 3, "name": ""}]))
    taken = bench.ask(request(lines=lines[:1]))
    bench.set_time("2026-11-25T20:00:00+09:00")

    assert (short["state"], short["code"], short["reason"]) == ("cannot_ship", "E301", "在庫不足: B-2 1点")
    assert refused[0]["code"] == "E201"
    assert taken[0]["outcome"] == "accepted"
    told = {row["outcome"]: row["lines"] for row in bench.results()["results"]}
    assert told == {"cannot_ship": [], "shipped": [{"sku": "A-1", "quantity": 2}]}


def test_short_account_ships_what_there_is(bench: Bench) -> None:
    bench.account(ship_short=True)
    bench.ask(request(lines=[{"sku": "A-1", "quantity": 101, "name": ""}]))
    bench.set_time("2026-11-25T20:00:00+09:00")

    [result] = bench.results()["results"]
    assert (result["outcome"], result["lines"]) == ("short", [{"sku": "A-1", "quantity": 100}])
    assert bench.http.get("/v1/stock").json()["stock"][0]["on_hand"] == 0


def test_withdrawal_is_free_before_work(bench: Bench) -> None:
    bench.ask(request())

    answer, again = bench.withdraw(), bench.withdraw()
    bench.set_time("2026-11-26T20:00:00+09:00")

    assert answer == again == {"reference": "P1-1", "outcome": "agreed", "fee_yen": 0}
    assert (len(bench.ledger("withdrawn")), bench.ledger("shipped"), bench.results()["results"]) == (1, [], [])


def test_withdrawal_during_work_asks_for_the_fee_first(bench: Bench) -> None:
    bench.ask(request())
    bench.set_time("2026-11-25T12:00:00+09:00")

    asked = bench.withdraw()
    agreed, again = bench.withdraw(accept_fee=True), bench.withdraw()
    bench.set_time("2026-11-26T20:00:00+09:00")

    assert (asked["outcome"], asked["fee_yen"]) == ("needs_fee", 330)
    assert (agreed["outcome"], agreed["fee_yen"]) == ("agreed", 330)
    assert again == agreed
    assert bench.ledger("shipped") == []
    assert bench.http.get("/v1/stock").json()["stock"][0]["free"] == 100


def test_withdrawal_after_shipping_is_too_late(bench: Bench) -> None:
    bench.ask(request())
    bench.set_time("2026-11-25T18:30:00+09:00")

    assert bench.withdraw(accept_fee=True)["outcome"] == "too_late"
    assert len(bench.ledger("shipped")) == 1
    assert bench.http.post("/v1/shipments/NONE/withdraw", json={}).status_code == 404


def test_products_are_registered_with_their_stock(bench: Bench) -> None:
    products = [{"sku": "C-3", "name": "みかん", "stock": 5}, {"sku": "A-1", "name": "りんご"}]

    answer = bench.http.put("/v1/products", json={"products": products})
    bad = bench.http.put("/v1/products", json={"products": [{"sku": "D-4", "stock": -1}]})

    assert (answer.json(), bad.status_code) == ({"registered": 2}, 400)
    stock = {row["sku"]: (row["name"], row["on_hand"]) for row in bench.http.get("/v1/stock").json()["stock"]}
    assert stock == {"A-1": ("りんご", 100), "B-2": ("", 100), "C-3": ("みかん", 5)}


def test_seeded_rates_strike_their_share() -> None:
    bench = Bench()
    bench.account(refuse_rate=0.1, shortage_rate=0.1, backlog_rate=0.1)
    bench.control("stock", shop="shop-1", stock={"A-1": 10_000})

    answers = bench.ask(*[request(f"P{n}-1") for n in range(500)])
    bench.set_time("2026-12-05T00:00:00+09:00")

    refused = [answer for answer in answers if answer["outcome"] == "refused"]
    late = {answer["ship_day_on"] for answer in answers if answer["outcome"] == "accepted"}
    assert {answer["code"] for answer in refused} == {"E199"}
    assert 25 <= len(refused) <= 80
    assert 25 <= len(bench.ledger("cannot_ship")) <= 80
    assert late == {"2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28"}
    assert len(bench.ledger("shipped")) + len(bench.ledger("cannot_ship")) + len(refused) == 500
