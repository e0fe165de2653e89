"""送り状番号の取込 (F154): a pasted list or a CSV of orders and numbers becomes recorded shipments, row by row, twice without harm."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from django.db import transaction

from hub.audit import Actor
from hub.clock import JAPAN
from hub.current import current_tenant
from orders.carriers import CARRIERS, clean_number, number_looks_wrong
from orders.judging import unpaid
from orders.models import Order, OrderLine, Parcel, TrackingNumber
from orders.models.orders import ParcelState
from orders.operations.door import Changed
from orders.operations.shipments import NotRecordable, Package, record_shipment

MOST_ROWS = 5_000
MOST_COLUMNS = 200
MOST_CHARACTERS = 10_000
_ORDER, _CARRIER, _NUMBER, _DAY = "order", "carrier", "number", "shipped_on"
_TITLES: Mapping[str, str] = {
    "受注番号": _ORDER, "注文番号": _ORDER, "お客様管理番号": _ORDER, "お客様側管理番号": _ORDER,
    "order": _ORDER, "order_number": _ORDER, "number": _ORDER,
    "運送会社": _CARRIER, "配送会社": _CARRIER, "配送業者": _CARRIER, "carrier": _CARRIER,
    "送り状番号": _NUMBER, "伝票番号": _NUMBER, "お荷物伝票番号": _NUMBER, "追跡番号": _NUMBER, "tracking_number": _NUMBER,
    "お問い合せ送り状no.": _NUMBER, "発送日": _DAY, "出荷日": _DAY, "出荷予定日": _DAY, "shipped_on": _DAY,
}  # fmt: skip
_POSITIONS = (_ORDER, _CARRIER, _NUMBER, _DAY)
_ALIASES: Mapping[str, str] = {
    "ヤマト": "yamato", "クロネコヤマト": "yamato", "クロネコ": "yamato", "ヤマト宅急便": "yamato", "宅急便": "yamato",
    "佐川": "sagawa", "飛脚宅配便": "sagawa", "ゆうパック": "japan_post", "郵便": "japan_post", "日本郵便株式会社": "japan_post",
    "西濃": "seino", "福山": "fukuyama", "福通": "fukuyama",
}  # fmt: skip
_LABELS = (
    {carrier.label: code for code, carrier in CARRIERS.items()} | dict(_ALIASES) | {code: code for code in CARRIERS}
)
_REFERENCE = re.compile(r"(\d{1,18})-(\d{1,18})-(\d{1,9})")
_DAYS = (
    re.compile(r"(?P<y>\d{4})[/\-.年](?P<m>\d{1,2})[/\-.月](?P<d>\d{1,2})日?(?:[ T].*)?"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<m>\d{1,2})[/\-月](?P<d>\d{1,2})日?"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list as it was understood. `fault` is a code, empty if the row is good; `detail` what it is about.

    `warning` is a reason to look at the number twice. `same`: it is recorded already, nothing will change.
    """

    line: int
    order: str
    carrier: str = ""
    number: str = ""
    shipped_on: date | None = None
    parcel_id: int | None = None
    order_id: int | None = None
    same: bool = False
    warning: str = ""
    fault: str = ""
    detail: str = ""


class Unreadable(Exception):
    """The file is no text we know, or too large: a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text_of(data: bytes) -> str:
    """Decode an uploaded file: a BOM first, then strict UTF-8, then strict cp932. Raises Unreadable."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decoded(data, encoding) or _refuse("not_text")
    return _decoded(data, "utf-8") or _decoded(data, "cp932") or _refuse("not_text")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _refuse(reason: str) -> str:
    raise Unreadable(reason)


def parse(text: str, *, today: date, carrier: str = "") -> list[Row]:
    """Read the list. Columns by their titles, else in the order: order number (or parcel reference), carrier, number, day.

    `carrier` stands where a row names none, `today` where it names no day. Every row comes back, with its fault if it has one.
    """
    if "\0" in text:
        raise Unreadable("not_text")
    records = [(n, cells) for n, cells in _cells(text) if any(cells)]
    if len(records) > MOST_ROWS + 1:
        raise Unreadable("too_many_rows")
    if not records:
        return []
    titles = _titles(records[0][1])
    columns = titles or _by_position(records[0][1])
    rows = [
        _row(line, cells, columns, today=today, carrier=carrier) for line, cells in (records[1:] if titles else records)
    ]
    repeated = {key for key, n in Counter((r.order, r.carrier, r.number) for r in rows if not r.fault).items() if n > 1}
    seen: set[tuple[str, str, str]] = set()
    for at, row in enumerate(rows):
        key = (row.order, row.carrier, row.number)
        if key in repeated and key in seen:
            rows[at] = replace(row, fault="repeated", detail=row.number or row.order)
        seen.add(key)
    return rows


