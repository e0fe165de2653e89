"""The address of the order list: which filter, sort and page it says, and the addresses with one thing more or less."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from hub.clock import JAPAN
from hub.ids import NotAnId, decode
from hub.web import Visit
from orders.conditions import AllOf, ConditionError, Node, dump, parse, sentence
from orders.fields.labels import PAYMENT_METHODS, PHASES
from orders.models import Product, SavedSearch, Shop, Status, StatusGroup, Tag, Task, Warehouse
from orders.models.statuses import OPEN_PHASES
from orders.queries import SORTS, Filter, ToShip
from orders.search import GONE, Found, look_up
from orders.system_tasks import said
from orders.views import pasted

ROWS = ("status", "group", "shop", "tag", "task", "product", "saved")
TEXTS = ("pay", "ship", "from", "until", "sku", "phase", "to_ship")
FLAGS = ("held", "late", "unreported", "next_day")
SIZE = 50
LONGEST_CHIP = 60


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address of the list says, cleaned; what is no value of ours is left out. `pairs` are its parts in order;
    `q` is the search as an address says it, `words` as it was typed or pasted."""

    pairs: tuple[tuple[str, str], ...]
    q: str = ""
    words: str = ""
    sort: str = "newest"
    cursor: str = ""
    refused: str = ""
    saved: SavedSearch | None = None
    condition: Node | None = None
    found: Found | None = None
    kept: Filter = field(default_factory=Filter)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def ids(self, name: str) -> tuple[int, ...]:
        return tuple(decode(value) for value in self.values(name))

    @property
    def narrowed(self) -> bool:
        return bool(self.pairs or self.q)

    # Addresses.

    def url(
        self, *, add: tuple[str, str] | None = None, drop: str = "", without: tuple[str, str] | None = None, **more: str
    ) -> str:
        """Return the address with a pair more, a name or a pair less, and other values; never with a cursor of another filter."""
        pairs = [pair for pair in self.pairs if pair[0] != drop and pair != without]
        if add is not None and add not in pairs:
            pairs.append(add)
        named = {"q": self.q, "sort": "" if self.sort == "newest" else self.sort, **more}
        pairs += [(key, value) for key, value in named.items() if value]
        return f"?{urlencode(pairs)}" if pairs else "?"

    def query(self) -> str:
        """Return the filter as one text, for a bulk act over everything it finds."""
        return self.url()[1:]


def read(query: QueryDict, visit: Visit, shop: Shop | None) -> Asked:
    """Read the list's address. Raises ConditionError for a malformed condition."""
    pairs = tuple(_clean(query))
    q = pasted.name_of(query.get("q", ""), visit)
    words = pasted.text_of(q, visit)
    sort = query.get("sort", "newest")
    asked = Asked(
        pairs=pairs, q=q, words=words or "", sort=sort if sort in SORTS else "newest", cursor=query.get("cursor", "")
    )
    saved = _saved(asked, visit)
    nodes = [parse(saved.condition)] if saved and saved.condition else []
    nodes += [parse(_json(value)) for key, value in pairs if key == "condition"]
    condition = nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes)) if nodes else None
    found = GONE if words is None else look_up(words) if words else None
    return replace(
        asked, saved=saved, condition=condition, found=found, kept=_filter(asked, visit, shop, condition, found)
    )


def _clean(query: QueryDict) -> list[tuple[str, str]]:
    pairs = []
    for name in (*ROWS, *TEXTS, *FLAGS, "condition"):
        for value in dict.fromkeys(query.getlist(name)):
            if value and _fits(name, value):
                pairs.append((name, value))
    return pairs


def _fits(name: str, value: str) -> bool:
    try:
        if name in ROWS:
            decode(value)
        elif name in ("from", "until"):
            date.fromisoformat(value)
        elif name in FLAGS:
            return value == "1"
        elif name == "to_ship":
            return value in ("all", "none") or bool(decode(value))
    except (NotAnId, ValueError):
        return False
    return len(value) <= 4_000 and "\0" not in value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ConditionError("", "not_a_condition") from None


def _saved(asked: Asked, visit: Visit) -> SavedSearch | None:
    ids = asked.ids("saved")
    return next((one for one in saved_searches(visit) if one.pk in ids[:1]), None) if ids else None


def saved_searches(visit: Visit) -> Sequence[SavedSearch]:
    """Return the member's own searches and the shared ones."""
    own = SavedSearch.objects.filter(member=visit.member) | SavedSearch.objects.filter(shared=True)
    return list(own.order_by("position", "pk")[:20])


