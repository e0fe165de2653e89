"""What may be done about mail: queue one for each order of a set, let held ones go, stop a template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef

from hub import stages
from hub.audit import Actor, note
from hub.clock import true_now
from hub.current import current_tenant
from hub.effects.late import let_go
from hub.effects.queue import Wish, enqueue_all, lanes
from hub.models import Effect, EffectState
from mailer import composing, gate
from mailer.accounts import accounts_of
from mailer.models import MailAccount, MailTemplate, Message
from mailer.occasions import OCCASIONS
from orders.models import Order, OrderLine, Shop
from orders.models.orders import ParcelState
from orders.models.shops import ShopMode
from orders.operations import door
from orders.operations.door import Changed
from orders.operations.holds import open_mark, system_task
from orders.operations.shops import OBSERVING, keep_observing


@dataclass(frozen=True, kw_only=True)
class _Mail:
    """One mail about to be written."""

    order: Order
    account: MailAccount
    occasion: str


def queue_message(
    order_ids: Iterable[int],
    *,
    template: MailTemplate,
    occasion: str,
    by: Actor,
    now: datetime,
    batch_id: int | None = None,
    manual: bool = False,
    asked_now: bool = False,
    hold_seconds: float = 0.0,
) -> Changed:
    """Decide one mail for each order: content frozen, row and effect written, history entered; nothing is sent here.

    Once for each (order, template, occasion): a second time changes nothing. `manual`: a person sends it (again), so the occasion
    gets a running number and the flood gate stays open. Refused, order by order: not_ours, deleted, cancelled (but by hand),
    not_shipped for the shipped mail, no_address, bad_address, no_account, template_stopped. `asked_now`: a person asks for it and is
    told what it came to, so it is not too old and opens no task; `hold_seconds`: how long it may be taken back.
    """
    orders = _locked(order_ids)
    outcome = Changed()
    if refusal := _refusal_of(template):
        for order in orders:
            outcome.refuse(order.pk, refusal, template=template.name)
        return outcome
    accounts = accounts_of({order.shop_id for order in orders})
    unshipped = _with_unshipped(orders) if OCCASIONS[template.occasion].shipped and not manual else set()
    wanted = []
    for order in orders:
        if code := _refusal(order, accounts.get(order.shop_id), order.pk in unshipped, manual=manual):
            outcome.refuse(order.pk, code, template=template.name)
        elif template.shop_id is not None and template.shop_id != order.shop_id:
            outcome.refuse(order.pk, "other_shop", template=template.name)
        else:
            wanted.append(order)
    if not manual and not asked_now:
        _tell_unreachable(outcome, template, by=by, now=now, batch_id=batch_id)
    numbers = _running_numbers(wanted, template) if manual else {}
    mails = [
        _Mail(
            order=order,
            account=accounts[order.shop_id],
            occasion=f"manual:{numbers.get(order.pk, 0) + 1}" if manual else occasion,
        )
        for order in wanted
    ]
    known = set() if manual else _known(mails, template)
    fresh = [mail for mail in mails if mail.order.pk not in known]
    outcome.unchanged += sorted(known)
    outcome.changed = _write(
        fresh,
        template,
        by=by,
        now=now,
        batch_id=batch_id,
        manual=manual,
        asked_now=asked_now,
        hold_seconds=hold_seconds,
    )
    return outcome


def _tell_unreachable(
    outcome: Changed, template: MailTemplate, *, by: Actor, now: datetime, batch_id: int | None
) -> None:
    """A buyer whom no mail can reach is a person's matter; nobody else would notice."""
    for code in ("no_address", "bad_address"):
        ids = [issue.order_id for issue in outcome.issues if issue.reason == code]
        if ids:
            open_mark(ids, task=system_task("mail_needed"), by=by, now=now, reason=code, detail={"template": template.name},
                      batch_id=batch_id)  # fmt: skip


def _locked(order_ids: Iterable[int]) -> list[Order]:
    orders = door.lock(order_ids)
    shops = Shop.objects.in_bulk({order.shop_id for order in orders})
    for order in orders:
        order.shop = shops[order.shop_id]
    return orders


