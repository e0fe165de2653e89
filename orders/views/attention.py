"""要対応: held orders by cause, and 要確認エラー, the one list of all that did not go through."""

from __future__ import annotations

from types import SimpleNamespace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import troubles
from hub.ids import encode
from hub.web import PageRequest, Visit, page
from orders.frame import chosen_ids
from orders.models import Order, Shop, Task
from orders.queries import Cause, held_causes, held_queue, longest_held, rows_of
from orders.queries.shops import shops_in_use
from orders.system_tasks import said
from orders.views.listing import shown

LONGEST_HELD = 20


def _tabs(held: int, errors: int, *, at: int) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            words=_("判断待ちの受注"),
            url=reverse("orders:attention"),
            current=at == 0,
            count=held,
            tone="wait" if held else "",
        ),
        SimpleNamespace(
            words=_("要確認エラー"),
            url=reverse("orders:errors"),
            current=at == 1,
            count=errors,
            tone="stop" if errors else "",
        ),
    ]


@page("orders.see", methods=("GET",))
def attention(request: PageRequest) -> HttpResponse:
    """Show what holds orders: what people here can end, then what waits for others; and the longest held."""
    visit = request.hub
    shops = shops_in_use()
    shop_ids = chosen_ids(request, shops)
    what = {pk: said(*words) for pk, *words in Task.objects.values_list("pk", "key", "what_to_do")}
    causes = [_cause_row(cause, what.get(cause.task_id, "")) for cause in held_causes(shop_ids)]
    queue = held_queue(shop_ids=shop_ids)
    held = queue.count()
    rows = rows_of(longest_held(queue, limit=LONGEST_HELD))
    names = {one.pk: one.next_day_name for one in shops}
    context = {
        "tabs": _tabs(held, troubles.total(visit.now), at=0),
        "causes": [cause for cause in causes if cause.triage_url],
        "others": [cause for cause in causes if not cause.triage_url],
        "total": held,
        "oldest": shown(rows, now=visit.now, next_day_names=names, open_names=visit.may("addresses.see")),
    }
    return render(request, "orders/attention.html", context)


def _cause_row(cause: Cause, what_to_do: str) -> SimpleNamespace:
    """Return a cause with its list, and with the way to work it off where somebody here can end it."""
    task = encode(cause.task_id)
    return SimpleNamespace(
        name=cause.name, what_to_do=what_to_do, colour=cause.colour, count=cause.orders, oldest_at=cause.since,
        url=f"{reverse('orders:list')}?task={task}&held=1",
        triage_url=f"{reverse('orders:triage')}?task={task}" if cause.for_people else "",
    )  # fmt: skip


@page("orders.see", methods=("GET",))
def errors(request: PageRequest) -> HttpResponse:
    """Show everything that did not go through, from every source, the oldest first."""
    now = request.hub.now
    wanted = request.GET.get("source", "")
    sources = troubles.sources()
    counts = {source.key: source.count(now) for source in sources}
    chosen = [source for source in sources if source.key == wanted] or sources
    found = [
        (source, one) for source in chosen if counts[source.key] for one in source.rows(now, troubles.MOST_OF_A_SOURCE)
    ]
    found.sort(key=lambda pair: pair[1].since)
    total = sum(counts.values())
    chips = [SimpleNamespace(words=_("すべて"), count=total, url=reverse("orders:errors"), on=len(chosen) > 1)]
    chips += [
        SimpleNamespace(words=source.words, count=counts[source.key], url=f"?source={source.key}",
        on=len(chosen) == 1 and source is chosen[0])
        for source in sources if counts[source.key]
    ]  # fmt: skip
    context = {
        "tabs": _tabs(held_queue(shop_ids=chosen_ids(request, shops_in_use())).count(), total, at=1),
        "sources": chips if total else [],
        "rows": _rows(found, request.hub),
        "page": None,
        "total": total,
        "cut": sum(min(counts[source.key], troubles.MOST_OF_A_SOURCE) for source in chosen)
        < sum(counts[source.key] for source in chosen),
    }
    return render(request, "orders/errors.html", context)


def _rows(found: list[tuple[troubles.Source, troubles.Trouble]], visit: Visit) -> list[SimpleNamespace]:
    order_ids = {one.order_id for _source, one in found if one.order_id}
    shop_ids = {one.shop_id for _source, one in found if one.shop_id}
    orders = {
        o.pk: o
        for o in Order.objects.filter(pk__in=order_ids).only("pk", "tenant_id", "number", "total_yen", "shop_id")
    }
    shops = {s.pk: s for s in Shop.objects.filter(pk__in=shop_ids).only("pk", "tenant_id", "name", "mark", "colour")}
    return [
        SimpleNamespace(
            kind_words=source.words, icon=one.icon, tone=one.tone, title=one.title, cause=_cause(one, visit), since=one.since,
            order=orders.get(one.order_id or 0), shop=shops.get(one.shop_id or 0), url=one.url,
            yen=one.yen if one.yen is not None else _yen_of(source, orders.get(one.order_id or 0)), **_acts(one, visit),
        )
        for source, one in found
    ]  # fmt: skip


def _cause(one: troubles.Trouble, visit: Visit) -> str:
    return f"{one.cause} {one.said}".strip() if visit.may("addresses.see") else one.cause


def _acts(one: troubles.Trouble, visit: Visit) -> dict[str, list[troubles.Act]]:
    """Return the buttons of a row and its menu: only what this person may do. What wants reading first stands in the menu."""
    mine = [act for act in one.acts if visit.may(act.right)]
    buttons = [act for act in mine if act.primary or not act.about]
    return {"buttons": buttons, "menu": [act for act in mine if act not in buttons]}


def _yen_of(source: troubles.Source, order: Order | None) -> int | None:
    return order.total_yen if order is not None and source.key in ("stopped", "unsure", "refused", "missing") else None