def _filter(asked: Asked, visit: Visit, shop: Shop | None, condition: Node | None, found: Found | None) -> Filter:
    day = {
        name: date.fromisoformat(values[0]) if (values := asked.values(name)) else None for name in ("from", "until")
    }
    flags = {name: True if asked.values(name) else None for name in FLAGS}
    groups, products = asked.ids("group"), asked.ids("product")
    return Filter(
        shop_ids=asked.ids("shop") or ((shop.pk,) if shop else ()),
        status_ids=asked.ids("status"), group_id=groups[0] if groups else None, phases=tuple(asked.values("phase")),
        tag_ids=asked.ids("tag"), task_ids=asked.ids("task"), payment_methods=tuple(asked.values("pay")),
        delivery_names=tuple(asked.values("ship")), placed_from=day["from"], placed_until=day["until"],
        product_id=products[0] if products else None, sku=next(iter(asked.values("sku")), ""), found=found, condition=condition,
        held=flags["held"], unreported=flags["unreported"], next_day=flags["next_day"], open_only=bool(flags["held"]),
        late_at=visit.now if flags["late"] else None, to_ship=_to_ship(asked),
    )  # fmt: skip


def _to_ship(asked: Asked) -> ToShip | None:
    """Return what `to_ship` says: all, none (without a warehouse) or a warehouse."""
    value = next(iter(asked.values("to_ship")), "")
    if not value:
        return None
    return ToShip(warehouse_id=None if value == "all" else 0 if value == "none" else decode(value))


_SAVED_AS = (
    ("shop", "shop", "in"), ("status", "status", "in"), ("group", "status_group", "in"), ("product", "line_product", "in"),
    ("tag", "tags", "has"),
    ("task", "tasks", "has"), ("pay", "payment_method", "in"), ("ship", "delivery_name", "in"), ("phase", "phase", "in"),
    ("sku", "line_sku", "in"),
)  # fmt: skip
"""Name in the address → field and comparison of a condition."""


def as_condition(asked: Asked, visit: Visit) -> dict[str, Any] | None:
    """Return the filter in force as a condition, for saving it; None where it holds nothing that a condition can say (`unsaid`)."""
    tests: list[dict[str, Any]] = []
    for name, key, op in _SAVED_AS:
        if values := list(asked.ids(name)) if name in ROWS else asked.values(name):
            tests.append({"field": key, "op": op, "value": values})
    tests += [
        {"field": name, "op": "is", "value": True} for name in ("held", "unreported", "next_day") if asked.values(name)
    ]
    if (to_ship := asked.kept.to_ship) is not None:
        tests += _to_ship_as_tests(to_ship)
    tests += _days_as_tests(asked, visit.now.astimezone(JAPAN).date())
    if asked.condition is not None:
        tests.append(dump(asked.condition))
    return {"all": tests} if tests else None


def unsaid(asked: Asked) -> list[str]:
    """Return what of the filter in force no condition can say, as the reader calls it."""
    return [*([_("検索の言葉")] if asked.q else []), *([_("期限の絞り込み")] if asked.values("late") else [])]


def _to_ship_as_tests(to_ship: ToShip) -> list[dict[str, Any]]:
    """Return 出荷待ち as tests: what another system ships is left out by its statuses and warehouses of this moment."""
    theirs = list(Status.objects.filter(not_ours=True).order_by("pk").values_list("pk", flat=True))
    tests: list[dict[str, Any]] = [
        {"field": "phase", "op": "in", "value": [phase.value for phase in OPEN_PHASES]},
        *([{"field": "status", "op": "not_in", "value": theirs}] if theirs else []),
        {"field": "ours", "op": "is", "value": True},
        {"field": "ship_wanted", "op": "is", "value": True},
        {"field": "parcel_state", "op": "is", "value": "draft"},
    ]
    if to_ship.warehouse_id is None:
        away = list(Warehouse.objects.filter(kind="other").order_by("pk").values_list("pk", flat=True))
        return [*tests, {"field": "warehouse", "op": "not_in", "value": away}] if away else tests
    warehouse = {"op": "is", "value": to_ship.warehouse_id} if to_ship.warehouse_id else {"op": "empty"}
    return [*tests, {"field": "warehouse", **warehouse}]


