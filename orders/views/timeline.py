"""The history of an order in words: who did what, before and after, day by day, with *undo* where a change can be set back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from hub.clock import JAPAN
from hub.ids import encode
from hub.problems import CATALOGUE, say
from hub.templatetags.hub_ui import listed, yen
from orders import carriers
from orders.addresses import DOUBTS
from orders.fields import FIELDS
from orders.fields.labels import FLAG, MALL_STATES, PARCEL_STATES, PAYMENT_METHODS, PAYMENT_STATES, PHASES
from orders.models import Status, Tag, Warehouse
from orders.operations.undo import UNDOABLE
from orders.queries import HistoryEntry
from orders.system_tasks import said_by_name

LONGEST = 200
KINDS = {"member": "member", "token": "member", "rule": "rule", "mall": "mall", "warehouse": "warehouse"}
ACTORS: Mapping[str, str | Promise] = {
    "mall": gettext_lazy("モール"), "warehouse": pgettext_lazy("one", "倉庫"), "system": gettext_lazy("自動処理"),
    "rule": gettext_lazy("ルール"),
    "token": gettext_lazy("API"), "member": gettext_lazy("メンバー"),
}  # fmt: skip
VERBS: Mapping[str, str] = {
    "order.taken_in": gettext_noop("から取り込みました"), "order.status": gettext_noop("が状態を変えました"),
    "order.memo": gettext_noop("がメモを書きました"),
    "order.delivery": gettext_noop("が配送を変えました"), "order.tag_added": gettext_noop("がラベル「%(name)s」を付けました"),
    "order.tag_removed": gettext_noop("がラベル「%(name)s」を外しました"), "order.held": gettext_noop("が「%(name)s」で出荷を止めました"),
    "order.released": gettext_noop("が「%(name)s」を解除しました"), "order.override": gettext_noop("が「%(name)s」を理由つきで通しました"),
    "order.remark_read": gettext_noop("が備考を読みました"), "order.warehouse": gettext_noop("が倉庫を「%(name)s」にしました"),
    "order.ruled": gettext_noop("が変えました"), "order.mall_changed": gettext_noop("で内容が変わりました"),
    "order.mapped": gettext_noop("が商品を結び付けました"),
    "order.counted": gettext_noop("で発送が反映されました"), "order.cancelled_at_mall": gettext_noop("でキャンセルになりました"),
    "order.let_go": gettext_noop("が、ここで扱わないことにしました"), "order.deleted": gettext_noop("が取込から外しました"),
    "order.taken_back": gettext_noop("が戻しました"), "order.taken_on": gettext_noop("が引き受けました"),
    "order.undone": gettext_noop("が元に戻しました"),
    "order.payment_named": gettext_noop("が支払方法の意味を決めました"),
    "order.delivery_named": gettext_noop("が配送方法の意味を決めました"),
    "order.island": gettext_noop("が離島と判定しました"), "order.waited": gettext_noop("が待機を終えました"),
    "parcel.edited": gettext_noop("が届け先を直しました"), "parcel.wanted": gettext_noop("が出荷を指示しました"),
    "parcel.unwanted": gettext_noop("が出荷の指示を取り消しました"),
    "parcel.requested": gettext_noop("が「%(warehouse)s」へ出荷を依頼しました"),
    "parcel.accepted": gettext_noop("が出荷依頼を受け付けました"), "parcel.shipped": gettext_noop("が出荷を記録しました"),
    "parcel.reopened": gettext_noop("がもう一度出せるようにしました"), "parcel.split": gettext_noop("が荷物を分けました"),
    "parcel.withdraw_asked": gettext_noop("が取下げを頼みました"), "parcel.withdrawal": gettext_noop("が取下げに答えました"),
    "parcel.withdraw_late": gettext_noop("の取下げの返事が遅れて届きました"),
    "parcel.request_given_up": gettext_noop("が、倉庫に届いていない依頼を取り消しました"),
    "parcel.withdraw_given_up": gettext_noop("が取下げを取り消し、倉庫に任せました"),
    "parcel.address_accepted": gettext_noop("が、この住所のままでよいとしました"),
    "parcel.ship_on": gettext_noop("が発送日を変えました"), "mall.confirmed": gettext_noop("へ注文確認を送り、受け付けられました"),
    "mall.reported": gettext_noop("へ出荷を報告しました"), "mall.cancel_asked": gettext_noop("へキャンセルを申し込みました"),
    "mail.queued": gettext_noop("が「%(name)s」を送ることにしました"), "mail.sent": gettext_noop("が「%(name)s」を送りました"),
    "mail.refused": gettext_noop("のメールは送れませんでした"), "effect.sent_again": gettext_noop("が送り直しました"),
    "effect.tried_now": gettext_noop("がすぐに送ることにしました"),
    "effect.looked_for": gettext_noop("が届いたかを確かめました"), "warehouse.asked": gettext_noop("が「%(name)s」に聞きました"),
    "order.read_again": gettext_noop("がモールから読み直しました"), "order.entered": gettext_noop("が登録しました"),
    "retention.erased": gettext_noop("が保存期間を過ぎた個人情報を消去しました"),
    "effect.marked_done": gettext_noop("が済みにしました"), "effect.dropped": gettext_noop("が送信をやめました"),
    "effect.released": gettext_noop("が送信を許しました"), "effect.taken_back": gettext_noop("が送信を取り消しました"),
}  # fmt: skip
OF_TASKS = frozenset({"order.held", "order.released", "order.override"})
LABELS: Mapping[str, str | Promise] = {
    "status_id": gettext_lazy("状態"), "warehouse": pgettext_lazy("one", "倉庫"), "carrier": gettext_lazy("運送会社"),
    "ship_on": gettext_lazy("発送日"),
    "numbers": gettext_lazy("送り状番号"), "shipped_on": gettext_lazy("出荷日"), "tags": gettext_lazy("ラベル"),
    "state": gettext_lazy("荷物"),
    "name": gettext_lazy("届け先の名前"), "kana": gettext_lazy("カナ"), "phone": gettext_lazy("電話"),
    "postal_code": gettext_lazy("郵便番号"),
    "prefecture": gettext_lazy("都道府県"), "city": gettext_lazy("市区町村"), "street": gettext_lazy("番地・建物"),
    "wish_time": gettext_lazy("希望時間帯"),
    "mall_state": gettext_lazy("モールの状態"), "unmapped_lines": gettext_lazy("未マッピング"),
}  # fmt: skip
HIDDEN = frozenset(
    {"phase", "status_at", "edited_fields", "task", "tag", "deleted_by_id", "deleted_at", "mall_fields", "snapshot_hash", "mall_code",
    "take", "reason", "proof",
     "parcel", "tags", "shipped_at", "unreported", "confirm_state", "judge_at", "mall_read_at", "reread_at",
     "mall_block", "open_lines", "tax", "coupons", "parcels", "wishes"}
)  # fmt: skip
PERSONAL = frozenset(
    {"name", "kana", "phone", "postal_code", "city", "street", "buyer_name", "buyer_kana", "buyer_phone", "buyer_email",
    "buyer_postal_code",
     "buyer_city", "buyer_street", "remarks", "remark_left"}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Change:
    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry as components/timeline.html asks for it."""

    at: datetime
    kind: str
    actor: str | Promise
    words: str
    changes: Sequence[Change] = field(default=())
    note: str = ""
    new: bool = False
    day: date | None = None
    url: str = ""
    undo_url: str = ""


