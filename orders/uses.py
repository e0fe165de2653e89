"""Which conditions and rows name a row of settings, so that nothing in use is taken away: asked by `hub.rows.retire`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hub.rows import register_user
from orders.conditions import ConditionError, parse, tests_of
from orders.models import Product, SavedSearch, Shop, Task

FIELDS_OF = {
    "orders.Status": ("status",), "orders.StatusGroup": ("status_group",), "orders.Tag": ("tags",), "orders.Task": ("tasks",),
    "orders.Shop": ("shop",), "orders.Warehouse": ("warehouse",), "orders.Product": ("line_product",),
}  # fmt: skip
"""Model → the fields of conditions whose values are its ids."""


def names_row(condition: Any, row: Any) -> bool:
    """Say whether a stored condition names the row. One that no longer parses names nothing."""
    if condition is None:
        return False
    try:
        node = parse(condition)
    except ConditionError:
        return False
    keys = FIELDS_OF.get(row._meta.label, ())
    return any(test.field in keys and row.pk in _values(test.value) for test in tests_of(node))


def _values(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _tasks_and_searches(row: Any) -> Iterator[str]:
    for task in Task.objects.filter(retired_at__isnull=True, condition__isnull=False).order_by("position", "pk"):
        if names_row(task.condition, row):
            yield task.name
    for search in SavedSearch.objects.order_by("position", "pk"):
        if names_row(search.condition, row):
            yield search.name


def _shops_and_products(row: Any) -> Iterator[str]:
    yield from (
        Shop.objects.filter(retired_at__isnull=True, warehouse=row).order_by("position").values_list("name", flat=True)
    )
    yield from (
        Product.objects.filter(retired_at__isnull=True, warehouse=row).order_by("pk")[:6].values_list("sku", flat=True)
    )


def _tasks_of_shop(row: Any) -> Iterator[str]:
    yield from (
        Task.objects.filter(retired_at__isnull=True, shop=row).order_by("position").values_list("name", flat=True)
    )


def _listed(users: Callable[[Any], Iterator[str]]) -> Callable[[Any], Sequence[str]]:
    return lambda row: list(users(row))


for _label in FIELDS_OF:
    register_user(_label, _listed(_tasks_and_searches))
register_user("orders.Warehouse", _listed(_shops_and_products))
register_user("orders.Shop", _listed(_tasks_of_shop))
