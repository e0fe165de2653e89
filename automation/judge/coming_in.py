"""J1: every order the mall has shown for 15 minutes is here, once, and says what the mall says. J7: nothing lies unread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from automation.judge import said
from automation.judge.findings import LOST, OTHER, TWICE, WRONG, Case, Looked
from automation.judge.ledgers import MallOrder
from orders import coverage
from orders.models import (
    Listing,
    Order,
    OrderLine,
    OrderNumber,
    Parcel,
    ReconcileBreak,
    RejectedPayload,
    Shop,
    TaskMark,
)
from orders.models.intake import NumberState

VISIBLE_FOR = timedelta(minutes=15)
NAMED_FOR = timedelta(minutes=10)
READ_AGAIN_WITHIN = timedelta(minutes=35)
"""Open orders are read again every 30 minutes; a change younger than this may not have been seen yet."""


def all_here(case: Case) -> Looked:
    """J1: nothing lost, nothing twice."""
    looked = Looked()
    shops = list(Shop.objects.filter(retired_at__isnull=True).exclude(account=""))
    for shop in shops:
        if case.ledgers is not None:
            _compare_numbers(shop, case.ledgers.orders_of_account.get(shop.account, []), case, looked)
        _own_traces(shop, case, looked)
    return looked


def _compare_numbers(shop: Shop, theirs: Sequence[MallOrder], case: Case, looked: Looked) -> None:
    here: dict[str, int] = defaultdict(int)
    for number in Order.objects.filter(number__in=[order.number for order in theirs]).values_list("number", flat=True):
        here[number] += 1
    listed = set(RejectedPayload.objects.filter(shop=shop, solved_at__isnull=True).values_list("number", flat=True))
    for order in theirs:
        if order.visible_at is None or order.visible_at > case.now - VISIBLE_FOR or not _is_wanted(shop, order):
            continue
        looked.at += 1
        if not here[order.number] and order.number not in listed:
            looked.find(LOST, f"lost: {order.number} ({order.kind}), visible since {order.visible_at:%m-%d %H:%M}")
        if here[order.number] > 1:
            looked.find(TWICE, f"{order.number} is here {here[order.number]} times")


def _is_wanted(shop: Shop, order: MallOrder) -> bool:
    """Say whether the shop is being read, so that the order should be here: not stopped, not blind, not before its start."""
    return bool(shop.polling and shop.blind_since is None and shop.wanted_from and order.placed_at >= shop.wanted_from)


def _own_traces(shop: Shop, case: Case, looked: Looked) -> None:
    """Look for orders that our own rows know to be missing."""
    looked.at += 0 if case.ledgers is not None else Order.objects.filter(shop=shop).count()
    old = OrderNumber.objects.filter(shop=shop, state=NumberState.NAMED, named_at__lt=case.now - NAMED_FOR)
    listed = RejectedPayload.objects.filter(shop=shop, solved_at__isnull=True).values("number")
    for number in old.exclude(number__in=listed).values_list("number", flat=True):
        if shop.polling and shop.blind_since is None:
            looked.find(LOST, f"named and not fetched for over 10 minutes: {number}")
    fetched = OrderNumber.objects.filter(shop=shop, state=NumberState.FETCHED)
    for number in fetched.exclude(number__in=Order.objects.filter(shop=shop).values("number")).values_list(
        "number", flat=True
    ):
        looked.find(LOST, f"fetched and not there: {number}")
    missing = ReconcileBreak.objects.filter(
        shop=shop, kind="missing_here", solved_at__isnull=True, found_at__lt=case.now - VISIBLE_FOR
    )
    for number in missing.values_list("number", flat=True):
        looked.find(LOST, f"the mall has it, we do not: {number}")


def nothing_unread(case: Case) -> Looked:
    """J7: the gap between what is wanted and what is covered is empty."""
    looked = Looked()
    for shop in Shop.objects.filter(
        retired_at__isnull=True, polling=True, blind_since__isnull=True, wanted_from__isnull=False
    ):
        looked.at += 1
        for gap in coverage.gaps(shop, until=case.now - VISIBLE_FOR):
            looked.find(
                OTHER, f"{shop.name}: not read from {gap.from_at:%m-%d %H:%M:%S} to {gap.until_at:%m-%d %H:%M:%S}"
            )
    return looked


def says_the_same(case: Case) -> Looked:
    """J1, field by field: lines, amounts, buyer and addressee are what the mall's ledger says. What a person edited is theirs, and an
    erased order says nothing of its persons any more."""
    looked = Looked()
    if case.ledgers is None:
        return looked
    orders = {order.number: order for order in Order.objects.filter(deleted_at__isnull=True, erased_at__isnull=True)}
    ids = {order.pk: order.number for order in orders.values()}
    parcels: dict[str, list[Parcel]] = defaultdict(list)
    for parcel in Parcel.objects.filter(order_id__in=list(ids)).order_by("pk"):
        parcels[ids[parcel.order_id]].append(parcel)
    lines: dict[str, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=list(ids), closed_at__isnull=True):
        lines[ids[line.order_id]].append(line)
    shown, mapped = _shown_changes(), _mapped()
    for number, order in orders.items():
        theirs = case.ledgers.orders.get(number)
        if theirs is None or not _was_read(order, theirs, case):
            continue
        looked.at += 1
        for text in _differences(order, parcels[number], lines[number], theirs.model, shown):
            looked.find(WRONG, f"{number}: {text}")
        for text in _other_goods(order, lines[number], theirs.model, mapped):
            looked.find(WRONG, f"{number}: {text}")
    return looked


def _mapped() -> dict[tuple[int, str], Listing]:
    """Return what is mapped to a product, by shop and the mall's key."""
    rows = Listing.objects.filter(product__isnull=False, mapped_at__isnull=False)
    return {(listing.shop_id, listing.key): listing for listing in rows}


