"""The warehouse floor: work, shortage, shipping and telling, as events on the business clock in their exact order."""

from __future__ import annotations

import copy
import heapq
import itertools
import random
from datetime import datetime, timedelta
from typing import Any

from simulators.faults import Fault
from simulators.ledger import Ledger
from simulators.rsl.faults import RslFaults
from simulators.rsl.models import Account, Shipment
from simulators.rsl.tracking import TrackingNumbers

UNITS_IN_A_BOX = 20
LATE_SECONDS = 2 * 3600.0


class Floor:
    """Carry shipments from acceptance to result. The caller holds the warehouse's lock."""

    def __init__(self, *, ledger: Ledger, faults: RslFaults, seed: int) -> None:
        self._ledger = ledger
        self._faults = faults
        self._seed = seed
        self._numbers = TrackingNumbers(seed)
        self._order = itertools.count()
        self._events: list[tuple[datetime, int, str, Account, Shipment, int, dict[str, Any]]] = []

    def kept(self) -> tuple[Any, ...]:
        """Return what is on the calendar and which numbers were given, to be kept."""
        return self._events, next(self._order), self._numbers

    def take(self, kept: tuple[Any, ...]) -> None:
        """Go on with a kept calendar."""
        self._events, order, self._numbers = kept
        self._order = itertools.count(order)

    def dice(self, shipment: Shipment, purpose: str) -> random.Random:
        """Return dice that depend on the seed and the shipment alone, whatever else goes on."""
        key = f"{self._seed}|{shipment.shop}|{shipment.reference}|{shipment.nth}|{shipment.turn}|{purpose}"
        return random.Random(key)

    def plan(self, account: Account, shipment: Shipment) -> None:
        """Put an accepted shipment's work and shipping on the calendar."""
        assert shipment.work_at is not None
        assert shipment.ship_at is not None
        self._push(shipment.work_at, "work", account, shipment)
        self._push(shipment.ship_at, "ship", account, shipment)

    def next_due(self) -> datetime | None:
        """Return the business time of the next event that will do something."""
        while self._events and self._is_dead(self._events[0]):
            heapq.heappop(self._events)
        return self._events[0][0] if self._events else None

    def run_until(self, now: datetime) -> int:
        """Let everything happen that is due by now, each at its own time; return how many events there were."""
        done = 0
        while (due := self.next_due()) is not None and due <= now:
            _, _, kind, account, shipment, _, item = heapq.heappop(self._events)
            if kind == "work":
                self._work(account, shipment, due)
            elif kind == "ship":
                self._ship(account, shipment, due)
            elif kind in ("result", "late_result"):
                self._tell(account, shipment, item, due, may_be_late=kind == "result")
            else:
                self._append(account, item, due)
            done += 1
        return done

    def release(self, account: Account, shipment: Shipment) -> None:
        """Put the units of a shipment in work back on the shelf."""
        for sku, quantity in shipment.taken.items():
            account.reserved[sku] = account.reserved.get(sku, 0) - quantity
        shipment.taken = {}

    def _push(
        self, due: datetime, kind: str, account: Account, shipment: Shipment, item: dict[str, Any] | None = None
    ) -> None:
        heapq.heappush(self._events, (due, next(self._order), kind, account, shipment, shipment.turn, item or {}))

    @staticmethod
    def _is_dead(event: tuple[datetime, int, str, Account, Shipment, int, dict[str, Any]]) -> bool:
        _, _, kind, _, shipment, turn, _ = event
        if kind == "work":
            return shipment.turn != turn or shipment.state != "accepted"
        if kind == "ship":
            return shipment.turn != turn or shipment.state not in ("accepted", "working")
        return False  # what happened is told, also when the request was corrected or withdrawn since

    def _work(self, account: Account, shipment: Shipment, due: datetime) -> None:
        """Take the units from the shelf; what is missing decides between short and cannot_ship."""
        missing = {sku: wanted - self._found(account, shipment, sku, wanted) for sku, wanted in shipment.units.items()}
        missing = {sku: quantity for sku, quantity in missing.items() if quantity}
        taken = {sku: wanted - missing.get(sku, 0) for sku, wanted in shipment.units.items()}
        taken = {sku: quantity for sku, quantity in taken.items() if quantity}
        if missing and not (account.ship_short and taken):
            self._give_up(account, shipment, due, missing)
            return
        shipment.state = "working"
        shipment.taken = taken
        shipment.reason = _shortage_text(missing) if missing else ""
        for sku, quantity in taken.items():
            account.reserved[sku] = account.reserved.get(sku, 0) + quantity
        self._ledger.write("working", at=due, shop=account.shop, reference=shipment.reference, nth=shipment.nth)

    def _found(self, account: Account, shipment: Shipment, sku: str, wanted: int) -> int:
        free = wanted if account.open_catalogue and sku not in account.stock else max(0, account.free(sku))
        if self.dice(shipment, f"shelf|{sku}").random() < account.shortage_rate:
            free = min(free, wanted - 1)  # the shelf holds less than the books say
        return min(wanted, free)

    def _give_up(self, account: Account, shipment: Shipment, due: datetime, missing: dict[str, int]) -> None:
        shipment.state = shipment.outcome = "cannot_ship"
        shipment.code, shipment.reason = "E301", _shortage_text(missing)
        self._ledger.write(
            "cannot_ship",
            at=due,
            shop=account.shop,
            reference=shipment.reference,
            nth=shipment.nth,
            reason=shipment.reason,
            missing=missing,
        )
        assert shipment.result_at is not None
        self._push(max(shipment.result_at, due), "result", account, shipment, _item(shipment, due))

    def _ship(self, account: Account, shipment: Shipment, due: datetime) -> None:
        """Send the parcels away: from here a withdrawal is too late."""
        shipment.outcome = "shipped" if shipment.taken == shipment.units else "short"
        shipment.state = "shipped"
        shipment.packages = self._pack(shipment)
        for sku, quantity in shipment.taken.items():
            account.reserved[sku] -= quantity
            if sku in account.stock:
                account.stock[sku] -= quantity
        self._ledger.write(
            "shipped",
            at=due,
            shop=account.shop,
            reference=shipment.reference,
            nth=shipment.nth,
            outcome=shipment.outcome,
            slip=shipment.content["slip"],
            recipient=shipment.content["recipient"],
            lines=[{"sku": sku, "quantity": quantity} for sku, quantity in shipment.taken.items()],
            packages=shipment.packages,
        )
        assert shipment.result_at is not None
        self._push(max(shipment.result_at, due), "result", account, shipment, _item(shipment, due))

    def _pack(self, shipment: Shipment) -> list[dict[str, Any]]:
        """Fill boxes of at most UNITS_IN_A_BOX units, one tracking number each."""
        carrier = self._carrier(shipment)
        boxes: list[dict[str, int]] = [{}]
        for sku, quantity in shipment.taken.items():
            while quantity:
                room = UNITS_IN_A_BOX - sum(boxes[-1].values())
                if not room:
                    boxes.append({})
                    continue
                put = min(room, quantity)
                boxes[-1][sku] = put
                quantity -= put
        assert shipment.ship_on is not None
        parcel = f"{shipment.shop}|{shipment.reference}|{shipment.nth}|{shipment.turn}"
        return [
            {
                "carrier_code": carrier,
                "tracking_number": self._numbers.draw(carrier, f"{parcel}|{number}"),
                "shipped_on": shipment.ship_on.isoformat(),
                "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in box.items()],
            }
            for number, box in enumerate(boxes)
        ]

    def _carrier(self, shipment: Shipment) -> str:
        if shipment.content["carrier"]:
            return str(shipment.content["carrier"])
        if shipment.content["delivery_method"] == "mail":
            return "JAPANPOST"
        return self.dice(shipment, "carrier").choice(["YAMATO", "JAPANPOST"])

    def _tell(
        self, account: Account, shipment: Shipment, item: dict[str, Any], due: datetime, *, may_be_late: bool
    ) -> None:
        """Make a result visible, with what the plan of faults does to it."""
        late = self._pick("visible_late", shipment, due) if may_be_late else None
        if late is not None:
            wait = timedelta(seconds=LATE_SECONDS if late.seconds is None else late.seconds)
            self._push(due + wait, "late_result", account, shipment, item)
            return
        item = copy.deepcopy(item)
        strikes = {kind: self._pick(kind, shipment, due) for kind in _LIES}
        if strikes["result_too_many"]:
            item["lines"] = [
                {**line, "quantity": line["quantity"] + (number == 0)} for number, line in enumerate(item["lines"])
            ]
        self._append(account, item, due)
        for kind, minutes in _LIES.items():
            if minutes and strikes[kind]:
                self._push(due + timedelta(minutes=minutes), "say", account, shipment, _lie(kind, item, shipment))

    def _pick(self, kind: str, shipment: Shipment, due: datetime) -> Fault | None:
        return self._faults.pick("feed", {kind}, now=due, shop=shipment.shop, number=shipment.reference)

    def _append(self, account: Account, item: dict[str, Any], due: datetime) -> None:
        account.feed.append({**item, "cursor": str(len(account.feed) + 1)})
        self._ledger.write(
            "told", at=due, shop=account.shop, reference=item["reference"], outcome=item["outcome"], said=item["at"]
        )


