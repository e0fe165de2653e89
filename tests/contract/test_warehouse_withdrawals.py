"""The laws of withdrawing from a warehouse: free before work, for a fee during it, too late after it, and asking again is safe."""

import pytest

from hub.effects.outcomes import Refused, Unsure
from tests.contract.warehouse_bench import Stand
from tests.contract.warehouse_calls import able, send, withdraw
from warehouses.adapters import WarehouseAbility


def test_withdrawal_before_work_is_free_and_final(house: Stand) -> None:
    able(house, WarehouseAbility.WITHDRAW)
    adapter = house.adapter()
    send(adapter, house, "P1-1")

    first, again = withdraw(adapter), withdraw(adapter)
    house.bench.ship()

    assert first == again == {"answer": "agreed", "fee_yen": 0}
    assert house.bench.departures() == []


def test_withdrawal_during_work_needs_the_fee(house: Stand) -> None:
    able(house, WarehouseAbility.WITHDRAW)
    if not house.bench.charges:
        pytest.skip(f"{house.kind} charges nothing")
    adapter = house.adapter()
    send(adapter, house, "P1-1", "P2-1")
    house.bench.start_work()

    asked = withdraw(adapter, "P1-1")
    withdraw(adapter, "P2-1")
    agreed, again = withdraw(adapter, "P1-1", accept_fee=True), withdraw(adapter, "P1-1")
    house.bench.ship()

    assert asked["answer"] == "needs_fee"
    assert asked["fee_yen"] > 0
    assert agreed == again == {"answer": "agreed", "fee_yen": asked["fee_yen"]}
    assert house.bench.departures() == ["P2-1"]


def test_withdrawal_after_shipping_is_too_late(house: Stand) -> None:
    able(house, WarehouseAbility.WITHDRAW)
    adapter = house.adapter()
    send(adapter, house, "P1-1")
    house.bench.ship()

    assert withdraw(adapter, accept_fee=True)["answer"] == "too_late"
    assert house.bench.departures() == ["P1-1"]


def test_withdrawal_of_what_was_never_taken_is_refused(house: Stand) -> None:
    able(house, WarehouseAbility.WITHDRAW)
    assert isinstance(withdraw(house.adapter(), "P9-9"), Refused)


@pytest.mark.parametrize("how", ["lost", "silent", "error", "garbled"])
def test_lost_answer_to_a_withdrawal_is_unsure_and_asking_again_is_safe(house: Stand, how: str) -> None:
    able(house, WarehouseAbility.WITHDRAW)
    adapter = house.adapter()
    send(adapter, house, "P1-1")
    house.bench.misbehave("withdraw", how)

    lost, again = withdraw(adapter), withdraw(adapter)
    house.bench.ship()

    assert isinstance(lost, Unsure)
    assert again["answer"] == "agreed"
    assert house.bench.departures() == []
