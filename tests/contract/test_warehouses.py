"""The laws of a warehouse adapter, over its simulator: sent once is shipped once, whatever answers are lost, and nothing is guessed."""

import inspect
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from orders.channels import CredentialsForm, MallBlind, MallDown, Unsupported
from tests.contract.warehouse_benches import BENCHES, RslBench, WarehouseBench
from warehouses.adapters import BadResult, ShipResult, WarehouseAbility, WarehouseAdapter, adapter_class

METHODS = ("send", "find", "withdraw", "results", "test", "close")


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> WarehouseBench:
    return BENCHES[request.param]()


def send(adapter: WarehouseAdapter, bench: WarehouseBench, *references: str) -> dict[str, Outcome]:
    return dict(adapter.send(requests=[bench.request(reference) for reference in references]))


@pytest.mark.parametrize("kind", sorted(settings.WAREHOUSES))
def test_adapter_has_the_shape_of_the_protocol(kind: str) -> None:
    adapter = adapter_class(kind)

    assert adapter.label
    assert issubclass(adapter.form, CredentialsForm)
    assert set(adapter.form.secret_fields) <= set(adapter.form.base_fields)
    for method in METHODS:
        wanted = inspect.signature(getattr(WarehouseAdapter, method)).parameters
        assert list(inspect.signature(getattr(adapter, method)).parameters) == list(wanted), method


@pytest.mark.parametrize("kind", sorted(settings.WAREHOUSES))
def test_adapter_that_requests_elsewhere_has_a_bench(kind: str) -> None:
    abilities = adapter_class(kind).abilities

    if WarehouseAbility.REQUEST in abilities and WarehouseAbility.PRINT not in abilities:
        assert kind in BENCHES


def test_each_request_has_its_own_answer(bench: WarehouseBench) -> None:
    requests = [bench.request("P1-1"), bench.request("P2-1", good=False), bench.request("P3-1")]

    outcomes = bench.adapter().send(requests=requests)

    assert {name: type(outcome) for name, outcome in outcomes.items()} == {
        "P1-1": Receipt, "P2-1": Refused, "P3-1": Receipt,
    }  # fmt: skip
    refused, taken = outcomes["P2-1"], outcomes["P1-1"]
    assert isinstance(refused, Refused)
    assert refused.detail
    assert isinstance(taken, Receipt)
    assert taken.data["ship_on"] == "2026-11-25"
    bench.ship()
    assert sorted(bench.departures()) == ["P1-1", "P3-1"]


