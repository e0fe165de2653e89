"""Fields of what lies beside the order: recipients, lines, parcels, tracking numbers, labels and tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.fields import choosing, labels
from orders.fields.base import (
    LINES,
    PARCELS,
    TAGS,
    TASKS,
    TRACKING,
    Beside,
    Field,
    Source,
    Test,
    day,
    flagged,
    open_lines,
    plain,
    present,
    text,
)  # fmt: skip
from orders.fields.facts import OrderFacts
from orders.fields.kinds import Kind

_PLACE = ("postal_code", "prefecture", "city", "street")


def _once(values: Iterable[Any]) -> list[Any]:
    return [value for value in dict.fromkeys(values) if value not in (None, "")]


def _beside(
    key: str, label: Any, subject: str, kind: Kind, source: Source, q: Test, attribute: str, **more: Any
) -> Field:
    """A field of the open lines, of the parcels they lie in, or of their tracking numbers; its value lists each once."""
    rows = {"lines": "lines", "parcels": "parcels", "tracking": "tracking"}[source.key]
    more.setdefault("value", lambda facts: _once(getattr(row, attribute) for row in getattr(facts, rows)))
    more.setdefault("reads", frozenset({f"{rows}.{attribute}", f"{rows}"}))
    return Field(key=key, label=label, subject=subject, kind=kind, source=source, q=q, costly=True, **more)


def _line_text(key: str, label: Any, column: str, **more: Any) -> Field:
    return _beside(key, label, "goods", Kind.TEXT, LINES, text(column), column, empty=True, **more)


def _parcel_text(key: str, label: Any, column: str, subject: str = "recipient", **more: Any) -> Field:
    return _beside(key, label, subject, Kind.TEXT, PARCELS, text(f"parcel__{column}"), column, empty=True, **more)


def _counted(source: Source, aggregate: Aggregate) -> Callable[[Beside], Test]:
    """Compare a number counted over all rows, 0 where there are none."""

    def whole(beside: Beside) -> Test:
        number = IntegerField()
        return plain(Coalesce(beside.over(source, aggregate, number), 0, output_field=number))

    return whole


def _goes_to_buyer() -> Q:
    same = {f"parcel__{column}": OuterRef(f"buyer_{column}") for column in ("name", *_PLACE)}
    return Q(Exists(open_lines())) & ~Q(Exists(open_lines().exclude(**same)))


def _is_buyer(facts: OrderFacts) -> bool:
    buyer = tuple(getattr(facts.order, f"buyer_{column}") for column in ("name", *_PLACE))
    return bool(facts.parcels) and all(tuple(getattr(p, c) for c in ("name", *_PLACE)) == buyer for p in facts.parcels)


def _several_destinations(beside: Beside) -> Test:
    """Say whether the least of the destinations, each said in one text, is not the greatest."""
    line_end = Value("\n", output_field=TextField())
    parts = [part for column in ("name", *_PLACE) for part in (F(f"parcel__{column}"), line_end)]
    said = Func(*parts, template="(%(expressions)s)", arg_joiner=" || ", output_field=TextField())
    least, most = (
        Coalesce(beside.over(PARCELS, end(said), TextField()), Value(""), output_field=TextField())
        for end in (Min, Max)
    )
    return flagged(lambda: ~Q(Exact(least, most)))


def _destinations(facts: OrderFacts) -> bool:
    return len({tuple(getattr(p, c) for c in ("name", *_PLACE)) for p in facts.parcels}) > 1


def _parcel_flag(key: str, label: Any, subject: str, asked: Any, value: Any, reads: set[str]) -> Field:
    return Field(
        key=key, label=label, subject=subject, kind=Kind.FLAG, q=flagged(asked), value=value, reads=frozenset(reads), costly=True
    )  # fmt: skip


_ADDRESS_READS = {"lines", "parcels", *(f"parcels.{column}" for column in ("name", *_PLACE))}

RECIPIENT = (
    _parcel_text("recipient_name", _("届け先名"), "name"),
    _parcel_text("recipient_kana", _("届け先カナ"), "kana"),
    _parcel_text("recipient_phone", _("届け先の電話"), "phone"),
    _parcel_text("recipient_postal_code", _("届け先の郵便番号"), "postal_code"),
    _parcel_text("recipient_prefecture", _("届け先の都道府県"), "prefecture", choices=choosing.prefectures),
    _parcel_text("recipient_city", _("届け先の市区町村"), "city"),
    _parcel_text("recipient_street", _("届け先の番地・建物"), "street"),
    _parcel_flag("recipient_is_buyer", _("届け先が注文者と同じ"), "recipient", _goes_to_buyer, _is_buyer,
                 _ADDRESS_READS | {f"buyer_{column}" for column in ("name", *_PLACE)}),
    Field(
        key="several_destinations", label=_("届け先が複数"), subject="recipient", kind=Kind.FLAG, whole=_several_destinations, costly=True,
        value=_destinations, reads=frozenset(_ADDRESS_READS),
    ),
)  # fmt: skip

GOODS = (
    _line_text("line_sku", _("商品番号（SKU）"), "sku"),
    _line_text("line_name", _("商品名"), "name"),
    _line_text("line_options", _("商品の選択肢"), "options"),
    _beside("line_product", _("商品"), "goods", Kind.ROW, LINES, plain("product_id", nullable=True), "product_id",
            empty=True, choices=choosing.products,
            value=lambda facts: _once(line.product.sku for line in facts.lines if line.product)),
    _beside("line_listing", _("出品"), "goods", Kind.ROW, LINES, plain("listing_id", nullable=True), "listing_id",
            empty=True, choices=choosing.listings,
            value=lambda facts: _once(line.listing.key for line in facts.lines if line.listing)),
    _beside("line_quantity", _("明細の数量"), "goods", Kind.NUMBER, LINES, plain("quantity"), "quantity"),
    _beside("line_price_yen", _("単価"), "goods", Kind.YEN, LINES, plain("unit_price_yen", nullable=True), "unit_price_yen", empty=True),
    _beside("line_tax_percent", _("税率（％）"), "goods", Kind.NUMBER, LINES, plain("tax_percent"), "tax_percent"),
    Field(
        key="quantity_total", label=_("商品の合計数量"), subject="goods", kind=Kind.NUMBER, costly=True,
        whole=_counted(LINES, Sum("quantity")),
        value=lambda facts: sum(line.quantity for line in facts.lines), reads=frozenset({"lines", "lines.quantity"}),
    ),
)  # fmt: skip

SHIPPING = (
    _beside("warehouse", pgettext_lazy("one", "倉庫"), "shipping", Kind.ROW, PARCELS, plain("parcel__warehouse_id", nullable=True),
            "warehouse_id",
            empty=True, choices=choosing.warehouses,
            value=lambda facts: _once(parcel.warehouse.name for parcel in facts.parcels if parcel.warehouse)),
    _parcel_text("carrier", _("運送会社"), "carrier", "shipping", choices=choosing.carriers),
    _beside("parcel_state", _("荷物の状態"), "shipping", Kind.CHOICE, PARCELS, plain("parcel__state"), "state",
            choices=choosing.coded(labels.PARCEL_STATES), closed=True),
    _beside("ship_on", _("出荷予定日"), "shipping", Kind.DAY, PARCELS, day("parcel__ship_on"), "ship_on", empty=True),
    _beside("ship_wanted", _("出荷依頼を希望"), "shipping", Kind.FLAG, PARCELS, present("parcel__ship_wanted_at"), "ship_wanted_at",
            value=lambda facts: any(parcel.ship_wanted_at for parcel in facts.parcels)),
    _parcel_text("noshi", _("のし"), "noshi", "shipping"),
    _parcel_text("drop_off", _("置き配"), "drop_off", "shipping"),
    Field(
        key="parcel_count", label=_("荷物の数"), subject="shipping", kind=Kind.NUMBER, costly=True,
        whole=_counted(PARCELS, Count("parcel", distinct=True)),
        value=lambda facts: len(facts.parcels), reads=frozenset({"lines", "parcels"}),
    ),
    _beside("tracking_number", _("送り状番号"), "shipping", Kind.TEXT, TRACKING, text("number"), "number"),
    _beside("tracking_carrier", _("送り状の運送会社"), "shipping", Kind.TEXT, TRACKING, text("carrier"), "carrier",
            choices=choosing.carriers),
    _beside("shipped_on", _("発送日"), "shipping", Kind.DAY, TRACKING, day("shipped_on", nullable=False), "shipped_on"),
)  # fmt: skip


WORK = (
    Field(
        key="tags", label=_("ラベル"), subject="work", kind=Kind.ROWS, source=TAGS, q=plain("tag"), choices=choosing.tags, costly=True,
        value=lambda facts: [tag.name for tag in facts.tags], reads=frozenset({"tags"}),
    ),
    Field(
        key="tasks", label=_("開いているタスク"), subject="work", kind=Kind.ROWS, source=TASKS, q=plain("task"), costly=True,
        choices=choosing.tasks, value=lambda facts: [mark.task.name for mark in facts.marks], reads=frozenset({"tasks"}),
    ),
)  # fmt: skip

FIELDS = (*RECIPIENT, *GOODS, *SHIPPING, *WORK)
