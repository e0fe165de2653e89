"""One order as its page shows it: parcels, amounts, the mall's own fields, and why it is here with the buttons that free it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub.ids import encode
from hub.templatetags.hub_ui import short_day, yen
from hub.web import Visit
from orders import addresses, carriers
from orders.channels import Ability, can, channel_class
from orders.explaining import Act, Hold, Why
from orders.explaining.holds import detail_of
from orders.fields import OrderFacts
from orders.fields.labels import CONFIRM_STATES, MALL_STATES, PARCEL_STATES, PAYMENT_METHODS, PAYMENT_STATES
from orders.intake.rows import CARRIER_AT_MALL
from orders.models import AT_MALL, MallReport, OrderLine, Parcel
from orders.operations.edits import FREE
from orders.system_tasks import said
from orders.views.addresses import proposals
from orders.views.withdrawing import cost_words
from orders.views.words import (
    PARCEL_TONES,
    PAYMENT_TONES,
    delivery_words,
    masked,
    masked_name,
    masked_phone,
    report_cause,
)

FOLDED_AFTER = 5
REMARKS_SHOWN = 20_000
ACT_RIGHTS = {
    "take_back": "orders.delete", "edit_address": "orders.edit", "map": "products.edit", "want_shipment": "orders.edit",
    "release": "orders.edit",
    "unwant_shipment": "orders.edit", "withdraw": "orders.cancel", "record": "orders.ship", "print": "orders.ship",
    "see_effect": "orders.see",
    "shop": "settings.see", "read_again": "orders.edit", "read": "orders.edit", "keep": "orders.edit", "reopen": "orders.edit",
    "override": "orders.override", "choose_warehouse": "orders.edit", "mall_words": "settings.edit",
}  # fmt: skip

DIALOGS = {"withdraw": "verbs", "record": "tracking", "override": "override", "choose_warehouse": "warehouse"}
"""Acts that open a dialog of the page."""
ADDRESSES = {
    "edit_address": ("orders:edit_address", "on", "peek"), "map": ("orders:listings", "", "get"),
    "mall_words": ("orders:mall_words", "", "get"),
    "print": ("orders:packing_slip", "order", "get"), "see_effect": ("hub:effect", "on", "get"), "shop": ("orders:shop", "on", "get"),
    "reopen": ("orders:reopen", "on", "post"), "take_back": ("orders:take_back", "order", "post"),
    "want_shipment": ("orders:want", "order", "post"),
    "unwant_shipment": ("orders:unwant", "order", "post"), "read_again": ("orders:read_again", "order", "post"),
    "read": ("orders:remark_read", "order", "post"),
}  # fmt: skip
"""Act → page, whose id it takes (the order's, or what the act is on), and how it is asked."""


class Showing:
    """An order in the words of one reader. Names and addresses are masked for those who may not see them."""

    def __init__(self, facts: OrderFacts, visit: Visit) -> None:
        self.facts, self.order, self.visit = facts, facts.order, visit
        self.open = visit.may("addresses.see")

    # The order itself.

    def head(self) -> SimpleNamespace:
        """Return `order` as the templates ask for it."""
        order, facts = self.order, self.facts
        return SimpleNamespace(
            pk=order.pk, number=order.number, shop=facts.shop, status=facts.status, revision=order.revision, placed_at=order.placed_at,
            phase=order.phase, payment_words=order.payment_name or PAYMENT_METHODS.get(order.payment_method, ""),
            payment_state_words=PAYMENT_STATES.get(order.payment_state, order.payment_state),
            payment_tone=PAYMENT_TONES.get(order.payment_state, "closed"),
            delivery_words=delivery_words(order.delivery_method, order.delivery_name),
            next_day=(facts.shop.next_day_name or _("翌日配送")) if order.next_day else "", gift=order.gift, island=order.island,
            remarks=self.text(order.remarks[:REMARKS_SHOWN]), remarks_cut=len(order.remarks) > REMARKS_SHOWN, remark_left=order.remark_left,
            remark_read=order.remark_read, memo=order.memo, **self.buyer(), subtotal_yen=order.subtotal_yen, postage_yen=order.postage_yen,
            fee_yen=order.fee_yen, points_yen=order.points_yen, discount_yen=order.discount_yen, total_yen=order.total_yen,
            sums_differ_yen=order.sums_differ_yen, pay_due_on=order.pay_due_on, unreported=order.unreported,
            cancel_due_on=order.cancel_due_on if order.mall_state == "new" else None, deleted_at=order.deleted_at,
            erased_at=order.erased_at, mall_state_words=MALL_STATES.get(order.mall_state, order.mall_state), mall_url="",
        )  # fmt: skip

    def buyer(self) -> dict[str, str]:
        order, hide = self.order, not self.open
        return {
            "buyer_name": masked_name(order.buyer_name) if hide else order.buyer_name,
            "buyer_kana": masked(order.buyer_kana) if hide else order.buyer_kana,
            "buyer_postal_code": masked(order.buyer_postal_code) if hide else order.buyer_postal_code,
            "buyer_prefecture": order.buyer_prefecture,
            "buyer_city": masked(order.buyer_city) if hide else order.buyer_city, "buyer_street": "" if hide else order.buyer_street,
            "buyer_phone": masked_phone(order.buyer_phone) if hide else order.buyer_phone,
            "buyer_email": masked(order.buyer_email) if hide else order.buyer_email,
        }  # fmt: skip

    def text(self, text: str) -> str:
        """Return what a stranger wrote, or nothing of it to those who see no personal data."""
        return text if self.open else masked(text)

    def money(self) -> dict[str, Any]:
        """Return coupons, wrappings and taxes."""
        payers = {
            "shop": _("クーポン(店負担)"),
            "maker": _("クーポン(メーカー負担)"),
            "mall": _("クーポン(モール負担)"),
        }
        extra = self.order.mall_fields
        wrappings = [
            extra[key]
            for key in ("wrapping_1", "wrapping_2")
            if isinstance(extra.get(key), Mapping) and not extra[key].get("deleted")
        ]
        return {
            "coupons": [
                SimpleNamespace(payer_words=payers.get(c["payer"], c["payer"]), name=c.get("name", ""), yen=c["yen"])
                for c in self.order.coupons
            ],
            "wrappings": [
                SimpleNamespace(words=row.get("name") or _("ラッピング"), yen=row.get("price_yen")) for row in wrappings
            ],
            "tax": [
                SimpleNamespace(rate=row["percent"], base_yen=row["base_yen"], tax_yen=row["tax_yen"])
                for row in self.order.tax
            ],
        }

    def mall_facts(self) -> list[SimpleNamespace]:
        """Return every further field of the mall, in groups, in the mall's words."""
        order, facts = self.order, self.facts
        own = [
            (_("モールの状態"), str(MALL_STATES.get(order.mall_state, order.mall_state))), (_("モールの状態コード"), order.mall_code),
            (_("サブステータス"), order.mall_sub_status), (_("注文種別"), self._kind()), (_("支払方法(モール)"), order.payment_name),
            (_("配送方法(モール)"), order.delivery_name),
            (_("注文確認"), str(CONFIRM_STATES.get(order.confirm_state, order.confirm_state))),
            (_("注文確認日時"), _instant(order.confirmed_at)), (_("支払期限"), _day(order.pay_due_on)),
            (_("自動キャンセル日"), _day(order.cancel_due_on)),
            (_("届け日の希望"), " ".join(filter(None, (_day(order.wish_on), order.wish_time)))),
        ]  # fmt: skip
        groups = [
            SimpleNamespace(
                title=_("注文"),
                facts=[_fact(label, value) for label, value in own] + self._described(order.mall_fields),
            )
        ]
        for parcel in facts.parcels:
            title = _("荷物 %(n)s") % {"n": parcel.position}
            amounts = [
                (_("送付先ID"), parcel.mall_parcel_key), (_("送料"), _yen(parcel.postage_yen)), (_("手数料"), _yen(parcel.fee_yen)),
                (_("商品"), _yen(parcel.goods_yen)), (_("合計"), _yen(parcel.total_yen)),
            ]  # fmt: skip
            rows = (
                [_fact(label, value) for label, value in amounts]
                + self._described(
                    {key: value for key, value in parcel.mall_fields.items() if key not in (AT_MALL, CARRIER_AT_MALL)}
                )
                + self._described(parcel.pick_up)
            )
            groups.append(SimpleNamespace(title=title, facts=rows))
        for line in facts.lines:
            rows = [_fact(_("明細ID"), line.mall_line_key), _fact(_("単価(登録)"), _yen(line.unit_price_yen)),
                    _fact(_("単価(税込)"), _yen(line.unit_price_incl_yen)), _fact(_("税率"), f"{line.tax_percent}%")]  # fmt: skip
            groups.append(SimpleNamespace(title=line.name, facts=rows + self._described(line.mall_fields)))
        return groups

    def _kind(self) -> str:
        kinds = {
            "normal": _("通常"),
            "subscription": _("定期"),
            "party": _("頒布会"),
            "pre_order": _("予約"),
            "pre": _("予約"),
        }
        return kinds.get(self.order.order_kind, self.order.order_kind)

    def _described(self, extra: Mapping[str, Any]) -> list[SimpleNamespace]:
        if not extra:
            return []
        describe = (
            getattr(channel_class(self.facts.shop.channel), "describe", None)
            if self.facts.shop.channel in settings.CHANNELS
            else None
        )
        if describe is None:
            return [_fact(str(key), str(value)) for key, value in extra.items()]
        hide = not self.open
        rows = describe(extra, get_language() or "ja")
        return [
            _fact("　" * depth + label, masked(text) if hide and "@" in text else text) for depth, label, text in rows
        ]

    # Parcels.

    def parcels(self, requests: Mapping[int, Any]) -> list[SimpleNamespace]:
        """Return the parcels as cards; `requests` is what warehouses know of each."""
        count = len(self.facts.parcels)
        return [self._parcel(parcel, count, requests.get(parcel.pk)) for parcel in self.facts.parcels]

    def _parcel(self, parcel: Parcel, count: int, request: Any) -> SimpleNamespace:
        tracking = [row for row in self.facts.tracking if row.parcel_id == parcel.pk]
        reports = [row for row in self.facts.reports if row.parcel_id == parcel.pk and row.cause != "replaced"]
        doubtful = parcel.address_doubt if not parcel.address_accepted and parcel.state in FREE else ""
        hide = not self.open
        return SimpleNamespace(
            pk=parcel.pk, position=parcel.position, count=count, state_words=PARCEL_STATES.get(parcel.state, parcel.state),
            state_tone="moving" if parcel.state == "draft" and parcel.ship_wanted_at else PARCEL_TONES.get(parcel.state, "closed"),
            name=masked_name(parcel.name) if hide else parcel.name, kana="" if hide else parcel.kana,
            phone=masked_phone(parcel.phone) if hide else parcel.phone,
            postal_code=masked(parcel.postal_code) if hide else parcel.postal_code,
            prefecture=parcel.prefecture, city=masked(parcel.city) if hide else parcel.city, street="" if hide else parcel.street,
            wish_on=parcel.wish_on, wish_time=parcel.wish_time,
            delivery_words=delivery_words(parcel.delivery_method, self.order.delivery_name),
            carrier_words=carriers.said(parcel.carrier), drop_off=parcel.drop_off, noshi=parcel.noshi,
            pick_up_words=_pick_up(parcel.pick_up),
            warehouse=parcel.warehouse.name if parcel.warehouse else _("倉庫は未定") if parcel.state in FREE else "",
            warehouse_note=getattr(request, "note", ""),
            ship_on=parcel.ship_on, withdraw_words=cost_words(parcel),
            shared_with=[], shared_ids=[other for pk, other in self.facts.shared_with if pk == parcel.pk],
            steps=list(getattr(request, "steps", ())), lines=[self._line(line) for line in self.facts.lines if line.parcel_id == parcel.pk],
            tracking=[
                SimpleNamespace(carrier_words=carriers.said(row.carrier), number=row.number, shipped_on=row.shipped_on,
                                url=carriers.tracking_page(row.carrier, row.number))
                for row in tracking
            ],
            elsewhere=_elsewhere(parcel, {row.number for row in tracking}),
            proof=_proof(reports[-1], self.order.total_yen) if reports else None,
            may_edit=self.visit.may("orders.edit") and parcel.state in FREE and self.order.deleted_at is None and parcel.erased_at is None,
            erased=parcel.erased_at is not None,
            edit_url=reverse("orders:edit_address", args=[parcel.pk]),
            address_warning=str(addresses.DOUBTS.get(doubtful, doubtful)) if doubtful else "",
            proposals=proposals(parcel) if doubtful and self.open and self.visit.may("orders.edit") else [],
        )  # fmt: skip

    def _line(self, line: OrderLine) -> SimpleNamespace:
        return SimpleNamespace(
            name=line.name, sku=line.sku,
            options=" / ".join(filter(None, (line.options, line.mall_fields.get("variation", "")))).replace("\n", " "),
            quantity=line.quantity, unit_price_yen=line.unit_price_yen, tax_percent=line.tax_percent, product=line.product, gift_words="",
            ships=self._ships(line),
            unmapped=line.product_id is None, listing_url=_listing_url(line), picture_url="", closed=line.closed_at is not None,
        )  # fmt: skip

    def _ships(self, line: OrderLine) -> str:
        """Return who will ship the line, while its parcel does not say so yet: whoever keeps the product, else the shop's warehouse."""
        if line.parcel.warehouse_id is not None:
            return ""
        house = (line.product.warehouse if line.product else None) or self.facts.shop.warehouse
        return house.name if house else ""

    # Why it is here.

    def why(self, why: Why) -> SimpleNamespace:
        """Return the reason with its buttons: only those this person may press."""
        acts = [found for act in why.acts if self.order.erased_at is None and (found := self._act(act)) is not None]
        return SimpleNamespace(
            tone=why.tone, because=why.because(), then=why.then(), actions=acts, holds=[self._hold(hold) for hold in why.holds],
            overridable=[hold for hold in why.holds if hold.override and hold.task_id],
        )  # fmt: skip

    def _hold(self, hold: Hold) -> SimpleNamespace:
        act = self._act(hold.act) if hold.act and self.order.erased_at is None else None
        detail = hold.detail if self.open or not hold.detail.startswith("「") else ""
        return SimpleNamespace(
            words=hold.words, detail=detail, next=hold.next if hold.next != hold.detail else "",
            tone=hold.tone, action_words=act.words if act else "", action_url=act.url if act else "",
        )  # fmt: skip

    def _act(self, act: Act) -> SimpleNamespace | None:
        if not self.visit.may(ACT_RIGHTS[act.code]):
            return None
        url, method = self._address(act)
        return SimpleNamespace(words=act.words(), url=url, method=method, primary=act.primary, value="")

    def _address(self, act: Act) -> tuple[str, str]:
        """Return where an act leads and how: post, get, open (a dialog of the page) or peek (the side panel)."""
        if act.code in DIALOGS:
            return DIALOGS[act.code], "open"
        if act.code in ("release", "keep"):
            return f"{reverse('orders:release', args=[self.order.pk])}?task={encode(act.on or 0)}", "post"
        name, of, how = ADDRESSES[act.code]
        args = [self.order.pk if of == "order" else act.on] if of else []
        return reverse(name, args=args), how


def tasks_of(facts: OrderFacts) -> list[SimpleNamespace]:
    """Return the open marks that do not hold."""
    return [
        SimpleNamespace(
            pk=mark.task_id, name=said(mark.task.key, mark.task.name),
            what_to_do=said(mark.task.key, mark.task.what_to_do), holds=False, reason=detail_of(mark, facts),
            opened_at=mark.opened_at,
            system=bool(mark.task.key), close_url=f"{reverse('orders:release', args=[facts.order.pk])}?task={encode(mark.task_id)}",
        )
        for mark in facts.marks if not mark.task.holds
    ]  # fmt: skip


def verbs_of(facts: OrderFacts, visit: Visit) -> list[SimpleNamespace]:
    """Return the ways out that are open now, with the difference said."""
    order = facts.order
    if order.deleted_at is not None or order.erased_at is not None:
        return []
    busy = any(p.state in ("requested", "accepted", "working") for p in facts.parcels)
    started = any(p.state not in ("draft", "cancelled") for p in facts.parcels)
    open_ = order.phase in ("intake", "payment", "ready", "shipping")
    found = []

    def verb(key: str, icon: str, words: str, difference: str, *, cost: str = "", danger: bool = False) -> None:
        found.append(SimpleNamespace(key=key, icon=icon, words=words, difference=difference, cost=cost, danger=danger))

    if busy and visit.may("orders.cancel"):
        cost = " ".join(dict.fromkeys(filter(None, map(cost_words, facts.parcels))))
        told = _("料金がかかるときは、いったん取り下げずに知らせます。")
        verb("withdraw", "undo", _("出荷依頼を取り下げる"),
        _("倉庫に止めてもらいます。受注は残り、保留になります。モールには伝わりません。"),
             cost=f"{cost} {told}")  # fmt: skip
        verb(
            "withdraw_fee",
            "undo",
            _("料金がかかっても取り下げる"),
            _("取下げ料金がかかる段階でも、取り下げを頼みます。"),
            cost=cost,
            danger=True,
        )
    if open_ and not busy and visit.may("orders.cancel"):
        verb(
            "not_here",
            "door",
            _("ここで扱わない"),
            _(
                "このハブだけで終わりにします。モールへは何も伝わりません。ほかのシステムで出荷するときに。番号はまた使えます。"
            ),
        )
        at_mall = order.mall_state not in ("none", "cancelled", "cancelling") and order.ours
        if at_mall and can(facts.shop.channel, Ability.CANCEL):
            verb(
                "cancel_at_mall",
                "ban",
                _("モールでもキャンセル"),
                _("モールへキャンセルを申し込み、受け付けられたら終わります。お客様に通知されます。元に戻せません。"),
                danger=True,
            )
    if not started and visit.may("orders.delete"):
        verb(
            "delete",
            "trash",
            _("取込から外す"),
            _(
                "一覧から消え、モールを読み直しても戻りません。「取込から外した受注」から30日間は戻せます。モールには伝わりません。"
            ),
            danger=True,
        )
    return found


def _proof(report: MallReport, yen: int | None) -> SimpleNamespace:
    return SimpleNamespace(
        sent_at=report.sent_at,
        seen_at=report.seen_at,
        counted_at=report.counted_at,
        cause=report_cause(report.cause),
        held_yen=yen,
    )


def _elsewhere(parcel: Parcel, ours: set[str]) -> list[SimpleNamespace]:
    """Return the shipping rows that stand at the mall and are not ours: another system wrote them."""
    return [
        SimpleNamespace(
            carrier_words=carriers.said(row["carrier"]), number=row["number"],
            url=carriers.tracking_page(row["carrier"], row["number"]),
            shipped_on=date.fromisoformat(row["shipped_on"]) if row["shipped_on"] else None,
        )
        for row in parcel.mall_fields.get(AT_MALL, ()) if row["number"] not in ours
    ]  # fmt: skip


def _pick_up(shop: Mapping[str, Any]) -> str:
    if not shop:
        return ""
    place = " ".join(
        filter(
            None, (shop.get("store_name") or shop.get("chain"), shop.get("prefecture", "") + shop.get("address", ""))
        )
    )
    hours = f"{shop.get('opens_at', '')}〜{shop.get('closes_at', '')}" if shop.get("opens_at") else ""
    return " ".join(filter(None, (place, hours)))


def _listing_url(line: OrderLine) -> str:
    return f"{reverse('orders:listings')}?q={line.listing.key}" if line.listing else reverse("orders:listings")


def _fact(label: str, value: Any) -> SimpleNamespace:
    return SimpleNamespace(label=label, value=value)


def _yen(value: int | None) -> str:
    return "" if value is None else yen(value)


def _day(value: Any) -> str:
    return short_day(value) if value else ""


def _instant(value: datetime | None) -> str:
    from django.utils.timezone import localtime

    return f"{localtime(value):%Y/%m/%d %H:%M}" if value else ""
