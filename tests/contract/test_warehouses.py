"""The laws of a warehouse adapter, over its simulator: sent once is shipped once, whatever answers are lost, and nothing is guessed."""

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from orders.channels import CredentialsForm, MallBlind, MallDown, Unsupported
from simulators.rsl import RslWarehouse
from simulators.rsl.bench import Bench as RslBench
from tests.contract.warehouse_bench import Stand, request_of
from warehouses.adapters import BadResult, ShipResult, WarehouseAbility, WarehouseAdapter, adapter_class

METHODS = ("send", "find", "withdraw", "results", "test", "close")


def elsewhere(kind: str) -> bool:
    """Say whether a kind takes requests over a line: it has a simulator. The shop's own shelf and other systems have none."""
    abilities = adapter_class(kind).abilities
    return WarehouseAbility.REQUEST in abilities and WarehouseAbility.PRINT not in abilities


@pytest.fixture(params=[kind for kind in sorted(settings.WAREHOUSES) if elsewhere(kind)])
def stand(request: pytest.FixtureRequest) -> Stand:
    return Stand(request.param)


def able(stand: Stand, *abilities: WarehouseAbility) -> None:
    missing = set(abilities) - stand.adapter().abilities
    if missing:
        pytest.skip(f"{stand.kind} cannot {', '.join(sorted(ability.value for ability in missing))}")


def send(adapter: WarehouseAdapter, stand: Stand, *references: str) -> dict[str, Outcome]:
    return dict(adapter.send(requests=[stand.request(reference) for reference in references]))


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


def test_each_request_has_its_own_answer(stand: Stand) -> None:
    requests = [stand.request("P1-1"), stand.request("P2-1", good=False), stand.request("P3-1")]

    outcomes = stand.adapter().send(requests=requests)

    assert {name: type(outcome) for name, outcome in outcomes.items()} == {
        "P1-1": Receipt, "P2-1": Refused, "P3-1": Receipt,
    }  # fmt: skip
    refused, taken = outcomes["P2-1"], outcomes["P1-1"]
    assert isinstance(refused, Refused)
    assert refused.detail
    assert isinstance(taken, Receipt)
    assert taken.data["ship_on"] == stand.bench.ships_on
    stand.bench.ship()
    assert sorted(stand.bench.departures()) == ["P1-1", "P3-1"]


def test_sent_twice_is_one_shipment(stand: Stand) -> None:
    able(stand, WarehouseAbility.DEDUPES)
    adapter = stand.adapter()

    first, again = send(adapter, stand, "P1-1")["P1-1"], send(adapter, stand, "P1-1")["P1-1"]
    stand.bench.ship()

    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (first.data["repeated"], again.data["repeated"]) == (False, True)
    assert stand.bench.departures() == ["P1-1"]