def _refusal_of(template: MailTemplate) -> str:
    if template.retired_at is not None:
        return "template_retired"
    return "template_stopped" if template.stopped_at is not None or not template.enabled else ""


def _refusal(order: Order, account: MailAccount | None, unshipped: bool, *, manual: bool) -> str:
    if order.erased_at is not None:
        return "erased"
    if order.deleted_at is not None:
        return "deleted"
    if not order.ours:
        return "not_ours"
    if not manual and is_cancelled(order):
        return "cancelled"
    if unshipped:
        return "not_shipped"
    if account is None:
        return "no_account"
    if not order.buyer_email.strip():
        return "no_address"
    return "" if composing.is_address(order.buyer_email.strip()) else "bad_address"


def is_cancelled(order: Order) -> bool:
    """Say whether the order is over for the buyer, here or at the mall."""
    return order.phase == "cancelled" or order.mall_state == "cancelled"


def _with_unshipped(orders: Sequence[Order]) -> set[int]:
    """Return the orders of which something has not left yet: their buyers are told when all numbers are known."""
    waiting = (
        OrderLine.objects.filter(order=OuterRef("pk"), closed_at__isnull=True, quantity__gt=0)
        .exclude(parcel__state__in=[ParcelState.SHIPPED, ParcelState.RETURNED])
    )  # fmt: skip
    ids = [order.pk for order in orders]
    open_ones = Order.objects.filter(pk__in=ids).filter(Exists(waiting)).values_list("pk", flat=True)
    return {*open_ones, *(order.pk for order in orders if order.shipped_at is None)}


def _running_numbers(orders: Sequence[Order], template: MailTemplate) -> Mapping[int, int]:
    rows = Message.objects.filter(order__in=orders, template=template, by_hand=True)
    return dict(rows.values("order_id").annotate(n=Count("pk")).values_list("order_id", "n"))


def _known(mails: Sequence[_Mail], template: MailTemplate) -> set[int]:
    """Return the orders whose mail of this template and occasion was decided before."""
    keys = {key_of(mail.order.pk, template.pk, mail.occasion): mail.order.pk for mail in mails}
    return {keys[key] for key in Effect.objects.filter(key__in=list(keys)).values_list("key", flat=True)}


def key_of(order_id: int, template_id: int, occasion: str) -> str:
    """Return the effect key that decides a mail once for ever."""
    return f"mail:{order_id}:{template_id}:{occasion}"


def _write(
    mails: Sequence[_Mail],
    template: MailTemplate,
    *,
    by: Actor,
    now: datetime,
    batch_id: int | None,
    manual: bool,
    asked_now: bool,
    hold_seconds: float,
) -> list[int]:
    if not mails:
        return []
    held = {} if manual else _holds(mails, template, now=now)
    values = composing.values_of([mail.order for mail in mails])
    effects = enqueue_all(
        [
            Wish(
                kind="mail.send", lane=f"mail:{mail.account.pk}", key=key_of(mail.order.pk, template.pk, mail.occasion),
                payload={"order": mail.order.pk, "number": mail.order.number, "template": template.pk, "occasion": mail.occasion},
                order_id=mail.order.pk, shop_id=mail.order.shop_id, hold_reason=held.get(mail.order.shop_id, ""),
                hold_seconds=hold_seconds,
            )
            for mail in mails
        ],
        now=now,
    )  # fmt: skip
    by_order = {mail.order.pk: mail for mail in mails}
    messages, written = [], []
    for effect in effects:
        assert effect.order_id is not None
        mail = by_order[effect.order_id]
        written.append(effect.order_id)
        letter = composing.compose(template, mail.account, mail.order, values[mail.order.pk])
        messages.append(
            Message(
                order=mail.order, shop_id=mail.order.shop_id, template=template, account=mail.account, occasion=mail.occasion,
                recipient=letter.recipient, sender=letter.sender, subject=letter.subject, body=letter.body,
                message_id=letter.message_id, effect_id=effect.pk, by_hand=manual, queued_at=now,
                occurred_at=now if manual or asked_now else occurred_at(template, mail.order, now=now),
            )
        )  # fmt: skip
    Message.objects.bulk_create(messages)
    for hold in {"", *held.values()}:
        ids = [order_id for order_id in written if held.get(by_order[order_id].order.shop_id, "") == hold]
        door.note(ids, verb="mail.queued", by=by, now=now, batch_id=batch_id, template=template.pk, name=template.name,
                  occasion="manual" if manual else mails[0].occasion, hold=hold)  # fmt: skip
    return written