def _days_as_tests(asked: Asked, today: date) -> list[dict[str, Any]]:
    """Return the days as tests; those of the last month are told from today, so that a saved search moves with the calendar."""
    found = []
    for name, op in (("from", "gte"), ("until", "lte")):
        for value in asked.values(name)[:1]:
            days = (today - date.fromisoformat(value)).days
            found.append({"field": "placed_at", "op": op, "value": {"days_ago": days} if 0 <= days <= 31 else value})
    return found


# What a filter is called.


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A filter in force, with the address that takes it away."""

    label: str
    value: str
    remove_url: str


_LABELS: Mapping[str, str | Promise] = {
    "status": lazy("状態"), "group": lazy("状態"), "shop": lazy("ショップ"), "tag": lazy("ラベル"), "task": lazy("タスク"),
    "product": lazy("商品"),
    "pay": lazy("支払"), "ship": lazy("配送"), "sku": "SKU", "phase": lazy("段階"), "held": lazy("保留"), "late": lazy("期限"),
    "unreported": lazy("反映"), "next_day": lazy("翌日配送"), "to_ship": lazy("出荷待ち"),
    "saved": lazy("保存した検索"), "condition": lazy("条件"),
}  # fmt: skip
_MODELS: dict[str, Any] = {
    "status": Status,
    "group": StatusGroup,
    "shop": Shop,
    "tag": Tag,
    "task": Task,
    "product": Product,
    "saved": SavedSearch,
}


def chips(asked: Asked, language: str) -> list[Chip]:
    """Return the filters in force. One statement for each kind of row named."""
    names = {name: _names(name, asked) for name in ROWS}
    found = []
    for name, value in asked.pairs:
        if name in ("from", "until"):
            continue
        said = _said(name, value, names, language)
        if said:
            found.append(Chip(label=str(_LABELS[name]), value=said, remove_url=asked.url(without=(name, value))))
    if asked.values("from") or asked.values("until"):
        since, until = next(iter(asked.values("from")), ""), next(iter(asked.values("until")), "")
        words = since if since == until else f"{since}〜{until}"
        found.append(Chip(label=_("注文日"), value=words.replace("-", "/"), remove_url=_without_days(asked)))
    if asked.q:
        found.append(Chip(label=_("検索"), value=_cut(asked.words), remove_url=asked.url(q="")))
    return found


def _cut(words: str) -> str:
    """Return the search as a chip says it: the beginning of a long list, a dash for one that is not kept any more."""
    return f"{words[:LONGEST_CHIP]}…" if len(words) > LONGEST_CHIP else words or "–"


def _without_days(asked: Asked) -> str:
    rest = replace(asked, pairs=tuple(pair for pair in asked.pairs if pair[0] not in ("from", "until")))
    return rest.url()


def _names(name: str, asked: Asked) -> dict[int, str]:
    ids = asked.ids(name)
    if not ids:
        return {}
    rows = _MODELS[name].objects.filter(pk__in=ids)
    if name == "task":
        return {row.pk: said(row.key, row.name) for row in rows}
    return {row.pk: getattr(row, "name", "") or str(row) for row in rows}


def _said(name: str, value: str, names: dict[str, dict[int, str]], language: str) -> str:
    if name in ROWS:
        return names[name].get(decode(value), "")
    if name in FLAGS:
        return {"held": _("保留中"), "late": _("過ぎている"), "unreported": _("未反映"), "next_day": _("あり")}[name]
    if name == "pay":
        return str(PAYMENT_METHODS.get(value, value))
    if name == "phase":
        return str(PHASES.get(value, value))
    if name == "to_ship":
        return _said_to_ship(value)
    return sentence(parse(_json(value)), language) if name == "condition" else value


def _said_to_ship(value: str) -> str:
    if value in ("all", "none"):
        return _("すべて") if value == "all" else _("倉庫が決まらない")
    return next(iter(Warehouse.objects.filter(pk=decode(value)).values_list("name", flat=True)), "")


def periods(visit: Visit) -> list[tuple[str, date, date]]:
    """Return the periods on offer, as (words, first day, last day)."""
    today = visit.now.astimezone(JAPAN).date()
    return [
        (_("今日"), today, today),
        (_("昨日"), today - timedelta(days=1), today - timedelta(days=1)),
        (_("7日間"), today - timedelta(days=6), today),
        (_("30日間"), today - timedelta(days=29), today),
        (_("今月"), today.replace(day=1), today),
    ]
