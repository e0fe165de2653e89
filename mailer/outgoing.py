"""Effect handler of mail: asked again whether it is still right, handed to the account's server, and never sent twice.

Nobody can be asked whether a mail went: silence after the final dot stops it for a person, unless its template says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Self

from hub.audit import SYSTEM
from hub.clock import JAPAN
from hub.effects import Delivery, Handler, NotDone, Outcome, Receipt, Refused, Unsure
from hub.effects.handlers import HOLD
from hub.http import LineFailure, refuse_late
from hub.models import Effect
from mailer import gate
from mailer.accounts import server_of
from mailer.composing import is_address
from mailer.models import MailAccount, Message
from mailer.occasions import OCCASIONS
from mailer.operations import is_cancelled
from mailer.smtp import Conversation, Failed, Server
from orders.models import TaskMark
from orders.models.shops import ShopMode
from orders.operations import door
from orders.operations.holds import close_mark, open_mark, system_task
from orders.operations.shops import OBSERVING, keep_observing

OLDEST = timedelta(hours=6)
TOO_OLD = "mail_too_old"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What the calls of one claim need: the server of each account, and each effect's frozen mail."""

    servers: Mapping[int, Server]
    messages: Mapping[int, Message]
    again: frozenset[int]


class SendMail(Handler):
    kind = "mail.send"
    batch_size = 50
    call_size = 1
    function = "smtp"
    can_look = False

    def quiet_seconds(self) -> float:
        return 0.0

    def prepare(self, effects: Sequence[Effect]) -> Prepared:
        rows = Message.objects.filter(effect_id__in=[effect.pk for effect in effects]).select_related(
            "template", "order"
        )
        messages = {row.effect_id: row for row in rows}
        accounts = MailAccount.objects.filter(pk__in={row.account_id for row in messages.values()})
        again = frozenset(pk for pk, row in messages.items() if row.template.again_if_unsure)
        return Prepared(servers={row.pk: server_of(row) for row in accounts}, messages=messages, again=again)

    def reasons(self, effects: Sequence[Effect], now: datetime) -> Mapping[int, str]:
        """Ask of all mails of a claim at once: is it still right, does the gate let it pass, is it not too old."""
        rows = Message.objects.filter(effect_id__in=[effect.pk for effect in effects]).select_related(
            "order", "template", "shop"
        )
        messages = {row.effect_id: row for row in rows}
        observed = {message.shop_id for message in messages.values() if message.shop.mode == ShopMode.OBSERVE}
        observing = keep_observing(observed)
        newer = _overtaken(messages.values())
        shut = _Gates(now)
        reasons = {}
        for effect in effects:
            if (message := messages.get(effect.pk)) is None:
                reasons[effect.pk] = "content_gone"
                continue
            known = {"overtaken": message.pk in newer, "observing": message.shop_id in observing}
            reasons[effect.pk] = _reason(message, **known, gates=shut, now=now)
        late = [messages[pk].order_id for pk, reason in reasons.items() if reason == TOO_OLD]
        if late:  # all that are locked for what keeps them are locked together: one order of locks
            door.lock(
                [messages[pk].order_id for pk, reason in reasons.items() if reason and pk in messages], "revision"
            )
        open_mark(late, task=system_task("mail_needed"), by=SYSTEM, now=now, reason=TOO_OLD)
        return reasons

    def perform(self, delivery: Delivery, prepared: Prepared, effects: Sequence[Effect]) -> Mapping[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        with _Line() as line:
            for effect in effects:
                delivery.keep_alive()
                message = prepared.messages.get(effect.pk)
                if message is None:
                    outcomes[effect.pk] = Refused(reason="content_gone")
                    continue
                outcome = NotDone(reason="line_down") if line.down else line.carry(delivery, prepared, message)
                if isinstance(outcome, Unsure) and effect.pk in prepared.again:
                    outcome = NotDone(reason="again_if_unsure", detail=outcome.detail, line=False)
                delivery.settle(effect.pk, outcome)
        return outcomes

    def settle(self, effect: Effect, receipt: Receipt, now: datetime) -> None:
        message = Message.objects.select_related("template").filter(effect_id=effect.pk).first()
        if message is None:
            return
        Message.objects.filter(pk=message.pk).update(sent_at=now)
        door.note([message.order_id], verb="mail.sent", by=SYSTEM, now=now, message=message.pk, name=message.template.name,
                  occasion=message.occasion)  # fmt: skip
        if TaskMark.objects.filter(order_id=message.order_id, task__key="mail_needed", closed_at=None).exists():
            close_mark([message.order_id], task=system_task("mail_needed"), by=SYSTEM, now=now, reason="sent")

    def refused(self, effect: Effect, refused: Refused, now: datetime) -> None:
        message = Message.objects.select_related("template").filter(effect_id=effect.pk).first()
        if message is None:
            return
        door.note([message.order_id], verb="mail.refused", by=SYSTEM, now=now, message=message.pk, name=message.template.name,
                  occasion=message.occasion, reason=refused.reason)  # fmt: skip
        open_mark([message.order_id], task=system_task("mail_needed"), by=SYSTEM, now=now, reason=refused.reason,
                  detail={"template": message.template.name, "answer": refused.detail})  # fmt: skip


class _Line:
    """The conversation of a claim: opened when first needed, opened anew when the server ended it between two mails."""

    def __init__(self) -> None:
        self.down = False
        self._open: Conversation | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def carry(self, delivery: Delivery, prepared: Prepared, message: Message) -> Outcome:
        """Send one mail and say what came of it."""
        server = prepared.servers[message.account_id]
        used = self._open is not None and self._open.alive
        try:
            return self._send(delivery, server, message)
        except Failed as failed:
            if used and failed.stage == "mail" and failed.code in (0, 421):
                return self._once_more(delivery, server, message)
            return self._failed(failed)
        except LineFailure as failure:
            return NotDone(reason=failure.reason)

    def _once_more(self, delivery: Delivery, server: Server, message: Message) -> Outcome:
        try:
            return self._send(delivery, server, message)
        except Failed as failed:
            return self._failed(failed)
        except LineFailure as failure:
            return NotDone(reason=failure.reason)

    def _failed(self, failed: Failed) -> Outcome:
        self.down = isinstance(failed.outcome, NotDone) and failed.outcome.line
        return failed.outcome

    def _send(self, delivery: Delivery, server: Server, message: Message) -> Outcome:
        if self._open is None or not self._open.alive:
            self._open = self._stack.enter_context(Conversation(server))

        def before_dot() -> None:
            delivery.mark([message.effect_id])
            delivery.departures[message.effect_id].request = {"smtp": server.host, "message_id": message.message_id}
            refuse_late()

        return self._open.send(
            sender=message.sender.rpartition("<")[2].rstrip(">"),
            recipient=message.recipient,
            content=content_of(message),
            before_dot=before_dot,
        )


def _reason(message: Message, *, overtaken: bool, observing: bool, gates: _Gates, now: datetime) -> str:
    if reason := _untrue(message):
        return reason
    if overtaken:
        return "newer_mail"
    if observing:
        return f"{HOLD}{OBSERVING}"
    if gates.shut_on(message):
        return f"{HOLD}{gate.FLOOD}"
    return "" if now - (message.released_at or message.occurred_at) <= OLDEST else TOO_OLD


def _untrue(message: Message) -> str:
    """Return why a mail must not go any more. A mail by hand may speak of a cancelled order."""
    order, template = message.order, message.template
    if order.deleted_at is not None:
        return "deleted"
    if not order.ours:
        return "not_ours"
    if not is_address(message.recipient):
        return "bad_address"
    if message.by_hand:
        return ""
    if is_cancelled(order):
        return "cancelled"
    if template.stopped_at is not None or template.retired_at is not None or not template.enabled:
        return "template_stopped"
    return "not_shipped" if OCCASIONS[template.occasion].shipped and order.shipped_at is None else ""


def _overtaken(messages: Iterable[Message]) -> set[int]:
    """Return the mails of which a later one of the same order and template has gone already."""
    waiting = [message for message in messages if not message.by_hand]
    gone = Message.objects.filter(order_id__in=[m.order_id for m in waiting], sent_at__isnull=False)
    sent = set(gone.values_list("order_id", "template_id", "pk"))
    return {
        message.pk
        for message in waiting
        if any(
            (order, template) == (message.order_id, message.template_id) and pk > message.pk
            for order, template, pk in sent
        )
    }


class _Gates:
    """Whether the flood gate shuts, asked once in a claim for each account and for each template and shop."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._shut: dict[tuple[int, ...], bool] = {}

    def shut_on(self, message: Message) -> bool:
        if message.by_hand or message.released_at is not None:
            return False
        return self._account(message) or self._flood(message)

    def _account(self, message: Message) -> bool:
        key = (message.account_id,)
        if key not in self._shut:
            self._shut[key] = gate.was_stopped(message.account_id, now=self._now)
            if self._shut[key]:
                gate.shut(account_id=message.account_id)
        return self._shut[key]

    def _flood(self, message: Message) -> bool:
        key = (message.template_id, message.shop_id)
        if key not in self._shut:
            self._shut[key] = gate.is_flood(message.template, message.shop_id, now=self._now)
            if self._shut[key]:
                gate.shut(template_id=message.template_id, shop_id=message.shop_id)
        return self._shut[key]


def content_of(message: Message) -> bytes:
    """Return the mail as bytes: the frozen text, UTF-8 in base64, and headers that say which order it is about."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = message.sender
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.queued_at.astimezone(JAPAN))
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Hub-Order"] = message.order.number
    mail["X-Hub-Template"] = str(message.template_id)
    mail["X-Hub-Occasion"] = message.occasion
    mail.set_content(message.body, charset="utf-8", cte="base64")
    return mail.as_bytes()


def check_account(account: MailAccount, password: str | None = None) -> str:
    """Connect and log in, send nothing; return an empty text, or the code of what failed. Call it outside any transaction."""
    server = server_of(account) if password is None else Server(
        host=account.host, port=account.port, security=account.security, user=account.user, password=password
    )  # fmt: skip
    try:
        with Conversation(server):
            return ""
    except Failed as failed:
        return failed.outcome.reason