def test_sent_twice_is_one_shipment(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    assert WarehouseAbility.DEDUPES in adapter.abilities

    first, again = send(adapter, bench, "P1-1")["P1-1"], send(adapter, bench, "P1-1")["P1-1"]
    bench.ship()

    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (first.data["repeated"], again.data["repeated"]) == (False, True)
    assert bench.departures() == ["P1-1"]


def test_lost_refusal_is_found_with_the_same_reason(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    told = adapter.send(requests=[bench.request("P1-1", good=False)])["P1-1"]
    bench.misbehave("send", "lost")
    adapter.send(requests=[bench.request("P2-1", good=False)])

    found = adapter.find(references=["P2-1"])["P2-1"]

    assert isinstance(told, Refused)
    assert found is not None
    assert (found.state, found.reason, found.detail) == ("refused", told.reason, told.detail)


@pytest.mark.parametrize(("how", "taken"), [("lost", True), ("garbled", True), ("silent", False), ("error", False)])
def test_lost_answer_is_unsure_and_find_tells_the_truth(bench: WarehouseBench, how: str, taken: bool) -> None:
    adapter = bench.adapter()
    bench.misbehave("send", how)

    outcome = send(adapter, bench, "P1-1")["P1-1"]
    found = adapter.find(references=["P1-1"])["P1-1"]

    assert isinstance(outcome, Unsure)
    assert (found is not None) == taken
    assert found is None or (found.reference, found.state) == ("P1-1", "accepted")


def test_unreachable_warehouse_surely_did_nothing(bench: WarehouseBench) -> None:
    adapter = bench.adapter(unreachable=True)

    outcome = send(adapter, bench, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert outcome.line
    with pytest.raises(MallDown):
        adapter.results(cursor="")
    assert adapter.test() == "no_answer"


def test_busy_warehouse_names_when_to_come_back(bench: WarehouseBench) -> None:
    bench.misbehave("send", "busy")

    outcome = send(bench.adapter(), bench, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert (outcome.line, outcome.retry_after) == (True, 7)
    assert bench.adapter().find(references=["P1-1"]) == {"P1-1": None}


def test_call_refused_as_a_whole_stops_no_request(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    bench.misbehave("send", "rejected")

    outcomes = send(adapter, bench, "P1-1", "P2-1")

    assert all(isinstance(outcome, NotDone) and outcome.line for outcome in outcomes.values())
    assert adapter.find(references=["P1-1", "P2-1"]) == {"P1-1": None, "P2-1": None}


def test_wrong_key_is_blindness_everywhere(bench: WarehouseBench) -> None:
    adapter = bench.adapter(wrong_key=True)

    sent = send(adapter, bench, "P1-1")["P1-1"]
    withdrawn = adapter.withdraw(reference="P1-1", accept_fee=False, reason="")

    assert isinstance(sent, NotDone)
    assert isinstance(withdrawn, NotDone)
    assert (sent.blind, withdrawn.blind) == (True, True)
    for read in (lambda: adapter.find(references=["P1-1"]), lambda: adapter.results(cursor="")):
        with pytest.raises(MallBlind) as blind:
            read()
        assert blind.value.reason == "wrong_key"
    assert adapter.test() == "wrong_key"
    assert bench.adapter().test() == ""


def test_secrets_are_in_no_text(bench: WarehouseBench) -> None:
    adapter = bench.adapter(wrong_key=True)

    with pytest.raises(MallBlind) as blind:
        adapter.find(references=["P1-1"])

    assert "wrong" not in f"{send(adapter, bench, 'P1-1')} {blind.value}".replace("wrong_key", "")


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled", "busy"])
@pytest.mark.parametrize("method", ["find", "results"])
def test_unreadable_look_is_never_absence(bench: WarehouseBench, method: str, how: str) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1")
    bench.misbehave(method, how)

    with pytest.raises(MallDown):
        adapter.find(references=["P1-1"]) if method == "find" else adapter.results(cursor="")

    state = adapter.find(references=["P1-1", "P2-1"])
    assert state["P1-1"] is not None
    assert state["P2-1"] is None


def test_find_follows_the_shipment(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1", "P2-1")
    adapter.withdraw(reference="P2-1", accept_fee=False, reason="注文者都合")
    bench.start_work()
    working = adapter.find(references=["P1-1", "P2-1"])
    bench.ship()

    shipped = adapter.find(references=["P1-1"])

    assert {name: state and state.state for name, state in working.items()} == {"P1-1": "working", "P2-1": "withdrawn"}
    assert {name: state and state.state for name, state in shipped.items()} == {"P1-1": "shipped"}


def withdraw(adapter: WarehouseAdapter, reference: str = "P1-1", *, accept_fee: bool = False) -> Any:
    outcome = adapter.withdraw(reference=reference, accept_fee=accept_fee, reason="注文者都合")
    return outcome.data if isinstance(outcome, Receipt) else outcome


def test_withdrawal_before_work_is_free_and_final(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1")

    first, again = withdraw(adapter), withdraw(adapter)
    bench.ship()

    assert first == again == {"answer": "agreed", "fee_yen": 0}
    assert bench.departures() == []


def test_withdrawal_during_work_needs_the_fee(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1", "P2-1")
    bench.start_work()

    asked = withdraw(adapter, "P1-1")
    withdraw(adapter, "P2-1")
    agreed, again = withdraw(adapter, "P1-1", accept_fee=True), withdraw(adapter, "P1-1")
    bench.ship()

    assert asked["answer"] == "needs_fee"
    assert asked["fee_yen"] > 0
    assert agreed == again == {"answer": "agreed", "fee_yen": asked["fee_yen"]}
    assert bench.departures() == ["P2-1"]


def test_withdrawal_after_shipping_is_too_late(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1")
    bench.ship()

    assert withdraw(adapter, accept_fee=True)["answer"] == "too_late"
    assert bench.departures() == ["P1-1"]


def test_withdrawal_of_what_was_never_taken_is_refused(bench: WarehouseBench) -> None:
    assert isinstance(withdraw(bench.adapter(), "P9-9"), Refused)


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled"])
def test_lost_answer_to_a_withdrawal_is_unsure_and_asking_again_is_safe(bench: WarehouseBench, how: str) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1")
    bench.misbehave("withdraw", how)

    lost, again = withdraw(adapter), withdraw(adapter)
    bench.ship()

    assert isinstance(lost, Unsure)
    assert again["answer"] == "agreed"
    assert bench.departures() == []


def test_results_are_complete_and_go_on_from_any_cursor(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    references = [f"P{number}-1" for number in range(1100)]
    for start in range(0, len(references), adapter.send_size):
        send(adapter, bench, *references[start : start + adapter.send_size])
    bench.ship()

    pages, cursor = [], ""
    for _ in range(20):
        bench.misbehave("results", "lost")
        with pytest.raises(MallDown):
            adapter.results(cursor=cursor)
        pages.append(bench.adapter().results(cursor=cursor))
        cursor = pages[-1].cursor
        if not pages[-1].more:
            break

    items = [item for page in pages for item in page.items]
    assert all(isinstance(item, ShipResult) for item in items)
    assert Counter(item.reference for item in items) == Counter(references) == Counter(bench.departures())
    assert len(pages) > 1
    assert adapter.results(cursor=cursor) == replace(pages[-1], items=(), cursor=cursor, more=False)
    assert adapter.results(cursor=pages[0].cursor).items == pages[1].items


def test_result_names_units_carrier_number_and_day(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1")
    bench.ship()

    [item] = adapter.results(cursor="").items

    assert isinstance(item, ShipResult)
    assert (item.outcome, item.quantities) == ("shipped", {"A-1": 2})
    [package] = item.packages
    assert package.shipped_on.isoformat() == "2026-11-25"
    assert package.number
    assert package.carrier


def test_result_that_cannot_be_understood_stops_only_itself(bench: WarehouseBench) -> None:
    adapter = bench.adapter()
    send(adapter, bench, "P1-1", "P2-1")
    bench.tell_nonsense()
    bench.ship()

    items = adapter.results(cursor="").items

    assert sorted(item.reference for item in items if isinstance(item, ShipResult)) == ["P1-1", "P2-1"]
    bad = [item for item in items if isinstance(item, BadResult)]
    assert sorted(item.reference for item in bad) == ["P1-1", "P2-1"]
    assert all(item.path and item.reason for item in bad)


def look_before_repeating(adapter: WarehouseAdapter, bench: WarehouseBench, reference: str) -> None:
    """What the outbox does, in short: after an unclear outcome look, and send again only what is surely absent."""
    for _ in range(50):
        if isinstance(send(adapter, bench, reference)[reference], Receipt):
            return
        try:
            if adapter.find(references=[reference])[reference] is not None:
                return
        except MallDown:
            continue
    raise AssertionError("no end")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_before_repeating_ships_each_once_under_many_faults(bench: WarehouseBench, seed: int) -> None:
    adapter = bench.adapter()
    bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, bench, reference)
    bench.ship()

    assert sorted(bench.departures()) == sorted(references)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_is_enough_where_the_warehouse_does_not_dedupe(seed: int) -> None:
    bench = RslBench(dedupe=False)
    adapter = bench.adapter()
    bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, bench, reference)
    bench.ship()

    assert WarehouseAbility.DEDUPES not in adapter.abilities
    assert sorted(bench.departures()) == sorted(references)


def test_repeating_blindly_would_ship_twice_there() -> None:
    bench = RslBench(dedupe=False)
    bench.misbehave("send", "lost")

    send(bench.adapter(), bench, "P1-1")
    send(bench.adapter(), bench, "P1-1")
    bench.ship()

    assert bench.departures() == ["P1-1", "P1-1"]


def test_warehouse_that_cannot_be_asked_is_never_asked() -> None:
    bench = RslBench(dedupe=False, askable=False)
    adapter = bench.adapter()

    with pytest.raises(Unsupported):
        adapter.find(references=["P1-1"])
    assert WarehouseAbility.ASKABLE not in adapter.abilities
    assert adapter.test() == ""
    assert bench.warehouse.calls["find"] == 0


def test_contract_entered_wrongly_is_found_by_the_test() -> None:
    bench = RslBench()
    bench.warehouse.add_account(shop="shop-1", dedupe=False)

    assert bench.adapter().test() == "contract_differs"