def _other_goods(
    order: Order, lines: Sequence[OrderLine], model: said.Model, mapped: Mapping[tuple[int, str], Listing]
) -> Iterator[str]:
    """Compare the product of each line with the one that the item sold at the mall is mapped to: what will be, or was, shipped."""
    items = {str(item["itemDetailId"]): item for package in said.packages(model) for item in said.items(package)}
    for line in lines:
        item = items.get(line.mall_line_key)
        listing = mapped.get((order.shop_id, said.listing(item))) if item is not None else None
        if listing is None or listing.mapped_at is None or listing.mapped_at > order.ready_at:
            continue  # mapped later: what was asked for before stays as it was asked
        if line.product_id != listing.product_id:
            yield f"line {line.mall_line_key} ({listing.key}) is product {line.product_id}, not {listing.product_id}"


def _was_read(order: Order, theirs: MallOrder, case: Case) -> bool:
    """Say whether our row must have the mall's newest content: read since, or open and long overdue."""
    if order.mall_read_at is not None and order.mall_read_at >= theirs.changed_at:
        return True
    return bool(order.is_open and theirs.changed_at < case.now - READ_AGAIN_WITHIN)


def _shown_changes() -> dict[int, set[str]]:
    """Return, for each parcel, the fields that the mall changed after it was requested: they are shown to people, not followed."""
    shown: dict[int, set[str]] = defaultdict(set)
    for detail in TaskMark.objects.filter(task__key="mall_changed").values_list("detail", flat=True):
        shown[detail.get("parcel", 0)] |= set(detail.get("fields", ()))
    return shown


def _differences(
    order: Order,
    parcels: Sequence[Parcel],
    lines: Sequence[OrderLine],
    model: said.Model,
    shown: Mapping[int, set[str]],
) -> list[str]:
    found = _columns(order, said.of_order(model), edited=order.edited_fields)
    for package in said.packages(model):
        key = str(package["basketId"])
        ours = [parcel for parcel in parcels if parcel.mall_parcel_key == key]
        if not ours:
            found.append(f"destination {key} has no parcel")
        for parcel in ours:
            found += [
                f"destination {key}: {text}"
                for text in _columns(
                    parcel, said.of_package(package), edited={*parcel.edited_fields, *shown[parcel.pk]}
                )
            ]
        for item in said.items(package):
            found += _line_differences(
                item, key, [line for line in lines if line.mall_line_key == str(item["itemDetailId"])]
            )
    wanted = {str(item["itemDetailId"]) for package in said.packages(model) for item in said.items(package)}
    found += [
        f"line {line.mall_line_key} is not at the mall"
        for line in lines
        if line.mall_line_key and line.mall_line_key not in wanted
    ]
    return found


def _line_differences(item: Mapping[str, Any], package: str, ours: Sequence[OrderLine]) -> list[str]:
    """Compare one line of the mall with ours; the pieces of a split line add up."""
    key = item["itemDetailId"]
    pieces = sum(line.quantity for line in ours)
    found = [f"line {key}: {pieces} pieces, not {item['units']}"] if pieces != item["units"] else []
    for line in ours:
        found += [f"line {key}: {text}" for text in _columns(line, said.of_item(item), edited=())]
        if line.mall_parcel_key != package:
            found.append(f"line {key}: in destination {line.mall_parcel_key}, not {package}")
    return found


def _columns(row: Any, wanted: Mapping[str, Any], *, edited: Collection[str]) -> list[str]:
    return [
        f"{name} is {getattr(row, name)!r}, not {value!r}"
        for name, value in wanted.items()
        if name not in edited and getattr(row, name) != said.storable(value)
    ]
