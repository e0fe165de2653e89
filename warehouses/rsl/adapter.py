"""RSL as a warehouse of the hub: each method is one call, translated by `mapping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.effects.outcomes import NotDone, Outcome, Refused, Unsure
from hub.http import Transport
from orders.channels import CredentialsForm, MallBlind, MallDown, Unsupported
from warehouses.adapters import RequestState, Results, ShipRequest, WarehouseAbility
from warehouses.rsl import mapping
from warehouses.rsl.client import RslClient, path_of
from warehouses.rsl.form import RslForm, contract_abilities

PAGE = 500


class Rsl:
    """楽天スーパーロジスティクス."""

    label = "楽天スーパーロジスティクス"
    form: type[CredentialsForm] = RslForm
    abilities: frozenset[WarehouseAbility] = contract_abilities({})
    send_size = 500

    def __init__(self, *, credentials: Mapping[str, str], base_url: str, transport: Transport | None = None) -> None:
        self.abilities = contract_abilities(credentials)
        self._client = RslClient(
            shop_code=credentials.get("shop_code", ""),
            token=credentials.get("token", ""),
            base_url=base_url,
            transport=transport,
        )

    def send(self, *, requests: Sequence[ShipRequest]) -> Mapping[str, Outcome]:
        """Ask for shipments. What RSL has no word for is refused here, and the rest goes."""
        outcomes: dict[str, Outcome] = {}
        rows = []
        for request in requests:
            try:
                rows.append(mapping.to_request(request))
            except mapping.Unfit as unfit:
                outcomes[request.reference] = Refused(reason=unfit.reason, params=unfit.params)
        if not rows:
            return outcomes
        references = [row["reference"] for row in rows]
        answer = self._client.write("/v1/shipments", body={"requests": rows})
        if isinstance(answer, NotDone | Refused | Unsure):
            return outcomes | dict.fromkeys(references, answer)
        return outcomes | mapping.to_outcomes(references, answer)

    def find(self, *, references: Sequence[str]) -> Mapping[str, RequestState | None]:
        """Ask what became of references. A reference that the answer leaves out is not absent: MallDown."""
        if WarehouseAbility.ASKABLE not in self.abilities:
            raise Unsupported("find")
        found: dict[str, RequestState | None] = {}
        for start in range(0, len(references), PAGE):
            page = list(references[start : start + PAGE])
            data = self._client.read("POST", "/v1/shipments/find", body={"references": page}).get("shipments")
            if not isinstance(data, dict) or not set(page) <= data.keys():
                raise MallDown("find: an answer without all references")
            try:
                found |= {name: mapping.to_state(name, data[name]) for name in page}
            except mapping.Odd as odd:
                raise MallDown(f"find: {odd}") from None
        return found

    def withdraw(self, *, reference: str, accept_fee: bool, reason: str) -> Outcome:
        """Take a request back."""
        answer = self._client.write(path_of(reference, "withdraw"), body={"accept_fee": accept_fee, "reason": reason})
        if isinstance(answer, NotDone | Refused | Unsure):
            return answer
        return mapping.to_withdrawal(answer)

    def results(self, *, cursor: str) -> Results:
        """Read the next page of results."""
        data = self._client.read("GET", "/v1/results", params={"after": cursor, "limit": PAGE})
        rows, following = data.get("results"), data.get("next")
        if not isinstance(rows, list) or not isinstance(following, str) or not following:
            raise MallDown("results: an answer without results or next")
        items = tuple(mapping.to_result(row, f"results[{number}]") for number, row in enumerate(rows))
        return Results(items=items, cursor=following, more=data.get("more") is True)

    def test(self) -> str:
        """Read the contract and compare it with what was entered."""
        try:
            abilities = self._client.read("GET", "/v1/account").get("abilities")
        except MallBlind as blind:
            return blind.reason
        except (MallDown, Unsupported):
            return "no_answer"
        claimed = {
            "dedupe": WarehouseAbility.DEDUPES in self.abilities,
            "askable": WarehouseAbility.ASKABLE in self.abilities,
        }
        return "" if abilities == claimed else "contract_differs"

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()
