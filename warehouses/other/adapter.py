"""Another system as a warehouse: it has no abilities. Its shipments are recorded by hand or seen at the mall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.effects.outcomes import Outcome
from orders.channels import CredentialsForm, Unsupported
from warehouses.adapters import RequestState, Results, ShipRequest, WarehouseAbility


class OtherSystem:
    label = "他システムで出荷"
    form = CredentialsForm
    abilities: frozenset[WarehouseAbility] = frozenset()
    send_size = 1

    def __init__(self, *, credentials: Mapping[str, str], base_url: str, transport: Any = None) -> None:
        pass

    def send(self, *, requests: Sequence[ShipRequest]) -> Mapping[str, Outcome]:
        raise Unsupported("request")

    def find(self, *, references: Sequence[str]) -> Mapping[str, RequestState | None]:
        raise Unsupported("find")

    def withdraw(self, *, reference: str, accept_fee: bool, reason: str) -> Outcome:
        raise Unsupported("withdraw")

    def results(self, *, cursor: str) -> Results:
        raise Unsupported("results")

    def test(self) -> str:
        return ""

    def close(self) -> None:
        pass
