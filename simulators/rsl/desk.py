"""The warehouse's desk: taking, refusing and withdrawing requests, and answering what became of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from simulators.ledger import Ledger
from simulators.rsl.checks import Refusal, read_request
from simulators.rsl.floor import Floor
from simulators.rsl.models import Account, Shipment
from simulators.rsl.schedule import plan


class Desk:
    """Keep the shipments of all accounts. The caller holds the warehouse's lock."""

    def __init__(self, *, ledger: Ledger, floor: Floor) -> None:
        self._ledger = ledger
        self._floor = floor
        self.shipments: dict[tuple[str, str], list[Shipment]] = {}

    def request(self, account: Account, raw: Any, now: datetime) -> dict[str, Any]:
        """Answer one shipment request."""
        reference = str(raw.get("reference", "")) if isinstance(raw, dict) else ""
        try:
            content = read_request(raw, account)
        except Refusal as refusal:
            return self._refuse(account, reference, raw, refusal, now)
        known = self.shipments.get((account.shop, reference), [])
        taken = [shipment for shipment in known if shipment.state != "refused"]
        if taken and account.dedupe:
            return self._again(account, taken[-1], content, now)
        trial = Shipment(
            shop=account.shop,
            reference=reference,
            nth=len(taken) + 1,
            content=content,
            state="accepted",
            accepted_at=now,
        )
        if self._floor.dice(trial, "desk").random() < account.refuse_rate:
            return self._refuse(
                account, reference, raw, Refusal("E199", "倉庫の確認により受け付けられませんでした"), now
            )
        self.shipments[account.shop, reference] = [*taken, trial]
        return self._accept(account, trial, now)

    def find(self, account: Account, reference: str) -> dict[str, Any] | None:
        """Say what became of a reference; `shipments` counts those under it (more than one: it was shipped twice)."""
        known = self.shipments.get((account.shop, reference))
        return {**known[0].public(), "shipments": len(known)} if known else None

    def withdraw(
        self, account: Account, reference: str, *, accept_fee: bool, reason: str, now: datetime
    ) -> dict[str, Any] | None:
        """Take a request back: free before work, for a fee during it, not at all once shipped. None: unknown reference."""
        known = self.shipments.get((account.shop, reference))
        if known is None:
            return None
        if any(shipment.state == "shipped" for shipment in known):
            return {"reference": reference, "outcome": "too_late", "fee_yen": 0}
        fee = sum(account.withdraw_fee_yen for shipment in known if shipment.state == "working")
        if fee and not accept_fee:
            return {"reference": reference, "outcome": "needs_fee", "fee_yen": fee}
        for shipment in known:
            if shipment.state in ("accepted", "working", "cannot_ship"):
                self._withdraw_one(account, shipment, reason, now)
        return {"reference": reference, "outcome": "agreed", "fee_yen": sum(shipment.fee_yen for shipment in known)}

    def counts(self) -> dict[str, int]:
        """Count the shipments by state."""
        counts: dict[str, int] = {}
        for known in self.shipments.values():
            for shipment in known:
                counts[shipment.state] = counts.get(shipment.state, 0) + 1
        return counts

    def _withdraw_one(self, account: Account, shipment: Shipment, reason: str, now: datetime) -> None:
        shipment.fee_yen = account.withdraw_fee_yen if shipment.state == "working" else 0
        self._floor.release(account, shipment)
        shipment.state = "withdrawn"
        self._ledger.write(
            "withdrawn",
            at=now,
            shop=account.shop,
            reference=shipment.reference,
            nth=shipment.nth,
            fee_yen=shipment.fee_yen,
            reason=reason,
        )

    def _again(self, account: Account, shipment: Shipment, content: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Answer a reference that is already taken: the same content, a corrected shortage, or something else."""
        if content == shipment.content:
            self._ledger.write(
                "repeated", at=now, shop=account.shop, reference=shipment.reference, state=shipment.state
            )
            return {**_answer(shipment), "repeated": True}
        if shipment.state == "cannot_ship" and _is_correction(shipment.content, content):
            shipment.turn += 1
            shipment.content = content
            shipment.code = shipment.reason = shipment.outcome = ""
            return self._accept(account, shipment, now)
        refusal = Refusal("E201", "同じ伝票番号で内容の異なる依頼があります。新しい伝票番号で依頼してください")
        self._ledger.write(
            "request", at=now, shop=account.shop, reference=shipment.reference, outcome="refused", code=refusal.code,
            message=refusal.message, lines=content["lines"], recipient=content["recipient"], slip=content["slip"],
        )  # fmt: skip
        return _refusal_answer(shipment.reference, refusal)

    def _accept(self, account: Account, shipment: Shipment, now: datetime) -> dict[str, Any]:
        wish = shipment.content["wish"]["date_on"]
        instants = plan(
            now=now,
            wish_on=date.fromisoformat(wish) if wish else None,
            prefecture=shipment.content["recipient"]["prefecture"],
            backlog_rate=account.backlog_rate,
            dice=self._floor.dice(shipment, "plan"),
        )
        shipment.state, shipment.accepted_at = "accepted", now
        shipment.ship_on, shipment.wish_on = instants.ship_on, instants.wish_on
        shipment.work_at, shipment.ship_at, shipment.result_at = instants.work_at, instants.ship_at, instants.result_at
        self._ledger.write(
            "request",
            at=now,
            shop=account.shop,
            reference=shipment.reference,
            nth=shipment.nth,
            turn=shipment.turn,
            outcome="accepted",
            ship_day_on=instants.ship_on.isoformat(),
            wish_on=instants.wish_on.isoformat() if instants.wish_on else None,
            **{key: shipment.content[key] for key in ("lines", "recipient", "slip", "cod_yen", "wish")},
        )
        self._floor.plan(account, shipment)
        return _answer(shipment)

    def _refuse(self, account: Account, reference: str, raw: Any, refusal: Refusal, now: datetime) -> dict[str, Any]:
        """Refuse a request. A live shipment under the same reference stays what it is."""
        known = self.shipments.get((account.shop, reference), [])
        if reference and all(shipment.state == "refused" for shipment in known):
            self.shipments[account.shop, reference] = [
                Shipment(
                    shop=account.shop, reference=reference, nth=1, content={"lines": []}, state="refused",
                    accepted_at=now, code=refusal.code, reason=refusal.message,
                )
            ]  # fmt: skip
        fields = {key: raw.get(key) for key in ("lines", "recipient", "slip")} if isinstance(raw, dict) else {}
        self._ledger.write(
            "request", at=now, shop=account.shop, reference=reference, outcome="refused", code=refusal.code,
            message=refusal.message, **fields,
        )  # fmt: skip
        return _refusal_answer(reference, refusal)


def _answer(shipment: Shipment) -> dict[str, Any]:
    assert shipment.ship_on is not None
    return {
        "reference": shipment.reference,
        "outcome": "accepted",
        "code": "",
        "message": "",
        "accepted_at": shipment.accepted_at.isoformat(),
        "ship_day_on": shipment.ship_on.isoformat(),
        "repeated": False,
    }


def _refusal_answer(reference: str, refusal: Refusal) -> dict[str, Any]:
    return {
        "reference": reference,
        "outcome": "refused",
        "code": refusal.code,
        "message": refusal.message,
        "accepted_at": None,
        "ship_day_on": None,
        "repeated": False,
    }


def _is_correction(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Say whether only lines were dropped or their quantities lowered: all that may change under the same reference."""
    before = {line["sku"]: line["quantity"] for line in old["lines"]}
    fewer = all(line["quantity"] <= before.get(line["sku"], 0) for line in new["lines"])
    return fewer and {**old, "lines": None} == {**new, "lines": None}
