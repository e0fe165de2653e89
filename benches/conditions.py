"""Fifty conditions, each as the product's tree and as SQL written by hand: the statement that the product's masks are compared with.

On the simulated mix a rule hits 5 % of the orders at the median, five hit more than 30 %, and every order is hit by some rule.

In the SQL `o` is the order, and `x` holds what lies beside it, gathered once an order: skus, names, units, several, prefectures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

Condition = dict[str, Any]
Pair = tuple[Condition, str]


def _t(field: str, op: str, value: Any = None, **more: Any) -> Condition:
    return {"field": field, "op": op, "value": value, **more}


def _all(*nodes: Condition) -> Condition:
    return {"all": list(nodes)}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _of_payments() -> list[Pair]:
    """Payment with a state, an amount or a remark: eight."""
    pairs: list[Pair] = []
    for method in ("card", "cod", "bank", "convenience", "wallet", "points"):
        pairs.append(
            (
                _all(_t("payment_method", "is", method), _t("total_yen", "gte", 3_000)),
                f"(o.payment_method = '{method}' AND coalesce(o.total_yen >= 3000, false))",
            )
        )
    pairs.append(
        (
            _all(_t("payment_state", "in", ["settled", "collect"]), _t("remark_left", "empty")),
            "(o.payment_state IN ('settled', 'collect') AND o.remark_left = '')",
        )
    )
    pairs.append(
        (
            _all(_t("payment_state", "is", "open"), _t("mall_state", "is", "new")),
            "(o.payment_state = 'open' AND o.mall_state = 'new')",
        )
    )
    return pairs


def _of_places() -> list[Pair]:
    """Prefecture of the buyer or of a recipient, islands: ten."""
    pairs: list[Pair] = [
        (
            _all(_t("buyer_prefecture", "is", place), _t("gift", "is", False)),
            f"(o.buyer_prefecture = {_text(place)} AND NOT o.gift)",
        )
        for place in ("東京都", "大阪府", "北海道", "沖縄県", "福岡県", "愛知県")
    ]
    for places in (["沖縄県", "鹿児島県"], ["北海道"], ["東京都", "神奈川県", "千葉県", "埼玉県"]):
        said = ", ".join(map(_text, places))
        pairs.append((_t("recipient_prefecture", "in", places), f"(x.prefectures && ARRAY[{said}])"))
    pairs.append(
        ({"any": [_t("island", "is", True), _t("several_destinations", "is", True)]}, "(o.island OR x.several)")
    )
    return pairs


def _of_totals() -> list[Pair]:
    """Ranges of the total of orders that are not paid by card: eight."""
    edges = [0, 2_000, 4_000, 6_000, 8_000, 10_000, 15_000, 20_000, 1_000_000]
    return [
        (
            _all(_t("total_yen", "between", [low, high - 1]), _t("payment_method", "is_not", "card")),
            f"(coalesce(o.total_yen BETWEEN {low} AND {high - 1}, false) AND o.payment_method <> 'card')",
        )
        for low, high in pairwise(edges)
    ]


def _of_goods(skus: list[str]) -> list[Pair]:
    """Lists of SKUs, names and quantities: sixteen."""
    pairs: list[Pair] = []
    for place in range(10):
        wanted = skus[place * 3 : place * 3 + 3]
        pairs.append((_t("line_sku", "in", wanted), f"(x.skus && ARRAY[{', '.join(map(_text, wanted))}])"))
    for word in ("タオル", "セット", "茶"):
        pairs.append((_t("line_name", "contains", word), f"(x.names LIKE {_text('%%' + word + '%%')})"))
    pairs.append((_t("quantity_total", "gte", 4), "(x.units >= 4)"))
    pairs.append((_all(_t("line_count", "is", 1), _t("quantity_total", "is", 1)), "(o.open_lines = 1 AND x.units = 1)"))
    pairs.append((_t("line_quantity", "gte", 2, of="every"), "(x.least >= 2)"))
    return pairs


def _of_work() -> list[Pair]:
    """Flags, mapping, dates, names and points: eight."""
    return [
        (_t("unmapped", "is_not", "none"), "(o.unmapped_lines > 0)"),
        (
            _all(_t("remark_left", "not_empty"), _t("remark_read", "is", False)),
            "(o.remark_left <> '' AND NOT o.remark_read)",
        ),
        (_t("address_doubt", "is", True), "(o.address_doubt <> '')"),
        (_t("wish_on", "not_empty"), "(o.wish_on IS NOT NULL)"),
        (
            _all(_t("wish_on", "gte", {"days_ahead": 3}), _t("gift", "is", False)),
            "(coalesce(o.wish_on >= %(today)s::date + 3, false) AND NOT o.gift)",
        ),
        (_t("points_yen", "gt", 0), "(o.points_yen > 0)"),
        (_t("coupon_yen", "gt", 0), "(o.coupon_shop_yen + o.coupon_other_yen > 0)"),
        (
            {
                "not": {
                    "any": [_t("gift", "is", True), _t("remark_left", "not_empty"), _t("unmapped", "is_not", "none")]
                }
            },
            "(NOT (o.gift OR o.remark_left <> '' OR o.unmapped_lines > 0))",
        ),
    ]


def fifty(skus: list[str]) -> list[Pair]:
    """Return the conditions; `skus` are numbers of goods that occur."""
    found = [*_of_payments(), *_of_places(), *_of_totals(), *_of_goods(skus), *_of_work()]
    assert len(found) == 50, len(found)
    return found


BESIDE = """CROSS JOIN LATERAL (
    SELECT array_agg(l.sku) AS skus, string_agg(l.name, E'\\n') AS names, coalesce(sum(l.quantity), 0) AS units, min(l.quantity) AS least,
        array_agg(p.prefecture) AS prefectures, count(DISTINCT (p.name, p.postal_code, p.prefecture, p.city, p.street)) > 1 AS several
    FROM orders_orderline l JOIN orders_parcel p ON p.tenant_id = l.tenant_id AND p.id = l.parcel_id
    WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND l.closed_at IS NULL) x"""


def bitmask(pairs: list[Pair]) -> str:
    """Return the statement that answers all conditions of many orders as one number each."""
    bits = " | ".join(f"CASE WHEN {text} THEN {1 << place}::bigint ELSE 0 END" for place, (_, text) in enumerate(pairs))
    return f"SELECT o.id, {bits} FROM orders_order o {BESIDE} WHERE o.tenant_id = %(tenant)s AND o.id = ANY(%(ids)s)"