def _cells(text: str) -> list[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = "\t" if "\t" in first else "," if "," in first else ";" if ";" in first else ""
    if not delimiter:
        return [(n, line.split()) for n, line in enumerate(text.splitlines(), start=1)]
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    records = []
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS or any(len(cell) > MOST_CHARACTERS for cell in cells):
                raise Unreadable("too_wide")
            records.append((reader.line_num, [cell.strip(" 　\u00a0\t") for cell in cells]))
    except csv.Error as error:
        raise Unreadable("not_csv") from error
    return records


def _titles(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = _TITLES.get(unicodedata.normalize("NFKC", cell).strip().lower())
        if name and name not in found:
            found[name] = at
    return found if _ORDER in found else {}


def _by_position(cells: Sequence[str]) -> dict[str, int]:
    """A list of two columns is order and number; else the columns stand in the order they are asked for."""
    if len(cells) == 2:
        return {_ORDER: 0, _NUMBER: 1}
    return {name: at for at, name in enumerate(_POSITIONS)}


def _row(line: int, cells: Sequence[str], columns: Mapping[str, int], *, today: date, carrier: str) -> Row:
    said = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
    order = unicodedata.normalize("NFKC", said.get(_ORDER, "")).strip()
    row = Row(line=line, order=order)
    if not order:
        return replace(row, fault="order_missing")
    code = _carrier(said.get(_CARRIER, "")) if said.get(_CARRIER) else carrier
    if not code:
        return replace(
            row, fault="unknown_carrier" if said.get(_CARRIER) else "carrier_missing", detail=said.get(_CARRIER, "")
        )
    typed = said.get(_NUMBER, "")
    if re.fullmatch(r"[0-9.]+[eE]\+?\d+", typed):
        return replace(row, fault="number_rounded", detail=typed)
    number = clean_number(typed)
    if not number and CARRIERS[code].has_numbers:
        return replace(row, fault="number_missing")
    if number and not re.fullmatch(r"[0-9A-Za-z]{1,40}", number):
        return replace(row, fault="number_odd", detail=typed)
    on = _day(said.get(_DAY, ""), today) if said.get(_DAY) else today
    if on is None:
        return replace(row, fault="day_odd", detail=said.get(_DAY, ""))
    if on > today:
        return replace(row, fault="day_ahead", detail=on.isoformat())
    warning = "number_looks_wrong" if number and number_looks_wrong(code, number) else ""
    return replace(row, carrier=code, number=number, shipped_on=on, warning=warning)


def _carrier(text: str) -> str:
    name = unicodedata.normalize("NFKC", text).strip()
    return _LABELS.get(name) or _LABELS.get(name.lower(), "")


def _day(text: str, today: date) -> date | None:
    """Read a day; one without a year is the nearest that is not ahead."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for pattern in _DAYS:
        if found := pattern.fullmatch(plain):
            parts = found.groupdict()
            try:
                on = date(int(parts.get("y") or today.year), int(parts["m"]), int(parts["d"]))
                return on.replace(year=on.year - 1) if "y" not in parts and on > today else on
            except ValueError:
                return None
    return None


class MayEnter(Protocol):
    """Which of these requested parcels a person may record: those on one's own shelf, or with a result that could not be booked."""

    def __call__(self, parcel_ids: Iterable[int]) -> set[int]: ...


def check(rows: Sequence[Row], *, may_enter: MayEnter) -> list[Row]:
    """Find each good row's parcel; fault those that are unknown, not clear, cancelled, not paid, or recorded with other numbers."""
    wanted = {row.order for row in rows if not row.fault}
    parcels = _parcels_of(wanted)
    numbers: dict[int, set[tuple[str, str]]] = defaultdict(set)
    ids = [parcel.pk for found in parcels.values() for _, parcel in found]
    for tracking in TrackingNumber.objects.filter(parcel_id__in=ids):
        numbers[tracking.parcel_id].add((tracking.carrier, tracking.number))
    given: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        if not row.fault:
            given[row.order].add((row.carrier, row.number))
    not_settled = unpaid((order.pk, order.mall_block) for found in parcels.values() for order, _ in found)
    enterable = may_enter(ids)
    return [
        row
        if row.fault
        else _placed(row, parcels.get(row.order, []), numbers, given[row.order], not_settled, enterable)
        for row in rows
    ]


def _parcels_of(names: set[str]) -> dict[str, list[tuple[Order, Parcel]]]:
    """Return the parcels of each order number; a name that is none may be the reference of a parcel on the warehouse's papers."""
    orders = {order.pk: order for order in Order.objects.filter(number__in=names)}
    references = _references(names - {order.number for order in orders.values()})
    lines = OrderLine.objects.filter(closed_at__isnull=True, quantity__gt=0)
    of_orders = set(lines.filter(order_id__in=orders).values_list("order_id", "parcel_id"))
    of_parcels = set(lines.filter(parcel_id__in=references.values()).values_list("order_id", "parcel_id"))
    orders |= {order.pk: order for order in Order.objects.filter(pk__in={order for order, _ in of_parcels})}
    parcels = {parcel.pk: parcel for parcel in Parcel.objects.filter(pk__in={pk for _, pk in of_orders | of_parcels})}
    found: dict[str, list[tuple[Order, Parcel]]] = defaultdict(list)
    for order_id, parcel_id in sorted(of_orders):
        found[orders[order_id].number].append((orders[order_id], parcels[parcel_id]))
    for name, parcel_id in references.items():
        if parcel_id in parcels:
            found[name].append((orders[parcels[parcel_id].order_id], parcels[parcel_id]))
    return found


def _references(names: Iterable[str]) -> dict[str, int]:
    """Read references of this tenant: tenant, parcel, revision of the parcel."""
    read = ((name, _REFERENCE.fullmatch(name)) for name in names)
    return {name: int(found[2]) for name, found in read if found and int(found[1]) == current_tenant()}


def _placed(
    row: Row,
    parcels: Sequence[tuple[Order, Parcel]],
    numbers: Mapping[int, set[tuple[str, str]]],
    given: set[tuple[str, str]],
    not_settled: set[int],
    enterable: Collection[int],
) -> Row:
    if not parcels:
        return replace(row, fault="unknown_order", detail=row.order)
    if len({order.pk for order, _ in parcels}) > 1:
        return replace(row, fault="several_orders", detail=row.order)
    for order, parcel in parcels:
        if numbers.get(parcel.pk) == given:
            return replace(row, parcel_id=parcel.pk, order_id=order.pk, same=True)
    order = parcels[0][0]
    left = [parcel for _, parcel in parcels if parcel.state not in (ParcelState.SHIPPED, ParcelState.RETURNED)]
    if order.deleted_at is not None or order.phase == "cancelled":
        return replace(row, order_id=order.pk, fault="not_open", detail=row.order)
    if not left:
        return replace(row, order_id=order.pk, fault="other_numbers", detail=row.order)
    if len(left) > 1:
        return replace(row, order_id=order.pk, fault="several_parcels", detail=row.order)
    if left[0].state != ParcelState.DRAFT and left[0].pk not in enterable:
        return replace(row, order_id=order.pk, fault="requested_elsewhere", detail=row.order)
    if left[0].state == ParcelState.DRAFT and order.pk in not_settled:
        return replace(row, order_id=order.pk, fault="payment_open", detail=row.order)
    return replace(row, order_id=order.pk, parcel_id=left[0].pk)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What recording a list came to: parcels recorded, parcels that were so already, and every row with its fault."""

    recorded: int
    unchanged: int
    rows: tuple[Row, ...]


class Enter(Protocol):
    """What records one parcel: `record_shipment`, or what stands before it for parcels that were requested from one's own shelf."""

    def __call__(self, parcel_id: int, *, packages: Sequence[Package], by: Actor, now: datetime) -> Changed: ...


def record(rows: Sequence[Row], *, by: Actor, now: datetime, enter: Enter = record_shipment) -> Outcome:
    """Record the good rows of a checked list, all numbers of a parcel together; faulty rows stand aside and are returned."""
    by_parcel: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.fault and row.parcel_id is not None:
            by_parcel[row.parcel_id].append(row)
    recorded = unchanged = 0
    refused: dict[int, str] = {}
    for parcel_id in sorted(by_parcel):
        packages = [
            Package(carrier=row.carrier, number=row.number, shipped_on=row.shipped_on or now.astimezone(JAPAN).date())
            for row in by_parcel[parcel_id]
        ]
        try:
            with transaction.atomic():  # a refused parcel must leave nothing behind, the others go on
                outcome = enter(parcel_id, packages=packages, by=by, now=now)
        except NotRecordable as error:
            refused[parcel_id] = error.reason
            continue
        recorded += bool(outcome.changed)
        unchanged += not outcome.changed
    told = tuple(replace(row, fault=refused[row.parcel_id]) if row.parcel_id in refused else row for row in rows)
    return Outcome(recorded=recorded, unchanged=unchanged, rows=told)