def lines_of(
    entries: Sequence[HistoryEntry],
    *,
    channel: str,
    open_data: bool,
    may_change: bool,
    since: datetime | None = None,
    kind: str = "",
) -> list[Line]:
    """Return entries (the newest first) in words. What came after `since` is marked as new; `kind` keeps one sort of actor."""
    names = _Names(entries)
    found: list[Line] = []
    last: date | None = None
    for entry in entries:
        if kind and kind_of(entry) != kind:
            continue
        day = entry.at.astimezone(JAPAN).date()
        found.append(_line(entry, names, channel, open_data, may_change, since, day if day != last else None))
        last = day
    return found


def kind_of(entry: HistoryEntry) -> str:
    """Return whose doing an entry is, for its picture and the filter."""
    if entry.verb.startswith("mail."):
        return "mail"
    return "mall" if entry.verb.startswith("mall.") else KINDS.get(entry.actor_kind, "system")


def _line(
    entry: HistoryEntry,
    names: _Names,
    channel: str,
    open_data: bool,
    may_change: bool,
    since: datetime | None,
    day: date | None,
) -> Line:
    undoable = may_change and entry.verb in UNDOABLE
    return Line(
        at=entry.at, kind=kind_of(entry), actor=_actor(entry, channel), words=_words(entry), changes=_changes(entry, names, open_data),
        note=_note(entry, open_data), new=since is not None and entry.at > since, day=day,
        undo_url=f"{reverse('orders:undo')}?entry={encode(entry.pk)}" if undoable else "",
    )  # fmt: skip


