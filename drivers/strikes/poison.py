"""Row 34: orders that nobody can understand, among others that must not notice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from drivers.run import SPEED
from drivers.strikes.fault import Fault

if TYPE_CHECKING:
    from drivers.chaos import Chaos

POISONS: list[dict[str, Any]] = [
    {"orderProgress": "三百"},
    {"requestPrice": "たくさん"},
    {"PackageModelList": None},
    {"orderDatetime": "きのう"},
    {"remarks": "長" * 60_000},
    {"remarks": "改行\u0000のかわりに零"},
    {"OrdererModel": {"familyName": "🦊🍣", "firstName": "\u202e逆さ"}},
    {"PackageModelList": [{"ItemModelList": [{"units": -1}]}]},
    {"SettlementModel": {"settlementMethodCode": 999, "settlementMethod": "未知の支払い"}},
]
"""What a mall should never send and one day does. Some can be understood all the same; then they are taken in."""
SPARE_SECONDS, SPARE_SHARE = 2.0, 0.25
"""How much later than the same tenant's other shop, in true time, the orders beside poison may be and still count as unchanged."""


def place_poison(chaos: Chaos, n: int) -> list[str]:
    """Have clean orders placed, and among those of the first shop poison: one in a hundred, at least one of each."""
    clean = chaos.place_clean(n)
    given = [
        {"kind": "card", "override": POISONS[index % len(POISONS)], "label": "poison", "expected_end": "listed"}
        for index in range(max(n // 100, len(POISONS)))
    ]
    begin = chaos.clock.now()
    told = [
        chaos.outside.mall.post(
            "orders", {"shop": chaos.accounts[0], "orders": [{**one, "placed_at": begin.isoformat()}]}
        )
        for one in given
    ]
    chaos.poison = [order["number"] for answer in told for order in answer["orders"]]
    return clean


class Poison(Fault):
    """Each poison order is listed or taken in, and no other order is later for it."""

    def __init__(self, chaos: Chaos) -> None:
        super().__init__(chaos)
        self._read_from: datetime | None = None

    @property
    def count(self) -> int:
        return len(self.chaos.poison)

    def at(self, hour: int, minute: int) -> None:
        self._read_from = self._read_from or self.chaos.moment(hour, minute)

    def measured(self) -> str:
        here, listed = set(self.chaos.watcher.orders()), self._listed()
        poison = set(self.chaos.poison)
        beside, apart = self._p95(self.chaos.accounts[0]), self._p95(self.chaos.accounts[1])
        return f"listed={len(listed & poison)} taken_in={len(here & poison - listed)} p95_beside={beside:.1f}s p95_apart={apart:.1f}s"

    def broken(self) -> list[str]:
        here, listed = self.chaos.watcher.orders(), self._listed()
        gone = [number for number in self.chaos.poison if number not in listed and number not in here]
        wrong = [f"{len(gone)} poison orders are neither here nor listed"] if gone else []
        beside, apart = self._p95(self.chaos.accounts[0]), self._p95(self.chaos.accounts[1])
        if beside > apart * (1 + SPARE_SHARE) + SPARE_SECONDS:
            wrong.append(f"orders beside poison came in {beside:.1f} s after the reading, others {apart:.1f} s")
        return wrong

    def _listed(self) -> set[str]:
        return {row["number"] for row in self.chaos.watcher.rows("SELECT number FROM orders_rejectedpayload")}

    def _p95(self, account: str) -> float:
        """Return how long after the reading was due the clean orders of a shop were taken in: 95 of 100, in true seconds."""
        query = """SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY o.taken_in_at) AS p95 FROM orders_order o
            JOIN orders_shop s ON s.id = o.shop_id WHERE s.account = %(account)s AND o.number <> ALL(%(poison)s)"""
        moment = self.chaos.watcher.rows(query, {"account": account, "poison": self.chaos.poison})[0]["p95"]
        if moment is None or self._read_from is None:
            return 0.0
        return float((moment - self._read_from).total_seconds()) / SPEED
