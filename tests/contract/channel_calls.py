"""What the laws of a mall's adapter call: its reading and writing calls as the hub makes them, skipped where the mall has none."""

from datetime import date, timedelta

import pytest

from hub.effects.outcomes import Outcome
from orders.channels import Ability, CancelReason, Channel, MallOrder, MallTracking, ShipmentReport, TrackingRow
from tests.contract.channel_bench import Stand

HALF_HOUR = timedelta(minutes=30)
SHIPPED_ON = date(2026, 11, 24)


WRITES = {"confirm": Ability.CONFIRM, "report": Ability.REPORT_SHIPMENT, "cancel": Ability.CANCEL}


def able(stand: Stand, ability: Ability) -> None:
    if ability not in stand.adapter.abilities:
        pytest.skip(f"{stand.channel} cannot {ability.value}")


def can(stand: Stand, call: str) -> bool:
    """Say whether the mall has a call: all can be read, and written to as their abilities say."""
    return call not in WRITES or WRITES[call] in stand.adapter.abilities


def needs(stand: Stand, call: str) -> None:
    if not can(stand, call):
        pytest.skip(f"{stand.channel} cannot {call}")


def place(stand: Stand, kind: str, n: int = 1) -> list[str]:
    """Place orders of a kind that not every mall has."""
    if kind not in stand.bench.kinds:
        pytest.skip(f"{stand.channel} has no orders of the kind {kind}")
    return stand.bench.place(kind, n)


def look(stand: Stand, number: str) -> MallOrder:
    order = stand.adapter.look(numbers=[number])[number]
    assert isinstance(order, MallOrder)
    return order


def reported(order: MallOrder) -> list[MallTracking]:
    """Return the rows of the first parcel that hold a number: a mall with places for numbers also shows its empty ones."""
    return [row for row in order.parcels[0].tracking if row.number]


def report_for(order: MallOrder, *numbers: str, row_keys: tuple[str, ...] = ()) -> ShipmentReport:
    """Report numbers as the hub does: rows that are empty at the mall are filled first, then rows are added."""
    free = [row.row_key for row in order.parcels[0].tracking if not row.number]
    keys = row_keys or tuple([*free, *[""] * len(numbers)][: len(numbers)])
    rows = tuple(
        TrackingRow(carrier="yamato", number=number, shipped_on=SHIPPED_ON, row_key=key)
        for number, key in zip(numbers, keys, strict=True)
    )
    return ShipmentReport(key="r1", number=order.number, mall_parcel_key=order.parcels[0].key, rows=rows)


def ready_order(stand: Stand) -> MallOrder:
    able(stand, Ability.REPORT_SHIPMENT)
    (number,) = stand.bench.place()
    stand.bench.make_ready(number)
    return look(stand, number)


def write(stand: Stand, call: str, adapter: Channel | None = None) -> Outcome:
    """Make one writing call that would succeed."""
    adapter = adapter or stand.adapter
    if call == "confirm":
        (number,) = stand.bench.place()
        return adapter.confirm(numbers=[number])[number]
    if call == "report":
        return adapter.report_shipment(report=report_for(ready_order(stand), "400000000006"))
    (number,) = stand.bench.place()
    return adapter.cancel(number=number, reason=CancelReason.OUT_OF_STOCK, restock=True)