def _actor(entry: HistoryEntry, channel: str) -> str | Promise:
    if rules := entry.params.get("rules"):
        return listed(
            _("ルール「%(name)s」(第%(version)s版)") % {"name": r["name"], "version": r["version"]} for r in rules
        )
    if entry.actor_kind == "mall" or entry.verb.startswith("mall."):
        return channel
    if entry.actor_kind == "rule":
        return ACTORS["rule"]
    return entry.actor_name or ACTORS.get(entry.actor_kind, entry.actor_kind)


def _words(entry: HistoryEntry) -> str:
    known = VERBS.get(entry.verb)
    if known is None:
        return entry.verb
    params = {key: value for key, value in entry.params.items() if isinstance(value, str | int)}
    if entry.verb in OF_TASKS:
        params["name"] = said_by_name(str(params.get("name", "–")))
    return _(known) % _Params(params)


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def _changes(entry: HistoryEntry, names: _Names, open_data: bool) -> list[Change]:
    found = []
    # What the mall sent is written whole; what it changed is what stood there before.
    keys = [*entry.before] if entry.verb == "order.mall_changed" else dict.fromkeys([*entry.before, *entry.after])
    for key in keys:
        before, after = entry.before.get(key), entry.after.get(key)
        if key in HIDDEN or before == after or (key in PERSONAL and not open_data):
            continue
        found.append(Change(label=label_of_column(key), before=names.said(key, before), after=names.said(key, after)))
    before_tags, after_tags = set(entry.before.get("tags") or ()), set(entry.after.get("tags") or ())
    if before_tags != after_tags:
        found.append(
            Change(
                label=LABELS["tags"],
                before=names.tags(before_tags - after_tags),
                after=names.tags(after_tags - before_tags),
            )
        )
    return found


def label_of_column(key: str) -> str | Promise:
    """Return what a column is called."""
    return LABELS.get(key) or (FIELDS[key].label if key in FIELDS else key)


def _note(entry: HistoryEntry, open_data: bool) -> str:
    params = entry.params
    said = []
    if reason := str(params.get("reason", "") or entry.after.get("reason", "")):
        said.append(say(reason, params) if reason in CATALOGUE else reason)
    if (answer := params.get("answer")) and entry.verb.startswith("parcel.withdraw"):
        words = {
            "agreed": _("取り下げました"),
            "needs_fee": _("料金がかかります"),
            "too_late": _("間に合いませんでした"),
        }
        said.append(words.get(str(answer), str(answer)))
    if fee := params.get("fee_yen"):
        said.append(_("取下げ料金 %(yen)s円") % {"yen": f"{fee:,}"})
    if reference := params.get("reference"):
        said.append(_("依頼番号 %(reference)s") % {"reference": reference})
    return " · ".join(said)


class _Names:
    """Names of rows that entries mention, each table read once."""

    def __init__(self, entries: Iterable[HistoryEntry]) -> None:
        columns = [side for entry in entries for side in (entry.before, entry.after)]
        self._status = _named(Status, {side["status_id"] for side in columns if side.get("status_id")})
        self._tags = _named(Tag, {tag for side in columns for tag in side.get("tags") or ()})
        self._houses = _named(
            Warehouse, {side["warehouse"] for side in columns if isinstance(side.get("warehouse"), int)}
        )

    def tags(self, ids: Iterable[int]) -> str:
        return listed(self._tags.get(pk, "–") for pk in sorted(ids))

    def said(self, key: str, value: Any) -> str:
        """Return a value in words."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return str(FLAG[value])
        speak = _SPEAK.get(key)
        if speak is not None:
            return str(speak(value))
        if key == "status_id":
            return self._status.get(value, "–")
        if key == "warehouse":
            return self._houses.get(value, "–")
        if key.endswith("_yen") and isinstance(value, int):
            return yen(value)
        return str(value)[:LONGEST]


def _named(model: type[Model], ids: set[Any]) -> dict[int, str]:
    rows = model.objects.filter(pk__in=ids) if ids else ()  # type: ignore[attr-defined]
    return {row.pk: row.name for row in rows}


def _numbers(value: Any) -> str:
    return listed(f"{carriers.said(carrier)} {number}".strip() for carrier, number in value)


_SPEAK: Mapping[str, Callable[[Any], Any]] = {
    "phase": lambda v: PHASES.get(v, v), "mall_state": lambda v: MALL_STATES.get(v, v), "state": lambda v: PARCEL_STATES.get(v, v),
    "payment_state": lambda v: PAYMENT_STATES.get(v, v), "payment_method": lambda v: PAYMENT_METHODS.get(v, v), "carrier": carriers.said,
    "numbers": _numbers, "address_doubt": lambda v: DOUBTS.get(v, v),
}  # fmt: skip
