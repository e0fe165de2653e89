"""Shipping rows at a mall: which of them a report fills, changes or adds, so that every wanted number stands there once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.models import Effect
from orders.channels import MallOrder, MallTracking, TrackingRow
from orders.models import OrderLine, TrackingNumber

Subject = tuple[int | None, int, str]
"""What a report is about: order, parcel and the mall's parcel."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to stand at the mall for one report: its rows, each with the key of the mall's row it stands on as far as known now.

    `former`: numbers that corrections of this parcel took away; their rows are ours to fill. `others`: numbers of the order's other
    parcels; their rows are not.
    """

    rows: Sequence[Mapping[str, Any]]
    former: Collection[str] = ()
    others: Collection[str] = ()


def subject_of(effect: Effect) -> Subject:
    return effect.order_id, effect.payload.get("parcel", 0), effect.payload.get("mall_parcel_key", "")


def wanted_of(effects: Sequence[Effect]) -> Mapping[int, Wanted]:
    """Return what each report wants. A number said before may have left and its answer be lost: it counts as former all the same."""
    orders = {effect.order_id for effect in effects}
    ids = [row["tracking"] for effect in effects for row in effect.payload["rows"]]
    keys = dict(TrackingNumber.objects.filter(pk__in=ids).values_list("pk", "mall_row_key"))
    said: dict[Subject, set[str]] = defaultdict(set)
    for earlier in Effect.objects.filter(order_id__in=orders, kind="mall.report"):
        said[subject_of(earlier)] |= _numbers(earlier.payload["rows"])
    parcels: dict[int, set[int]] = defaultdict(set)
    for order_id, parcel_id in OrderLine.objects.filter(order_id__in=orders).values_list("order_id", "parcel_id"):
        parcels[order_id].add(parcel_id)
    present: dict[int, set[str]] = defaultdict(set)
    everywhere = TrackingNumber.objects.filter(parcel_id__in=set().union(*parcels.values()))
    for parcel_id, number in everywhere.values_list("parcel_id", "number"):
        present[parcel_id].add(number)
    found = {}
    for effect in effects:
        rows = [
            {**row, "mall_row_key": keys.get(row["tracking"], row["mall_row_key"])} for row in effect.payload["rows"]
        ]
        beside = parcels[effect.order_id or 0] - {effect.payload["parcel"]}
        others = set().union(*(present[parcel_id] for parcel_id in beside))
        found[effect.pk] = Wanted(rows=rows, former=said[subject_of(effect)] - _numbers(rows), others=others)
    return found


def rows_at_mall(order: MallOrder, mall_parcel_key: str) -> tuple[MallTracking, ...] | None:
    """Return the shipping rows of one mall parcel, or None if the mall has no such parcel any more."""
    return next((parcel.tracking for parcel in order.parcels if parcel.key == mall_parcel_key), None)


def compare(wanted: Wanted, theirs: Sequence[MallTracking]) -> list[TrackingRow]:
    """Return the rows that must be written so that every wanted number stands at the mall; a row without a key is added."""
    by_number = {row.number: row for row in theirs if row.number}
    free = [row for row in theirs if _is_free(row, wanted)]
    kept = {row["mall_row_key"] for row in wanted.rows if row["mall_row_key"] and row["number"] not in by_number}
    missing = []
    for row in wanted.rows:
        day = date.fromisoformat(row["shipped_on"])
        there = by_number.get(row["number"]) if row["number"] else None
        if there is not None and there.carrier == row["carrier"] and there.shipped_on == day:
            continue
        if there is None:
            own = (each for each in free if each.row_key and each.row_key == row["mall_row_key"])
            there = next(own, None) or next((each for each in free if each.row_key not in kept), None)
        if there in free:
            free.remove(there)
        missing.append(
            TrackingRow(
                carrier=row["carrier"], number=row["number"], shipped_on=day, row_key=there.row_key if there else ""
            )
        )
    return missing


def keys_of(wanted: Iterable[Mapping[str, Any]], theirs: Sequence[MallTracking]) -> dict[str, str]:
    """Return the mall's row key for each of our tracking rows."""
    by_number = {row.number: row.row_key for row in theirs}
    return {str(row["tracking"]): by_number[row["number"]] for row in wanted if row["number"] in by_number}


def _is_free(row: MallTracking, wanted: Wanted) -> bool:
    """Say whether a wanted number may be written on the row: it is empty, or it is ours and its number is wanted no more."""
    if not row.number:
        return True
    if not row.row_key or row.number in wanted.others or row.number in _numbers(wanted.rows):
        return False
    return row.number in wanted.former or any(row.row_key == each["mall_row_key"] for each in wanted.rows)


def _numbers(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {row["number"] for row in rows if row["number"]}
