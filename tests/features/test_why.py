"""Why an order is here and what frees it: over a thousand held orders, doing what the answer says moves them, and less does not."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from automation.engine import work as judge
from hub.ids import decode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.api.explaining import explain_order
from orders.models import Listing, Order, OrderLine, Product, Task
from orders.operations import holds
from orders.operations.products import map_listing
from tests.api.conftest import caller_of
from tests.conftest import NOW, TESTER
from tests.factories import BUYER, changed, make_shop, mall_line, mall_order, take_in

CAUSES = ("remark", "by hand", "unmapped", "address", "own task")
ORDERS = 1_000


def placed(number: int, causes: Iterable[str]) -> Any:
    """Return an order that the mall sends with these causes of a hold."""
    lines = [mall_line("1", quantity=12 if "own task" in causes else 1)]
    if "unmapped" in causes:
        lines.append(mall_line(f"新{number}"))
    order = mall_order(lines=tuple(lines), remarks="至急お願いします" if "remark" in causes else "")
    if "address" in causes:
        wrong = replace(BUYER, postal_code="5300001")
        order = changed(order, parcels=(replace(order.parcels[0], recipient=wrong),))
    return order


def answers(tenant: Tenant, ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return what the hub says holds each order."""
    with tenant_transaction(tenant.pk):
        return {pk: explain_order(pk, now=NOW, language="ja", personal=True)["holds"] for pk in ids}


def do(tenant: Tenant, said: Iterable[tuple[int, dict[str, Any]]]) -> None:
    """Do what each answer says: its act, or, where it names none, point the item at a product."""
    by_act: dict[tuple[str, int], list[int]] = defaultdict(list)
    for pk, hold in said:
        by_act[hold["act"]["code"] if hold["act"] else "map", decode(hold["task"])].append(pk)
    for (code, task), ids in by_act.items():
        with tenant_transaction(tenant.pk):
            if code == "read":
                holds.read_remark(ids, by=TESTER, now=NOW)
            elif code in ("release", "keep"):
                holds.close_mark(ids, task=Task.objects.get(pk=task), by=TESTER, now=NOW)
            else:
                product = Product.objects.get(sku="SKU-1")
                lines = OrderLine.objects.filter(order__in=ids, product__isnull=True)
                for listing in Listing.objects.filter(pk__in=lines.values("listing_id")):
                    map_listing(listing, product=product, units=1, by=TESTER, now=NOW)


def standing(tenant: Tenant) -> dict[int, tuple[bool, str]]:
    while judge(tenant.pk):
        pass
    with tenant_transaction(tenant.pk):
        return {pk: (held, phase) for pk, held, phase in Order.objects.values_list("pk", "held", "phase")}


@pytest.mark.feature("K04")
@pytest.mark.slow
@pytest.mark.usefixtures("at_now")
def test_doing_what_the_answer_says_moves_each_of_a_thousand_held_orders_and_less_does_not(tenant: Tenant) -> None:
    roll, shop = random.Random(4), make_shop(tenant)
    take_in(tenant, shop, mall_order(state="cancelled", blocks=("cancelled",)))
    caller_of(tenant).post(
        "tasks",
        {"name": "大口", "condition": {"field": "line_quantity", "op": "gte", "value": 10, "of": "any"}, "holds": True},
    )
    wanted = [roll.sample(CAUSES, roll.randint(1, len(CAUSES))) for _ in range(ORDERS)]
    orders = [placed(number, causes) for number, causes in enumerate(wanted)]
    for start in range(0, ORDERS, 100):
        take_in(tenant, shop, *orders[start : start + 100], mapped=False)
    with tenant_transaction(tenant.pk):
        pks = dict(Order.objects.values_list("number", "pk"))
        by_hand = [pks[order.number] for order, causes in zip(orders, wanted, strict=True) if "by hand" in causes]
        holds.hold(by_hand, reason="返事待ち", by=TESTER, now=NOW)
    ids = [pks[order.number] for order in orders]
    standing(tenant)

    said = answers(tenant, ids)
    kept = {pk: roll.choice(found) for pk, found in said.items()}
    do(tenant, [(pk, hold) for pk, found in said.items() for hold in found if hold is not kept[pk]])
    less = standing(tenant)
    do(tenant, list(kept.items()))
    enough = standing(tenant)

    assert [len(said[pk]) for pk in ids] == [len(causes) for causes in wanted]
    assert {less[pk][0] for pk in ids} == {True}, "one thing left undone holds the order"
    assert {enough[pk] for pk in ids} == {(False, "ready")}
