"""The shop's own shelf as a warehouse. Nothing is called: the request is accepted at once, and the result is entered by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.effects.outcomes import Outcome, Receipt
from orders.channels import CredentialsForm, Unsupported
from warehouses.adapters import RequestState, Results, ShipRequest, WarehouseAbility, WithdrawAnswer


class OwnWarehouse:
    label = "自社倉庫"
    form = CredentialsForm
    abilities = frozenset(
        {
            WarehouseAbility.REQUEST,
            WarehouseAbility.DEDUPES,
            WarehouseAbility.ASKABLE,
            WarehouseAbility.WITHDRAW,
            WarehouseAbility.PRINT,
        }
    )
    send_size = 500

    def __init__(self, *, credentials: Mapping[str, str], base_url: str, transport: Any = None) -> None:
        pass

    def send(self, *, requests: Sequence[ShipRequest]) -> Mapping[str, Outcome]:
        return {request.reference: Receipt(data={}) for request in requests}

    def find(self, *, references: Sequence[str]) -> Mapping[str, RequestState | None]:
        return {reference: RequestState(reference=reference, state="accepted") for reference in references}

    def withdraw(self, *, reference: str, accept_fee: bool, reason: str) -> Outcome:
        return Receipt(data={"answer": WithdrawAnswer.AGREED.value, "fee_yen": 0})

    def results(self, *, cursor: str) -> Results:
        raise Unsupported("results")

    def test(self) -> str:
        return ""

    def close(self) -> None:
        pass
