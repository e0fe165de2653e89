"""What may be picked as the value of a field: the tenant's own rows, the program's codes, and names in use at the malls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext

from orders.blocks import BLOCKS
from orders.carriers import CARRIERS
from orders.fields.base import Choice
from orders.models import DeliveryName, Listing, PaymentName, Product, Shop, Status, StatusGroup, Tag, Task, Warehouse
from orders.system_tasks import said

Choices = Callable[[], Sequence[Choice]]
OFFERED = 500
"""Lists that can be long (products, listings) offer this many; a page searches for the rest."""


def coded(labels: Mapping[str, str | Promise]) -> Choices:
    """Offer the program's own codes."""
    return lambda: [Choice(value=code, label=label) for code, label in labels.items()]


def blocks() -> Sequence[Choice]:
    return [Choice(value=block.code, label=block.label) for block in BLOCKS.values()]


def carriers() -> Sequence[Choice]:
    return [Choice(value=carrier.code, label=carrier.words) for carrier in CARRIERS.values()]


def channels() -> Sequence[Choice]:
    return [Choice(value=key, label=gettext(plug.label)) for key, plug in settings.CHANNELS.items()]


def _rows(model: type[Any], *order: str, coloured: bool = False) -> Choices:
    def offered() -> Sequence[Choice]:
        rows = model.objects.filter(retired_at__isnull=True).order_by(*order, "pk")[:OFFERED]
        return [Choice(value=row.pk, label=str(row), colour=row.colour if coloured else "") for row in rows]

    return offered


shops = _rows(Shop, "position", coloured=True)
groups = _rows(StatusGroup, "position")
tags = _rows(Tag, "position", coloured=True)
warehouses = _rows(Warehouse, "position")
products = _rows(Product, "sku")


def statuses() -> Sequence[Choice]:
    rows = (
        Status.objects.filter(retired_at__isnull=True)
        .select_related("group")
        .order_by("group__position", "position", "pk")
    )
    return [Choice(value=row.pk, label=row.name, colour=row.colour) for row in rows]


def tasks() -> Sequence[Choice]:
    rows = Task.objects.filter(retired_at__isnull=True).order_by("position", "pk")[:OFFERED]
    return [Choice(value=row.pk, label=said(row.key, row.name), colour=row.colour) for row in rows]


def listings() -> Sequence[Choice]:
    return [Choice(value=row.pk, label=row.name or row.key) for row in Listing.objects.order_by("-pk")[:OFFERED]]


def payment_names() -> Sequence[Choice]:
    return [
        Choice(value=name, label=name)
        for name in PaymentName.objects.order_by("name").values_list("name", flat=True).distinct()
    ]


def delivery_names() -> Sequence[Choice]:
    return [
        Choice(value=name, label=name)
        for name in DeliveryName.objects.order_by("name").values_list("name", flat=True).distinct()
    ]


def delivery_methods() -> Sequence[Choice]:
    found = DeliveryName.objects.exclude(method="").order_by("method").values_list("method", flat=True).distinct()
    return [Choice(value=method, label=method) for method in found]


PREFECTURES = (  # noqa: SIM905  (one text reads better than 47 quoted names)
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 "
    "山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 "
    "香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県"
).split()


def prefectures() -> Sequence[Choice]:
    return [Choice(value=name, label=name) for name in PREFECTURES]
