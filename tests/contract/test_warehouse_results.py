"""The laws of a warehouse's results: complete, from any cursor on, and one that cannot be understood stops only itself."""

from collections import Counter
from dataclasses import replace

import pytest

from orders.channels import MallDown
from tests.contract.warehouse_bench import Stand
from tests.contract.warehouse_calls import able, send
from warehouses.adapters import BadResult, ShipResult, WarehouseAbility


def test_results_are_complete_and_go_on_from_any_cursor(house: Stand) -> None:
    able(house, WarehouseAbility.RESULTS)
    adapter = house.adapter()
    references = [f"P{number}-1" for number in range(1100)]
    for start in range(0, len(references), adapter.send_size):
        send(adapter, house, *references[start : start + adapter.send_size])
    house.bench.ship()

    pages, cursor = [], ""
    for _ in range(20):
        house.bench.misbehave("results", "lost")
        with pytest.raises(MallDown):
            adapter.results(cursor=cursor)
        pages.append(house.adapter().results(cursor=cursor))
        cursor = pages[-1].cursor
        if not pages[-1].more:
            break

    items = [item for page in pages for item in page.items]
    assert all(isinstance(item, ShipResult) for item in items)
    assert Counter(item.reference for item in items) == Counter(references) == Counter(house.bench.departures())
    assert len(pages) > 1
    assert adapter.results(cursor=cursor) == replace(pages[-1], items=(), cursor=cursor, more=False)
    assert adapter.results(cursor=pages[0].cursor).items == pages[1].items


def test_result_names_units_carrier_number_and_day(house: Stand) -> None:
    able(house, WarehouseAbility.RESULTS)
    adapter = house.adapter()
    send(adapter, house, "P1-1")
    house.bench.ship()

    [item] = adapter.results(cursor="").items

    assert isinstance(item, ShipResult)
    assert (item.outcome, item.quantities) == ("shipped", {house.bench.sku: 2})
    [package] = item.packages
    assert package.shipped_on.isoformat() == house.bench.ships_on
    assert package.number
    assert package.carrier


def test_result_that_cannot_be_understood_stops_only_itself(house: Stand) -> None:
    able(house, WarehouseAbility.RESULTS)
    adapter = house.adapter()
    send(adapter, house, "P1-1", "P2-1")
    house.bench.tell_nonsense()
    house.bench.ship()

    items = adapter.results(cursor="").items

    assert sorted(item.reference for item in items if isinstance(item, ShipResult)) == ["P1-1", "P2-1"]
    bad = [item for item in items if isinstance(item, BadResult)]
    assert sorted(item.reference for item in bad) == ["P1-1", "P2-1"]
    assert all(item.path and item.reason for item in bad)
