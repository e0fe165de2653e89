"""What a rule can do: one table. An action is folded in memory over the orders it hits; the pass writes once per order.

Adding an action is one entry here: its label, the parameters it takes, what it writes (for strata), and `fold`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from automation.folding import Folded
from mailer.models import MailTemplate
from orders.carriers import CARRIERS
from orders.models import Status, Tag, Warehouse
from orders.models.statuses import PHASE_ORDER, Phase


class BadAction(ValueError):
    """An action does not parse: `code` says why (unknown, missing, gone), `params` which."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, kw_only=True)
class Action:
    """`params`: name → kind (status, tag, warehouse, template, text, delivery, carrier). `writes`: order columns or parts it may
    change, in the words of `orders.conditions.reads`."""

    key: str
    label: Promise
    params: Mapping[str, str] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    fold: Callable[[Folded, Mapping[str, Any], bool], None]


def _set_status(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    status: Status = params["status"]
    phase = Phase(status.group.phase)
    now_in = Phase(folded.phase)
    if status.id == folded.status_id or PHASE_ORDER[phase] < PHASE_ORDER[now_in]:
        return
    if now_in in (Phase.SHIPPED, Phase.DONE, Phase.CANCELLED) or phase in (
        Phase.SHIPPING,
        Phase.SHIPPED,
        Phase.CANCELLED,
    ):
        return
    if phase is Phase.READY and "payment" in folded.mall_block.split():
        return
    folded.status_id, folded.phase = status.id, phase.value


def _add_tag(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.tags.add(params["tag"].id)


def _remove_tag(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.tags.discard(params["tag"].id)


def _set_delivery(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    if over_edits or "delivery_method" not in folded.edited_fields:
        folded.delivery_method, folded.carrier = params["method"], params.get("carrier", "")


def _choose_warehouse(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.warehouse_id = params["warehouse"].id


def _want_shipment(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.wanted = True


def _send_mail(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.mails.append(params["template"])


def _add_memo(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    if params["text"] not in folded.memo.splitlines():
        folded.memo = f"{folded.memo}\n{params['text']}".strip()


def _stop(folded: Folded, params: Mapping[str, Any], over_edits: bool) -> None:
    folded.stopped = True


ACTIONS: Mapping[str, Action] = {
    action.key: action
    for action in (
        Action(key="set_status", label=_("状態を変える"), params={"status": "status"}, fold=_set_status,
               writes=frozenset({"status_id", "phase", "status_at"})),
        Action(key="add_tag", label=_("ラベルを付ける"), params={"tag": "tag"}, fold=_add_tag, writes=frozenset({"tags"})),
        Action(key="remove_tag", label=_("ラベルを外す"), params={"tag": "tag"}, fold=_remove_tag, writes=frozenset({"tags"})),
        Action(key="set_delivery", label=_("配送方法を決める"), params={"method": "delivery", "carrier": "carrier"}, fold=_set_delivery,
               writes=frozenset({"delivery_method", "parcels.carrier", "parcels.delivery_method"})),
        Action(key="choose_warehouse", label=_("倉庫を選ぶ"), params={"warehouse": "warehouse"}, fold=_choose_warehouse,
               writes=frozenset({"parcels.warehouse_id"})),
        Action(key="want_shipment", label=_("出荷依頼する"), fold=_want_shipment,
               writes=frozenset({"parcels.ship_wanted_at"})),
        Action(key="send_mail", label=_("メールを送る"), params={"template": "template"}, fold=_send_mail),
        Action(key="add_memo", label=_("メモを足す"), params={"text": "text"}, fold=_add_memo, writes=frozenset({"memo"})),
        Action(key="stop", label=_("このグループの残りのルールを止める"), fold=_stop),
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bound:
    """An action with its rows loaded."""

    action: Action
    params: Mapping[str, Any]


class Shelf:
    """The rows that actions may name, loaded once for a rulebook."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Any]] = {
            "status": {s.pk: s for s in Status.objects.filter(retired_at__isnull=True).select_related("group")},
            "tag": {t.pk: t for t in Tag.objects.filter(retired_at__isnull=True)},
            "warehouse": {w.pk: w for w in Warehouse.objects.filter(retired_at__isnull=True)},
            "template": {m.pk: m for m in MailTemplate.objects.filter(retired_at__isnull=True)},
        }

    def bind(self, data: Any) -> Bound:
        """Check one stored action `{"do": key, ...}` and load what it names. Raises BadAction."""
        action = ACTIONS.get(str(data.get("do"))) if isinstance(data, dict) else None
        if action is None:
            named = data.get("do", "") if isinstance(data, dict) else data
            raise BadAction("unknown_action", action=str(named)[:100])
        params: dict[str, Any] = {}
        for name, kind in action.params.items():
            value = data.get(name)
            if kind in self.rows:
                if not isinstance(value, int) or value not in self.rows[kind]:
                    raise BadAction("gone", action=action.key, name=name)
                params[name] = self.rows[kind][value]
            elif value is None and kind == "carrier":
                params[name] = ""
            elif not isinstance(value, str) or (not value and kind == "text"):
                raise BadAction("missing", action=action.key, name=name)
            elif kind == "carrier" and value and value not in CARRIERS:
                raise BadAction("gone", action=action.key, name=name)
            else:
                params[name] = value
        return Bound(action=action, params=params)
