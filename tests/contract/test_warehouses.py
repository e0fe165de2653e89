"""The laws of a warehouse adapter, over its simulator: sent once is shipped once, whatever answers are lost, and nothing is guessed."""

import inspect
from collections.abc import Callable

import pytest
from django.conf import settings

from hub.effects.outcomes import NotDone, Receipt, Refused, Unsure
from orders.channels import CredentialsForm, MallBlind, MallDown, Unsupported
from simulators.rsl import RslWarehouse
from simulators.rsl.bench import Bench as RslBench
from tests.contract.warehouse_bench import Stand, request_of
from tests.contract.warehouse_calls import able, elsewhere, send, withdraw
from warehouses.adapters import WarehouseAbility, WarehouseAdapter, adapter_class

METHODS = ("send", "find", "withdraw", "results", "test", "close")


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
def test_ability_not_listed_raises(kind: str) -> None:
    adapter = adapter_class(kind)(credentials={}, base_url="http://warehouse.test")
    acts: dict[WarehouseAbility, Callable[[], object]] = {
        WarehouseAbility.REQUEST: lambda: adapter.send(requests=[request_of("P1-1")]),
        WarehouseAbility.ASKABLE: lambda: adapter.find(references=["P1-1"]),
        WarehouseAbility.WITHDRAW: lambda: adapter.withdraw(reference="P1-1", accept_fee=False, reason=""),
        WarehouseAbility.RESULTS: lambda: adapter.results(cursor=""),
    }

    for act in (acts[ability] for ability in acts if ability not in adapter.abilities):
        with pytest.raises(Unsupported):
            act()


@pytest.mark.parametrize("kind", [kind for kind in sorted(settings.WAREHOUSES) if not elsewhere(kind)])
def test_warehouse_of_people_calls_nobody(kind: str) -> None:
    adapter = adapter_class(kind)(credentials={}, base_url="")

    assert adapter.test() == ""
    if WarehouseAbility.REQUEST in adapter.abilities:
        told = adapter.send(requests=[request_of("P1-1"), request_of("P2-1")])
        assert {reference: type(outcome) for reference, outcome in told.items()} == {"P1-1": Receipt, "P2-1": Receipt}
    if WarehouseAbility.WITHDRAW in adapter.abilities:
        assert withdraw(adapter) == {"answer": "agreed", "fee_yen": 0}


def test_each_request_has_its_own_answer(house: Stand) -> None:
    requests = [house.request("P1-1"), house.request("P2-1", good=False), house.request("P3-1")]

    outcomes = house.adapter().send(requests=requests)

    assert {name: type(outcome) for name, outcome in outcomes.items()} == {
        "P1-1": Receipt, "P2-1": Refused, "P3-1": Receipt,
    }  # fmt: skip
    refused, taken = outcomes["P2-1"], outcomes["P1-1"]
    assert isinstance(refused, Refused)
    assert refused.detail
    assert isinstance(taken, Receipt)
    assert taken.data["ship_on"] == house.bench.ships_on
    house.bench.ship()
    assert sorted(house.bench.departures()) == ["P1-1", "P3-1"]


def test_sent_twice_is_one_shipment(house: Stand) -> None:
    able(house, WarehouseAbility.DEDUPES)
    adapter = house.adapter()

    first, again = send(adapter, house, "P1-1")["P1-1"], send(adapter, house, "P1-1")["P1-1"]
    house.bench.ship()

    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (first.data["repeated"], again.data["repeated"]) == (False, True)
    assert house.bench.departures() == ["P1-1"]


def test_lost_refusal_is_found_with_the_same_reason(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE)
    adapter = house.adapter()
    told = adapter.send(requests=[house.request("P1-1", good=False)])["P1-1"]
    house.bench.misbehave("send", "lost")
    adapter.send(requests=[house.request("P2-1", good=False)])

    found = adapter.find(references=["P2-1"])["P2-1"]

    assert isinstance(told, Refused)
    assert found is not None
    assert (found.state, found.reason, found.detail) == ("refused", told.reason, told.detail)


@pytest.mark.parametrize(("how", "taken"), [("lost", True), ("garbled", True), ("silent", False), ("error", False)])
def test_lost_answer_is_unsure_and_find_tells_the_truth(house: Stand, how: str, taken: bool) -> None:
    able(house, WarehouseAbility.ASKABLE)
    adapter = house.adapter()
    house.bench.misbehave("send", how)

    outcome = send(adapter, house, "P1-1")["P1-1"]
    found = adapter.find(references=["P1-1"])["P1-1"]

    assert isinstance(outcome, Unsure)
    assert (found is not None) == taken
    assert found is None or (found.reference, found.state) == ("P1-1", "accepted")


