"""Mail to many orders at a person's word: which templates may be used, how it will read, queueing it, and taking it back in time.

A template goes to an order once, whether a rule or a person sends it; `again` sends it once more. The flood gate is asked as always.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from hub.audit import Actor
from hub.effects import operations as effects
from hub.models import Effect, EffectState
from mailer import gate
from mailer.models import MailTemplate
from mailer.operations import key_of, queue_message
from mailer.placeholders import WORDS
from mailer.queries import Preview, preview, templates
from orders.models import Order
from orders.operations.door import Changed

BACK_WITHIN_SECONDS = 30.0
"""How long the mails of a bulk act wait, so that they can be taken back (promise G25)."""


def templates_for(*, order_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Return the templates in use that fit the shops of these orders, by id and name."""
    shops = set(Order.objects.filter(pk__among=list(order_ids)).order_by().values_list("shop_id", flat=True).distinct())
    usable = [row for row in templates() if row.enabled and row.stopped_at is None]
    return [(row.pk, row.name) for row in usable if row.shop_id is None or row.shop_id in shops]


def previews(*, template: int, order_ids: Iterable[int]) -> list[tuple[int, Preview]]:
    """Return how the template reads for these orders; the words it leaves empty by their names."""
    row = MailTemplate.objects.get(pk=template)
    found = [(order_id, preview(row, order_id)) for order_id in order_ids]
    return [(pk, replace(one, empty_words=tuple(str(WORDS[word]) for word in one.empty_words))) for pk, one in found]


def queue(
    order_ids: Iterable[int], *, template: int, again: bool, by: Actor, now: datetime, batch_id: int | None = None
) -> Changed:
    """Queue the template for each order that it may go to. Orders it went to before are left as they are, unless `again`."""
    row = MailTemplate.objects.get(pk=template)
    return queue_message(
        order_ids, template=row, occasion=_occasion(row, again, batch_id), by=by, now=now, batch_id=batch_id, asked_now=True,
        hold_seconds=BACK_WITHIN_SECONDS,
    )  # fmt: skip


def _occasion(template: MailTemplate, again: bool, batch_id: int | None) -> str:
    """Return the occasion that makes the mail one: the rules' own, or this act's."""
    return f"again:{batch_id or 0}" if again else template.occasion or "rule"


def _effects(order_ids: Iterable[int], template: int, again: bool, batch_id: int) -> dict[int, Effect]:
    """Return the effects that an act decided, by order."""
    occasion = _occasion(MailTemplate.objects.get(pk=template), again, batch_id)
    keys = {key_of(order_id, template, occasion): order_id for order_id in order_ids}
    return {keys[effect.key]: effect for effect in Effect.objects.filter(key__in=list(keys))}


def held(*, order_ids: Sequence[int], template: int, again: bool, batch_id: int) -> int:
    """Return how many of an act's mails the flood gate holds for a person."""
    found = _effects(order_ids, template, again, batch_id).values()
    return sum(effect.state == EffectState.WAITING and effect.hold_reason == gate.FLOOD for effect in found)


def unqueue(
    order_ids: Iterable[int], *, template: int, again: bool = False, by: Actor, now: datetime, batch_id: int
) -> Changed:
    """Take an act's mails back that have not begun to leave; the others are refused with the reason."""
    found = _effects(order_ids, template, again, batch_id)
    outcome = effects.take_back([effect.pk for effect in found.values()], by=by, now=now)
    changed, back = set(outcome.changed), Changed()
    for order_id, effect in sorted(found.items()):
        if effect.pk in changed:
            back.changed.append(order_id)
        else:
            back.refuse(order_id, outcome.unchanged[effect.pk])
    return back
