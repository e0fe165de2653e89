"""What orders add to 要確認エラー: shops that cannot be seen, payloads that cannot be read, parcels that a warehouse refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from hub.problems import advise, say
from hub.troubles import Act, Source, Trouble
from orders.models import MallReport, OrderNumber, Parcel, RejectedPayload, Shop
from orders.models.intake import NumberState
from orders.models.orders import ParcelState
from orders.views.words import report_cause

KEY_FAULTS = frozenset({"expired", "wrong_key", "foreign_orders"})
HOUSE_FAULTS = frozenset({"no_warehouse", "several_warehouses"})
NAMED_WITHIN = timedelta(minutes=10)


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
            acts=_blind_acts(shop),
        )
        for shop in shops[:limit]
    ]  # fmt: skip


def _blind_acts(shop: Shop) -> list[Act]:
    """Return what gives a shop its sight back: a new key where the mall refuses the old one, else the live test."""
    key = Act(
        words=_("鍵を入れ直す"), url=reverse("orders:shop_edit", args=[shop.pk]), method="get", right="keys.edit",
        primary=shop.blind_reason in KEY_FAULTS,
    )  # fmt: skip
    test = Act(words=_("接続を確かめる"), url=reverse("orders:shop_test", args=[shop.pk]), right="keys.edit")
    fetch = Act(words=_("いま取り込む"), url=reverse("orders:shop_fetch", args=[shop.pk]), right="settings.edit")
    see = Act(words=_("ショップを見る"), url=reverse("orders:shop", args=[shop.pk]), method="get", right="settings.see")
    return [key, test] if shop.blind_reason in KEY_FAULTS else [fetch, test, see]


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
            title=_("%(warehouse)s が出荷依頼を断りました")
            % {"warehouse": row.warehouse.name if row.warehouse else pgettext("one", "倉庫")},
            cause=" ".join(filter(None, (say(row.ship_fault), advise(row.ship_fault)))),
            since=row.state_at or now, url=reverse("orders:detail", args=[row.order_id]), icon="warehouse", tone="wait",
            order_id=row.order_id,
            acts=_refused_acts(row),
        )
        for row in rows[:limit]
    ]  # fmt: skip


def _refused_acts(row: Parcel) -> list[Act]:
    """Return the ways on of a refused parcel: mend it and ask again, or only take it back to a person."""
    page, reopen = reverse("orders:detail", args=[row.order_id]), reverse("orders:reopen", args=[row.pk])
    return [
        Act(words=_("届け先を直す"), url=reverse("orders:edit_address", args=[row.pk]), method="peek", right="orders.edit"),
        Act(words=_("もう一度依頼する"), url=reopen, value="again", primary=True, right="orders.edit",
            about=_("いまの内容で、新しい依頼番号で頼み直します。直すところがあれば、先に直してください。")),
        Act(words=_("依頼せずに戻す"), url=reopen, right="orders.edit",
            about=_("出荷前に戻します。出荷するときは、受注のページで依頼してください。")),
        Act(words=_("倉庫を変える"), url=f"{page}#warehouse", method="get", right="orders.edit", about=_("ほかの倉庫から出します。")),
        Act(words=_("受注をやめる"), url=f"{page}#verbs", method="get", right="orders.cancel", about=_("キャンセルのしかたを選びます。")),
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
            acts=_unrequested_acts(row),
        )
        for row in _unrequested().order_by("ship_wanted_at", "pk")[:limit]
    ]  # fmt: skip


def _unrequested_acts(row: Parcel) -> list[Act]:
    """Return what lets a request be made. It goes by itself within seconds, once its cause is gone."""
    page = reverse("orders:detail", args=[row.order_id])
    choose = Act(
        words=_("倉庫を選ぶ"), url=reverse("orders:choose_warehouse", args=[row.order_id]), method="peek", right="orders.edit",
        primary=row.ship_fault in HOUSE_FAULTS,
    )  # fmt: skip
    resume = Act(
        words=_("倉庫を再開する"), url=reverse("warehouses:list"), method="get", right="settings.edit", primary=True
    )
    record = Act(words=_("送り状番号を入れる"), url=f"{page}#tracking", method="get", right="orders.ship")
    unwant = Act(
        words=_("出荷の指示を取り消す"), url=reverse("orders:unwant", args=[row.order_id]), right="orders.edit",
        about=_("出荷の指示だけを取り消します。受注は残ります。"),
    )  # fmt: skip
    first = {"paused": [resume, choose], "not_ours_to_request": [record, choose]}.get(row.ship_fault, [choose])
    return [*first, unwant]


def _stuck(now: datetime) -> QuerySet[OrderNumber]:
    """Return numbers that a mall showed and whose details have not come for ten minutes (promise G1)."""
    return OrderNumber.objects.filter(
        state=NumberState.NAMED, named_at__lt=now - NAMED_WITHIN, shop__retired_at__isnull=True
    )


def _stuck_count(now: datetime) -> int:
    return _stuck(now).count()


def _stuck_rows(now: datetime, limit: int) -> list[Trouble]:
    return [
        Trouble(
            title=_("%(number)s の内容を受け取れていません") % {"number": row.number},
            cause=_("モールの一覧にはありますが、内容をまだ読めていません。%(n)s回試しました。自動で読み直しています。") % {"n": row.tries},
            since=row.named_at, url=reverse("orders:shop", args=[row.shop_id]), icon="download", tone="wait", shop_id=row.shop_id,
            acts=[Act(words=_("いま取り込む"), url=reverse("orders:shop_fetch", args=[row.shop_id]), right="settings.edit", primary=True)],
        )
        for row in _stuck(now).order_by("named_at", "pk")[:limit]
    ]  # fmt: skip


def _uncounted() -> QuerySet[MallReport]:
    """Return reports that went out and that the mall does not show as they are. Those it refused stand among the stopped effects."""
    open_ones = MallReport.objects.filter(counted_at__isnull=True, order__is_live=True)
    return open_ones.exclude(cause="").exclude(cause__gte="refused:", cause__lt="refused;")


def _uncounted_count(now: datetime) -> int:
    return _uncounted().count()


def _uncounted_rows(now: datetime, limit: int) -> list[Trouble]:
    return [
        Trouble(
            title=_("出荷がモールに反映されていません"), cause=report_cause(row.cause), since=row.created_at, icon="yen",
            url=reverse("orders:detail", args=[row.order_id]), order_id=row.order_id, yen=row.order.total_yen,
            acts=[
                Act(words=_("モールを見直す"), url=reverse("orders:read_again", args=[row.order_id]), right="orders.edit", primary=True),
                Act(words=_("送り状番号を直す"), url=f"{reverse('orders:detail', args=[row.order_id])}#tracking", method="get",
                    right="orders.ship", about=_("直すと、新しい番号でモールへ報告し直します。")),
            ],
        )
        for row in _uncounted().select_related("order").order_by("created_at", "pk")[:limit]
    ]  # fmt: skip


SOURCES = [
    Source(key="blind", words=gettext_lazy("見えないショップ"), count=_blind_count, rows=_blind),
    Source(key="rejected", words=gettext_lazy("読めない受注"), count=_rejected_count, rows=_rejected),
    Source(key="refused", words=gettext_lazy("断られた出荷依頼"), count=_refused_count, rows=_refused),
    Source(key="unrequested", words=gettext_lazy("出せない出荷依頼"), count=_unrequested_count, rows=_unrequested_rows),
    Source(key="stuck", words=gettext_lazy("内容の届かない受注"), count=_stuck_count, rows=_stuck_rows),
    Source(key="uncounted", words=gettext_lazy("反映されない出荷"), count=_uncounted_count, rows=_uncounted_rows),
]


def read_again(rejected: RejectedPayload, *, now: datetime) -> None:
    """Put a number that could not be understood back on the list of those to fetch."""
    OrderNumber.objects.filter(shop_id=rejected.shop_id, number=rejected.number).update(
        state=NumberState.NAMED, tries=0, named_at=now, error=""
    )
    Shop.objects.filter(pk=rejected.shop_id).update(next_poll_at=now)
