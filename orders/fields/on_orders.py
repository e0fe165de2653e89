"""Fields of the order's own row: number, steps, dates, buyer, remark, payment, amounts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.fields import choosing, labels
from orders.fields.base import (
    Field,
    Left,
    Test,
    day,
    days_since,
    flagged,
    instant,
    plain,
    present,
    text,
    total_of,
    words,
)  # fmt: skip
from orders.fields.kinds import Kind
from orders.models import Shop, Status


def _own(key: str, label: Any, subject: str, kind: Kind, q: Test, column: str = "", **more: Any) -> Field:
    """A field that is one column of the order."""
    column = column or key
    more.setdefault("value", lambda facts: getattr(facts.order, column))
    more.setdefault("reads", frozenset({column}))
    return Field(key=key, label=label, subject=subject, kind=kind, q=q, **more)


def _text(key: str, label: Any, subject: str, column: str = "", **more: Any) -> Field:
    return _own(key, label, subject, Kind.TEXT, text(column or key), column, empty=True, **more)


def _coded(key: str, label: Any, subject: str, codes: Any, column: str = "", **more: Any) -> Field:
    return _own(
        key,
        label,
        subject,
        Kind.CHOICE,
        plain(column or key),
        column,
        choices=choosing.coded(codes),
        closed=True,
        **more,
    )


def _named(key: str, label: Any, subject: str, choices: choosing.Choices, **more: Any) -> Field:
    """A text whose usual values can be picked; any other may be written."""
    return _own(key, label, subject, Kind.TEXT, text(key), choices=choices, empty=True, **more)


def _flag(key: str, label: Any, subject: str, **more: Any) -> Field:
    return _own(key, label, subject, Kind.FLAG, plain(key), **more)


def _yen(
    key: str, label: Any, column: str = "", *, nullable: bool = False, kind: Kind = Kind.YEN, **more: Any
) -> Field:
    column = column or key
    return _own(key, label, "payment", kind, plain(column, nullable=nullable), column, empty=nullable, **more)


def _day(key: str, label: Any, subject: str, **more: Any) -> Field:
    return _own(key, label, subject, Kind.DAY, day(key), empty=True, **more)


def _instant(key: str, label: Any, subject: str, *, nullable: bool = False, **more: Any) -> Field:
    return _own(key, label, subject, Kind.INSTANT, instant(key, nullable=nullable), empty=nullable, **more)


def _row(key: str, label: Any, choices: choosing.Choices, value: Any, q: Test, reads: set[str]) -> Field:
    return Field(
        key=key, label=label, subject="order", kind=Kind.ROW, q=q, choices=choices, value=value, reads=frozenset(reads)
    )  # fmt: skip


def _of_channel(op: str, value: Any, today: Any) -> Q:
    if op in ("is_not", "not_in"):
        return ~_of_channel({"is_not": "is", "not_in": "in"}[op], value, today)
    return Q(shop__in=Shop.objects.filter(channel__in=[value] if op == "is" else value).values("pk"))


def _of_group(op: str, value: Any, today: Any) -> Q:
    if op in ("is_not", "not_in"):
        return ~_of_group({"is_not": "is", "not_in": "in"}[op], value, today)
    return Q(status__in=Status.objects.filter(group__in=[value] if op == "is" else value).values("pk"))


def _unmapped(op: str, value: Any, today: Any) -> Q:
    if op in ("is_not", "not_in"):
        return ~_unmapped({"is_not": "is", "not_in": "in"}[op], value, today)
    each = {
        "none": Q(unmapped_lines=0),
        "some": Q(unmapped_lines__gt=0, unmapped_lines__lt=F("open_lines")),
        "all": Q(unmapped_lines__gt=0, unmapped_lines__gte=F("open_lines")),
    }
    return reduce(or_, (each[word] for word in ([value] if op == "is" else value)))


def _unmapped_word(facts: Any) -> str:
    order = facts.order
    if not order.unmapped_lines:
        return "none"
    return "some" if order.unmapped_lines < order.open_lines else "all"


_COUPONS: Left = total_of("coupon_shop_yen", "coupon_other_yen")

ORDER = (
    _text("number", _("受注番号"), "order", sort="number"),
    _row("shop", pgettext_lazy("one", "ショップ"), choosing.shops, lambda facts: facts.shop.name, plain("shop_id"), {"shop_id"}),
    Field(
        key="channel", label=_("モール"), subject="order", kind=Kind.CHOICE, q=_of_channel, choices=choosing.channels,
        value=lambda facts: facts.shop.channel, reads=frozenset({"shop_id"}),
    ),
    _row("status", _("状態"), choosing.statuses, lambda facts: facts.status.name, plain("status_id"), {"status_id"}),
    _row("status_group", _("状態グループ"), choosing.groups, lambda facts: facts.group.name, _of_group, {"status_id"}),
    _coded("phase", _("工程"), "order", labels.PHASES),
    _own("status_days", _("状態の経過日数"), "order", Kind.NUMBER, days_since("status_at"), "status_at"),
    _instant("placed_at", _("注文日時"), "order", sort="placed_at"),
    _instant("ready_at", _("待機の終わり"), "order"),
    _instant("taken_in_at", _("取込日時"), "order"),
    _coded("mall_state", _("モールの状態"), "order", labels.MALL_STATES),
    _text("mall_sub_status", _("モールのサブステータス"), "order"),
    _own("mall_block", _("モールの出荷不可理由"), "order", Kind.WORDS, words("mall_block"), choices=choosing.blocks, closed=True,
         value=lambda facts: facts.order.mall_block.split()),
    _text("order_kind", _("注文の種類"), "order"),
    _flag("gift", _("ギフト"), "order"),
    _text("remarks", _("備考（全文）"), "order"),
    _text("remark_left", _("備考"), "order"),
    _flag("remark_read", _("備考を確認済み"), "order"),
    _flag("ours", _("このシステムで扱う"), "order"),
    _text("confirm_state", _("注文確認"), "order"),
    _instant("confirmed_at", _("注文確認日時"), "order", nullable=True),
    _day("cancel_due_on", _("自動キャンセル日"), "order"),
    Field(
        key="deleted", label=_("取込から外した"), subject="order", kind=Kind.FLAG, q=present("deleted_at"),
        value=lambda facts: facts.order.deleted_at is not None, reads=frozenset({"deleted_at"}),
    ),
    _instant("erased_at", _("個人情報の消去日時"), "order", nullable=True),
)  # fmt: skip

BUYER = (
    _text("buyer_name", _("注文者名"), "buyer"),
    _text("buyer_kana", _("注文者カナ"), "buyer"),
    _text("buyer_phone", _("注文者の電話"), "buyer"),
    _text("buyer_email", _("注文者のメール"), "buyer"),
    _text("buyer_postal_code", _("注文者の郵便番号"), "buyer"),
    _named("buyer_prefecture", _("注文者の都道府県"), "buyer", choosing.prefectures),
    _text("buyer_city", _("注文者の市区町村"), "buyer"),
    _text("buyer_street", _("注文者の番地・建物"), "buyer"),
)

PAYMENT = (
    _coded("payment_method", _("支払方法"), "payment", labels.PAYMENT_METHODS),
    _named("payment_name", _("支払方法（モールの名前）"), "payment", choosing.payment_names),
    _coded("payment_state", _("入金"), "payment", labels.PAYMENT_STATES),
    _day("pay_due_on", _("支払期限"), "payment"),
    _yen("subtotal_yen", _("商品合計"), nullable=True),
    _yen("postage_yen", _("送料"), nullable=True),
    _yen("fee_yen", _("手数料"), nullable=True),
    _own("coupon_yen", _("クーポン"), "payment", Kind.YEN, plain(_COUPONS), reads=frozenset({"coupon_shop_yen", "coupon_other_yen"}),
         value=lambda facts: facts.order.coupon_shop_yen + facts.order.coupon_other_yen),
    _yen("points_yen", _("ポイント利用")),
    _yen("discount_yen", _("値引き")),
    _yen("total_yen", _("請求金額"), nullable=True, sort="total_yen"),
    _yen("sums_differ_yen", _("合計の差額")),
)  # fmt: skip

DELIVERY = (
    _named("delivery_method", _("配送方法"), "shipping", choosing.delivery_methods),
    _named("delivery_name", _("配送方法（モールの名前）"), "shipping", choosing.delivery_names),
    _flag("next_day", _("翌日配送"), "shipping"),
    _flag("island", _("離島"), "shipping"),
    _day("wish_on", _("お届け希望日"), "shipping"),
    _text("wish_time", _("お届け希望時間帯"), "shipping"),
    _instant("shipped_at", _("出荷日時"), "shipping", nullable=True),
    _flag("unreported", _("未反映"), "shipping"),
)

COUNTS = (
    _own("line_count", _("明細数"), "goods", Kind.NUMBER, plain("open_lines"), "open_lines"),
    Field(
        key="unmapped", label=_("未マッピング"), subject="goods", kind=Kind.CHOICE, q=_unmapped, closed=True,
        choices=choosing.coded(labels.UNMAPPED), value=_unmapped_word, reads=frozenset({"unmapped_lines", "open_lines"}),
    ),
    Field(
        key="address_doubt", label=_("住所が違う可能性"), subject="recipient", kind=Kind.FLAG, q=flagged(lambda: ~Q(address_doubt="")),
        value=lambda facts: bool(facts.order.address_doubt), reads=frozenset({"address_doubt"}),
    ),
    _text("memo", _("作業メモ"), "work"),
    _flag("held", _("保留中"), "work"),
)  # fmt: skip

FIELDS = (*ORDER, *PAYMENT, *BUYER, *DELIVERY, *COUNTS)
