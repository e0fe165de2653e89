"""What the laws of a warehouse's adapter call: requests and withdrawals as the hub makes them, skipped where the kind cannot."""

from typing import Any

import pytest

from hub.effects.outcomes import Outcome, Receipt
from tests.contract.warehouse_bench import Stand
from warehouses.adapters import WarehouseAbility, WarehouseAdapter, adapter_class


def elsewhere(kind: str) -> bool:
    """Say whether a kind takes requests over a line: it has a simulator. The shop's own shelf and other systems have none."""
    abilities = adapter_class(kind).abilities
    return WarehouseAbility.REQUEST in abilities and WarehouseAbility.PRINT not in abilities


def able(house: Stand, *abilities: WarehouseAbility) -> None:
    missing = set(abilities) - house.adapter().abilities
    if missing:
        pytest.skip(f"{house.kind} cannot {', '.join(sorted(ability.value for ability in missing))}")


def send(adapter: WarehouseAdapter, house: Stand, *references: str) -> dict[str, Outcome]:
    return dict(adapter.send(requests=[house.request(reference) for reference in references]))


def withdraw(adapter: WarehouseAdapter, reference: str = "P1-1", *, accept_fee: bool = False) -> Any:
    outcome = adapter.withdraw(reference=reference, accept_fee=accept_fee, reason="注文者都合")
    return outcome.data if isinstance(outcome, Receipt) else outcome
