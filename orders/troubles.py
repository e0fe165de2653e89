"""What orders add to 要確認エラー: shops that cannot be seen, payloads that cannot be read, parcels that a warehouse refused."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.problems import advise, say
from hub.troubles import Act, Source, Trouble
from orders.models import OrderNumber, Parcel, RejectedPayload, Shop
from orders.models.intake import NumberState
from orders.models.orders import ParcelState


def _blind_count(now: datetime) -> int:
    return Shop.objects.filter(blind_since__isnull=False, retired_at__isnull=True).count()


def _blind(now: datetime, limit: int) -> list[Trouble]:
    shops = (
        Shop.objects.filter(blind_since__isnull=False, retired_at__isnull=True)
        .defer("credentials", "covered")
        .order_by("blind_since")
    )
    return [
        Trouble(
            title=_("%(shop)s の注文が見えていません") % {"shop": shop.name}, cause=f"{say(shop.blind_reason)} {advise(shop.blind_reason)}",
            since=shop.blind_since, url=reverse("orders:shop", args=[shop.pk]), icon="plug-off", shop_id=shop.pk,
            acts=[Act(words=_("いま取り込む"), url=reverse("orders:shop_fetch", args=[shop.pk]))],
        )
        for shop in shops[:limit]
    ]  # fmt: skip


def _rejected_count(now: datetime) -> int:
    return RejectedPayload.objects.filter(solved_at__isnull=True).count()


def _rejected(now: datetime, limit: int) -> list[Trouble]:
    rows = RejectedPayload.objects.filter(solved_at__isnull=True).defer("body").order_by("first_at", "pk")[:limit]
    return [
        Trouble(
            title=_("読めない受注 %(number)s") % {"number": row.number}, cause=say(row.reason, {"path": row.path, **row.params}),
            since=row.first_at, url=reverse("orders:rejected", args=[row.pk]), icon="file", shop_id=row.shop_id,
            acts=[Act(words=_("もう一度読む"), url=reverse("orders:rejected", args=[row.pk]), value="again")],
        )
        for row in rows
    ]  # fmt: skip


def _refused_count(now: datetime) -> int:
    return Parcel.objects.filter(state=ParcelState.CANNOT_SHIP, closed_at__isnull=True).count()


def _refused(now: datetime, limit: int) -> list[Trouble]:
    rows = (
        Parcel.objects.filter(state=ParcelState.CANNOT_SHIP, closed_at__isnull=True)
        .select_related("warehouse")
        .order_by("state_at", "pk")
    )
    return [
        Trouble(
            title=_("%(warehouse)s が出荷依頼を断りました") % {"warehouse": row.warehouse.name if row.warehouse else _("倉庫")},
            cause=" ".join(filter(None, (say(row.ship_fault), advise(row.ship_fault)))),
            since=row.state_at or now, url=reverse("orders:detail", args=[row.order_id]), icon="warehouse", tone="wait",
            order_id=row.order_id,
            acts=[Act(words=_("もう一度出せるようにする"), url=reverse("orders:reopen", args=[row.pk]))],
        )
        for row in rows[:limit]
    ]  # fmt: skip


def _unrequested() -> QuerySet[Parcel]:
    """Return parcels that are to leave and for which no request can be made, as no warehouse or no carrier fits."""
    return Parcel.objects.filter(
        state=ParcelState.DRAFT, ship_wanted_at__isnull=False, closed_at__isnull=True, order__is_open=True
    ).exclude(ship_fault="")


def _unrequested_count(now: datetime) -> int:
    return _unrequested().count()


def _unrequested_rows(now: datetime, limit: int) -> list[Trouble]:
    return [
        Trouble(
            title=_("出荷依頼を出せません"), cause=" ".join(filter(None, (say(row.ship_fault), advise(row.ship_fault)))),
            since=row.ship_wanted_at or now, url=reverse("orders:detail", args=[row.order_id]), icon="warehouse", order_id=row.order_id,
        )
        for row in _unrequested().order_by("ship_wanted_at", "pk")[:limit]
    ]  # fmt: skip


SOURCES = [
    Source(key="blind", words=gettext_lazy("見えないショップ"), count=_blind_count, rows=_blind),
    Source(key="rejected", words=gettext_lazy("読めない受注"), count=_rejected_count, rows=_rejected),
    Source(key="refused", words=gettext_lazy("断られた出荷依頼"), count=_refused_count, rows=_refused),
    Source(key="unrequested", words=gettext_lazy("出せない出荷依頼"), count=_unrequested_count, rows=_unrequested_rows),
]


def read_again(rejected: RejectedPayload, *, now: datetime) -> None:
    """Put a number that could not be understood back on the list of those to fetch."""
    OrderNumber.objects.filter(shop_id=rejected.shop_id, number=rejected.number).update(
        state=NumberState.NAMED, tries=0, named_at=now, error=""
    )
    Shop.objects.filter(pk=rejected.shop_id).update(next_poll_at=now)