# kind of lie -> minutes after the true result at which it is told; 0: the result itself is wrong
_LIES = {"result_too_many": 0, "result_repeated": 30, "result_backwards": 10, "result_unknown": 5, "result_broken": 3}


def _item(shipment: Shipment, at: datetime) -> dict[str, Any]:
    """Write the result of a shipment that has just left, or will not."""
    return {
        "reference": shipment.reference,
        "outcome": shipment.outcome,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in shipment.taken.items()],
        "packages": copy.deepcopy(shipment.packages),
        "code": shipment.code,
        "reason": shipment.reason,
        "at": at.isoformat(),
    }


def _lie(kind: str, item: dict[str, Any], shipment: Shipment) -> dict[str, Any]:
    """Return what is told besides the truth."""
    lie = copy.deepcopy(item)
    if kind == "result_backwards":
        assert shipment.work_at is not None
        lie.update(
            outcome="cannot_ship", lines=[], packages=[], code="E301", reason="欠品", at=shipment.work_at.isoformat()
        )
    elif kind == "result_unknown":
        lie.update(reference=f"X{shipment.reference}"[:30])
    elif kind == "result_broken":
        lie.update(
            packages=[{"carrier_code": "YAMATO", "tracking_number": "", "shipped_on": "2026-02-30", "lines": []}]
        )
        lie.update(outcome="shipped")
    return lie


def _shortage_text(missing: dict[str, int]) -> str:
    return "在庫不足: " + "、".join(f"{sku} {quantity}点" for sku, quantity in missing.items())