def test_lost_refusal_is_found_with_the_same_reason(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    adapter = stand.adapter()
    told = adapter.send(requests=[stand.request("P1-1", good=False)])["P1-1"]
    stand.bench.misbehave("send", "lost")
    adapter.send(requests=[stand.request("P2-1", good=False)])

    found = adapter.find(references=["P2-1"])["P2-1"]

    assert isinstance(told, Refused)
    assert found is not None
    assert (found.state, found.reason, found.detail) == ("refused", told.reason, told.detail)


@pytest.mark.parametrize(("how", "taken"), [("lost", True), ("garbled", True), ("silent", False), ("error", False)])
def test_lost_answer_is_unsure_and_find_tells_the_truth(stand: Stand, how: str, taken: bool) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    adapter = stand.adapter()
    stand.bench.misbehave("send", how)

    outcome = send(adapter, stand, "P1-1")["P1-1"]
    found = adapter.find(references=["P1-1"])["P1-1"]

    assert isinstance(outcome, Unsure)
    assert (found is not None) == taken
    assert found is None or (found.reference, found.state) == ("P1-1", "accepted")


def test_unreachable_warehouse_surely_did_nothing(stand: Stand) -> None:
    able(stand, WarehouseAbility.RESULTS)
    adapter = stand.adapter(unreachable=True)

    outcome = send(adapter, stand, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert outcome.line
    with pytest.raises(MallDown):
        adapter.results(cursor="")
    assert adapter.test() == "no_answer"


def test_busy_warehouse_names_when_to_come_back(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    stand.bench.misbehave("send", "busy")

    outcome = send(stand.adapter(), stand, "P1-1")["P1-1"]

    assert isinstance(outcome, NotDone)
    assert (outcome.line, outcome.retry_after) == (True, 7)
    assert stand.adapter().find(references=["P1-1"]) == {"P1-1": None}


def test_call_refused_as_a_whole_stops_no_request(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    adapter = stand.adapter()
    stand.bench.misbehave("send", "rejected")

    outcomes = send(adapter, stand, "P1-1", "P2-1")

    assert all(isinstance(outcome, NotDone) and outcome.line for outcome in outcomes.values())
    assert adapter.find(references=["P1-1", "P2-1"]) == {"P1-1": None, "P2-1": None}


def test_wrong_key_is_blindness_everywhere(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE, WarehouseAbility.WITHDRAW, WarehouseAbility.RESULTS)
    adapter = stand.adapter(wrong_key=True)

    sent = send(adapter, stand, "P1-1")["P1-1"]
    withdrawn = adapter.withdraw(reference="P1-1", accept_fee=False, reason="")

    assert isinstance(sent, NotDone)
    assert isinstance(withdrawn, NotDone)
    assert (sent.blind, withdrawn.blind) == (True, True)
    for read in (lambda: adapter.find(references=["P1-1"]), lambda: adapter.results(cursor="")):
        with pytest.raises(MallBlind) as blind:
            read()
        assert blind.value.reason == "wrong_key"
    assert adapter.test() == "wrong_key"
    assert stand.adapter().test() == ""


def test_secrets_are_in_no_text(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    adapter = stand.adapter(wrong_key=True)

    with pytest.raises(MallBlind) as blind:
        adapter.find(references=["P1-1"])

    assert "wrong" not in f"{send(adapter, stand, 'P1-1')} {blind.value}".replace("wrong_key", "")


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled", "busy"])
@pytest.mark.parametrize("method", ["find", "results"])
def test_unreadable_look_is_never_absence(stand: Stand, method: str, how: str) -> None:
    able(stand, WarehouseAbility.ASKABLE, WarehouseAbility.RESULTS)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1")
    stand.bench.misbehave(method, how)

    with pytest.raises(MallDown):
        adapter.find(references=["P1-1"]) if method == "find" else adapter.results(cursor="")

    state = adapter.find(references=["P1-1", "P2-1"])
    assert state["P1-1"] is not None
    assert state["P2-1"] is None


def test_find_follows_the_shipment(stand: Stand) -> None:
    able(stand, WarehouseAbility.ASKABLE, WarehouseAbility.WITHDRAW)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1", "P2-1")
    adapter.withdraw(reference="P2-1", accept_fee=False, reason="注文者都合")
    stand.bench.start_work()
    working = adapter.find(references=["P1-1", "P2-1"])
    stand.bench.ship()

    shipped = adapter.find(references=["P1-1"])

    assert {name: state and state.state for name, state in working.items()} == {"P1-1": "working", "P2-1": "withdrawn"}
    assert {name: state and state.state for name, state in shipped.items()} == {"P1-1": "shipped"}


def withdraw(adapter: WarehouseAdapter, reference: str = "P1-1", *, accept_fee: bool = False) -> Any:
    outcome = adapter.withdraw(reference=reference, accept_fee=accept_fee, reason="注文者都合")
    return outcome.data if isinstance(outcome, Receipt) else outcome


def test_withdrawal_before_work_is_free_and_final(stand: Stand) -> None:
    able(stand, WarehouseAbility.WITHDRAW)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1")

    first, again = withdraw(adapter), withdraw(adapter)
    stand.bench.ship()

    assert first == again == {"answer": "agreed", "fee_yen": 0}
    assert stand.bench.departures() == []


def test_withdrawal_during_work_needs_the_fee(stand: Stand) -> None:
    able(stand, WarehouseAbility.WITHDRAW)
    if not stand.bench.charges:
        pytest.skip(f"{stand.kind} charges nothing")
    adapter = stand.adapter()
    send(adapter, stand, "P1-1", "P2-1")
    stand.bench.start_work()

    asked = withdraw(adapter, "P1-1")
    withdraw(adapter, "P2-1")
    agreed, again = withdraw(adapter, "P1-1", accept_fee=True), withdraw(adapter, "P1-1")
    stand.bench.ship()

    assert asked["answer"] == "needs_fee"
    assert asked["fee_yen"] > 0
    assert agreed == again == {"answer": "agreed", "fee_yen": asked["fee_yen"]}
    assert stand.bench.departures() == ["P2-1"]


def test_withdrawal_after_shipping_is_too_late(stand: Stand) -> None:
    able(stand, WarehouseAbility.WITHDRAW)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1")
    stand.bench.ship()

    assert withdraw(adapter, accept_fee=True)["answer"] == "too_late"
    assert stand.bench.departures() == ["P1-1"]


def test_withdrawal_of_what_was_never_taken_is_refused(stand: Stand) -> None:
    able(stand, WarehouseAbility.WITHDRAW)
    assert isinstance(withdraw(stand.adapter(), "P9-9"), Refused)


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled"])
def test_lost_answer_to_a_withdrawal_is_unsure_and_asking_again_is_safe(stand: Stand, how: str) -> None:
    able(stand, WarehouseAbility.WITHDRAW)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1")
    stand.bench.misbehave("withdraw", how)

    lost, again = withdraw(adapter), withdraw(adapter)
    stand.bench.ship()

    assert isinstance(lost, Unsure)
    assert again["answer"] == "agreed"
    assert stand.bench.departures() == []


def test_results_are_complete_and_go_on_from_any_cursor(stand: Stand) -> None:
    able(stand, WarehouseAbility.RESULTS)
    adapter = stand.adapter()
    references = [f"P{number}-1" for number in range(1100)]
    for start in range(0, len(references), adapter.send_size):
        send(adapter, stand, *references[start : start + adapter.send_size])
    stand.bench.ship()

    pages, cursor = [], ""
    for _ in range(20):
        stand.bench.misbehave("results", "lost")
        with pytest.raises(MallDown):
            adapter.results(cursor=cursor)
        pages.append(stand.adapter().results(cursor=cursor))
        cursor = pages[-1].cursor
        if not pages[-1].more:
            break

    items = [item for page in pages for item in page.items]
    assert all(isinstance(item, ShipResult) for item in items)
    assert Counter(item.reference for item in items) == Counter(references) == Counter(stand.bench.departures())
    assert len(pages) > 1
    assert adapter.results(cursor=cursor) == replace(pages[-1], items=(), cursor=cursor, more=False)
    assert adapter.results(cursor=pages[0].cursor).items == pages[1].items


def test_result_names_units_carrier_number_and_day(stand: Stand) -> None:
    able(stand, WarehouseAbility.RESULTS)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1")
    stand.bench.ship()

    [item] = adapter.results(cursor="").items

    assert isinstance(item, ShipResult)
    assert (item.outcome, item.quantities) == ("shipped", {stand.bench.sku: 2})
    [package] = item.packages
    assert package.shipped_on.isoformat() == stand.bench.ships_on
    assert package.number
    assert package.carrier


def test_result_that_cannot_be_understood_stops_only_itself(stand: Stand) -> None:
    able(stand, WarehouseAbility.RESULTS)
    adapter = stand.adapter()
    send(adapter, stand, "P1-1", "P2-1")
    stand.bench.tell_nonsense()
    stand.bench.ship()

    items = adapter.results(cursor="").items

    assert sorted(item.reference for item in items if isinstance(item, ShipResult)) == ["P1-1", "P2-1"]
    bad = [item for item in items if isinstance(item, BadResult)]
    assert sorted(item.reference for item in bad) == ["P1-1", "P2-1"]
    assert all(item.path and item.reason for item in bad)


def look_before_repeating(adapter: WarehouseAdapter, stand: Stand, reference: str) -> None:
    """What the outbox does, in short: after an unclear outcome look, and send again only what is surely absent."""
    for _ in range(50):
        if isinstance(send(adapter, stand, reference)[reference], Receipt):
            return
        try:
            if adapter.find(references=[reference])[reference] is not None:
                return
        except MallDown:
            continue
    raise AssertionError("no end")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_before_repeating_ships_each_once_under_many_faults(stand: Stand, seed: int) -> None:
    able(stand, WarehouseAbility.ASKABLE)
    adapter = stand.adapter()
    stand.bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, stand, reference)
    stand.bench.ship()

    assert sorted(stand.bench.departures()) == sorted(references)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_looking_is_enough_where_the_warehouse_does_not_dedupe(seed: int) -> None:
    stand = Stand("rsl", dedupe=False)
    adapter = stand.adapter()
    stand.bench.misbehave("send", "mixed", rate=0.6, count=None, seed=seed)
    references = [f"P{number}-1" for number in range(60)]

    for reference in references:
        look_before_repeating(adapter, stand, reference)
    stand.bench.ship()

    assert WarehouseAbility.DEDUPES not in adapter.abilities
    assert sorted(stand.bench.departures()) == sorted(references)


def test_repeating_blindly_would_ship_twice_there() -> None:
    stand = Stand("rsl", dedupe=False)
    stand.bench.misbehave("send", "lost")

    send(stand.adapter(), stand, "P1-1")
    send(stand.adapter(), stand, "P1-1")
    stand.bench.ship()

    assert stand.bench.departures() == ["P1-1", "P1-1"]


def test_warehouse_that_cannot_be_asked_is_never_asked() -> None:
    stand = Stand("rsl", dedupe=False, askable=False)
    adapter = stand.adapter()

    with pytest.raises(Unsupported):
        adapter.find(references=["P1-1"])
    assert WarehouseAbility.ASKABLE not in adapter.abilities
    assert adapter.test() == ""
    assert rsl_of(stand).calls["find"] == 0


def rsl_of(stand: Stand) -> RslWarehouse:
    assert isinstance(stand.bench, RslBench)
    return stand.bench.warehouse


def test_contract_entered_wrongly_is_found_by_the_test() -> None:
    stand = Stand("rsl")
    rsl_of(stand).add_account(shop="shop-1", dedupe=False)

    assert stand.adapter().test() == "contract_differs"