def test_unreachable_warehouse_surely_did_nothing(house: Stand) -> None:
    able(house, WarehouseAbility.RESULTS)
    adapter = house.adapter(unreachable=True)

    outcome = send(adapter, house, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert outcome.line
    with pytest.raises(MallDown):
        adapter.results(cursor="")
    assert adapter.test() == "no_answer"


def test_busy_warehouse_names_when_to_come_back(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE)
    house.bench.misbehave("send", "busy")

    outcome = send(house.adapter(), house, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert (outcome.line, outcome.retry_after) == (True, 7)
    assert house.adapter().find(references=["P1-1"]) == {"P1-1": None}


def test_call_refused_as_a_whole_stops_no_request(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE)
    adapter = house.adapter()
    house.bench.misbehave("send", "rejected")

    outcomes = send(adapter, house, "P1-1", "P2-1")

    assert all(isinstance(outcome, NotDone) and outcome.line for outcome in outcomes.values())
    assert adapter.find(references=["P1-1", "P2-1"]) == {"P1-1": None, "P2-1": None}


def test_wrong_key_is_blindness_everywhere(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE, WarehouseAbility.WITHDRAW, WarehouseAbility.RESULTS)
    adapter = house.adapter(wrong_key=True)

    sent = send(adapter, house, "P1-1")["P1-1"]
    withdrawn = adapter.withdraw(reference="P1-1", accept_fee=False, reason="")

    assert isinstance(sent, NotDone)
    assert isinstance(withdrawn, NotDone)
    assert (sent.blind, withdrawn.blind) == (True, True)
    for read in (lambda: adapter.find(references=["P1-1"]), lambda: adapter.results(cursor="")):
        with pytest.raises(MallBlind) as blind:
            read()
        assert blind.value.reason == "wrong_key"
    assert adapter.test() == "wrong_key"
    assert house.adapter().test() == ""


def test_secrets_are_in_no_text(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE)
    adapter = house.adapter(wrong_key=True)

    with pytest.raises(MallBlind) as blind:
        adapter.find(references=["P1-1"])

    assert "wrong" not in f"{send(adapter, house, 'P1-1')} {blind.value}".replace("wrong_key", "")


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled", "busy"])
@pytest.mark.parametrize("method", ["find", "results"])
def test_unreadable_look_is_never_absence(house: Stand, method: str, how: str) -> None:
    able(house, WarehouseAbility.ASKABLE, WarehouseAbility.RESULTS)
    adapter = house.adapter()
    send(adapter, house, "P1-1")
    house.bench.misbehave(method, how)

    with pytest.raises(MallDown):
        adapter.find(references=["P1-1"]) if method == "find" else adapter.results(cursor="")

    state = adapter.find(references=["P1-1", "P2-1"])
    assert state["P1-1"] is not None
    assert state["P2-1"] is None


def test_find_follows_the_shipment(house: Stand) -> None:
    able(house, WarehouseAbility.ASKABLE, WarehouseAbility.WITHDRAW)
    adapter = house.adapter()
    send(adapter, house, "P1-1", "P2-1")
    adapter.withdraw(reference="P2-1", accept_fee=False, reason="注文者都合")
    house.bench.start_work()
    working = adapter.find(references=["P1-1", "P2-1"])
    house.bench.ship()

    shipped = adapter.find(references=["P1-1"])

    assert {name: state and state.state for name, state in working.items()} == {"P1-1": "working", "P2-1": "withdrawn"}
    assert {name: state and state.state for name, state in shipped.items()} == {"P1-1": "shipped"}


def look_before_repeating(adapter: WarehouseAdapter, house: Stand, reference: str) -> None:
    """What the outbox does, in short: after an unclear outcome look, and send again only what is surely absent."""
    for _ in range(50):
        if isinstance(send(adapter, house, reference)[reference], Receipt):
            return
        try:
            if adapter.find(references=[reference])[reference] is not None:
                return
        except MallDown:
            continue
    raise AssertionError("no end")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_before_repeating_ships_each_once_under_many_faults(house: Stand, seed: int) -> None:
    able(house, WarehouseAbility.ASKABLE)
    adapter = house.adapter()
    house.bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, house, reference)
    house.bench.ship()

    assert sorted(house.bench.departures()) == sorted(references)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_is_enough_where_the_warehouse_does_not_dedupe(seed: int) -> None:
    house = Stand("rsl", dedupe=False)
    adapter = house.adapter()
    house.bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, house, reference)
    house.bench.ship()

    assert WarehouseAbility.DEDUPES not in adapter.abilities
    assert sorted(house.bench.departures()) == sorted(references)


def test_repeating_blindly_would_ship_twice_there() -> None:
    house = Stand("rsl", dedupe=False)
    house.bench.misbehave("send", "lost")

    send(house.adapter(), house, "P1-1")
    send(house.adapter(), house, "P1-1")
    house.bench.ship()

    assert house.bench.departures() == ["P1-1", "P1-1"]


def test_warehouse_that_cannot_be_asked_is_never_asked() -> None:
    house = Stand("rsl", dedupe=False, askable=False)
    adapter = house.adapter()

    with pytest.raises(Unsupported):
        adapter.find(references=["P1-1"])
    assert WarehouseAbility.ASKABLE not in adapter.abilities
    assert adapter.test() == ""
    assert rsl_of(house).calls["find"] == 0


def rsl_of(house: Stand) -> RslWarehouse:
    assert isinstance(house.bench, RslBench)
    return house.bench.warehouse


def test_contract_entered_wrongly_is_found_by_the_test() -> None:
    house = Stand("rsl")
    rsl_of(house).add_account(shop="shop-1", dedupe=False)

    assert house.adapter().test() == "contract_differs"