def _holds(mails: Sequence[_Mail], template: MailTemplate, *, now: datetime) -> dict[int, str]:
    """Return why the new mails of a shop must wait: its shop only observes again, or the flood gate shuts."""
    by_shop: dict[int, list[Order]] = defaultdict(list)
    for mail in mails:
        by_shop[mail.order.shop_id].append(mail.order)
    observed = [shop_id for shop_id, orders in by_shop.items() if orders[0].shop.mode == ShopMode.OBSERVE]
    observing, held = keep_observing(observed, wait=False), {}
    for shop_id, orders in by_shop.items():
        if shop_id in observing:
            held[shop_id] = OBSERVING
        elif gate.is_flood(template, shop_id, now=now, order_ids=[order.pk for order in orders]):
            held[shop_id] = gate.FLOOD
            gate.shut(template_id=template.pk, shop_id=shop_id)
    return held


def occurred_at(template: MailTemplate, order: Order, *, now: datetime) -> datetime:
    """Return when the occasion of a mail came about; a mail older than six hours is not sent any more."""
    return OCCASIONS[template.occasion].came_about(order, now)


def release_flood(template: MailTemplate, shop: Shop, *, by: Actor, now: datetime) -> int:
    """Let the mails go that the flood gate holds for this template and shop; return how many. Each is checked again when sent."""
    held = Effect.objects.filter(kind="mail.send", state=EffectState.WAITING, hold_reason=gate.FLOOD)
    messages = Message.objects.filter(template=template, shop=shop, effect_id__in=held.values("pk"))
    ids = list(messages.values_list("effect_id", flat=True))
    names = set(Effect.objects.filter(pk__in=ids).values_list("lane", flat=True))
    Message.objects.filter(effect_id__in=ids).update(released_at=now)
    released = let_go(held.filter(pk__in=ids))
    note("mail.released", by=by, now=now, template=template.pk, name=template.name, shop=shop.pk, count=released)
    for lane_id in lanes(names):
        stages.kick("deliver", current_tenant(), lane_id)
    return released


def drop_flood(template: MailTemplate, shop: Shop, *, by: Actor, now: datetime) -> int:
    """Give the held mails of this template and shop up; return how many. They are never sent."""
    held = Effect.objects.filter(kind="mail.send", state=EffectState.WAITING, hold_reason=gate.FLOOD)
    ids = list(
        Message.objects.filter(template=template, shop=shop, effect_id__in=held.values("pk")).values_list(
            "effect_id", flat=True
        )
    )
    dropped = held.filter(pk__in=ids).update(
        state=EffectState.DROPPED, reason="dropped_by_hand", hold_reason="", settled_at=true_now()
    )
    note("mail.dropped", by=by, now=now, template=template.pk, name=template.name, shop=shop.pk, count=dropped)
    return dropped


def stop_template(template: MailTemplate, *, by: Actor, now: datetime) -> None:
    """Stop a template: nothing new is queued, and what waits is dropped when its turn comes."""
    MailTemplate.objects.filter(pk=template.pk, stopped_at__isnull=True).update(stopped_at=now)
    note("mail.template_stopped", by=by, now=now, template=template.pk, name=template.name)


def start_template(template: MailTemplate, *, by: Actor, now: datetime) -> None:
    """Use a stopped template again."""
    MailTemplate.objects.filter(pk=template.pk).update(stopped_at=None)
    note("mail.template_started", by=by, now=now, template=template.pk, name=template.name)
