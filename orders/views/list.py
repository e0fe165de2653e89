"""The list of orders: status tree, filters, pages by keyset, what is new, saved searches."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hub.access import note_read
from hub.answers import done
from hub.clock import JAPAN
from hub.ids import encode
from hub.templatetags.hub_ui import listed
from hub.web import PageRequest, Visit, page
from orders.fields import choosing
from orders.fields.labels import PAYMENT_METHODS
from orders.forms.searching import SaveSearch
from orders.frame import chosen_shop
from orders.models import Order, Shop, Status, Tag
from orders.operations.settings.searches import create_search
from orders.queries import GroupNode, count_late, count_orders, newer_orders, page_of_orders, status_tree
from orders.queries.pages import BadCursor, Page
from orders.queries.shops import shops_in_use
from orders.queries.used import used_methods
from orders.search import GONE
from orders.views import narrowing
from orders.views.listing import shown
from orders.views.narrowing import SIZE, Asked

MOST_COUNTED = 10_001


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of the tree, a tab or an option: words, address, count, whether it is in force."""

    words: str
    url: str
    count: int | None = None
    current: bool = False
    tone: str = ""
    on: bool = False


@page("orders.see", methods=("GET",))
def orders(request: PageRequest) -> HttpResponse:
    """Show a page of the list; htmx is given the table alone."""
    visit = request.hub
    shops = shops_in_use()
    shop = chosen_shop(request, shops)
    asked = narrowing.read(request.GET, visit, shop)
    today = visit.now.astimezone(JAPAN).date()
    try:
        found = page_of_orders(asked.kept, today=today, cursor=asked.cursor, size=SIZE, sort=asked.sort)
    except BadCursor:
        found = page_of_orders(asked.kept, today=today, size=SIZE, sort=asked.sort)
    total = _total(asked, found, today)
    names = {one.pk: one.next_day_name for one in shops}
    rows = shown(found.rows, now=visit.now, next_day_names=names, open_names=visit.may("addresses.see"))
    if visit.may("addresses.see"):
        note_read(
            "orders.list",
            by=visit.by,
            asked={"query": asked.query(), "words": asked.words},
            count=len(rows),
            now=visit.now,
        )
    _remember(request, [row.pk for row in rows])
    first = _first(request, asked, len(rows), total)
    context = {
        "rows": rows,
        "columns": _columns(asked),
        "narrowed": asked.narrowed,
        "never_had": not rows and not asked.narrowed and not Order.objects.exists(),
        "clear_url": "?",
        "select_key": _select_key(asked),
        "elsewhere": _elsewhere(asked, today),
        "page": {
            "first": first, "last": first + len(rows) - 1 if rows else 0, "total": None if total >= MOST_COUNTED else total,
            "previous_url": asked.url(cursor=found.previous, at=str(max(first - SIZE, 1))) if found.previous else "",
            "next_url": asked.url(cursor=found.next, at=str(first + len(rows))) if found.next else "",
        },
        "news_url": f"{reverse('orders:news')}{asked.url(since=found.marker)}",
    }  # fmt: skip
    if getattr(request, "htmx", False) and request.headers.get("HX-Target") == "list":
        return render(request, "orders/parts/rows.html", context)
    return render(request, "orders/list.html", {**context, **_around(request, asked, shops, shop)})


def _total(asked: Asked, found: Page, today: date) -> int:
    """Return how many orders the list has, up to MOST_COUNTED; what is on the page already need not be counted."""
    if not (asked.cursor or found.previous or found.next):
        return len(found.rows)
    return min(count_orders(asked.kept, today=today, limit=MOST_COUNTED), MOST_COUNTED)


def _around(request: PageRequest, asked: Asked, shops: list[Shop], shop: Shop | None) -> dict[str, Any]:
    """Return what stands around the table."""
    visit = request.hub
    shop_ids = asked.kept.shop_ids
    tree = status_tree(visit.now, shop_ids)
    groups = _groups()
    return {
        "tree": [_group(node, asked) for node in tree],
        "tree_top": _tree_top(visit, asked, tree),
        "tabs": [
            Item(words=one.name, url=f"?saved={encode(one.pk)}", current=bool(asked.saved and asked.saved.pk == one.pk))
            for one in narrowing.saved_searches(visit)
        ],
        "save_search_url": reverse("orders:search_save") + asked.url() if asked.narrowed and not asked.saved else "",
        "q": asked.words,
        "pasted_gone": asked.found is GONE,
        "found": asked.found,
        "kept_query": [*asked.pairs, *([("sort", asked.sort)] if asked.sort != "newest" else [])],
        "chips": narrowing.chips(asked, get_language() or "ja"),
        "menus": _menus(request, asked, shops),
        "bulk": {
            "query": asked.query(), "statuses": groups,
            "tags": Tag.objects.filter(retired_at__isnull=True, key="").order_by("position", "pk"),
            "may_export": visit.may("orders.export"), "may_delete": visit.may("orders.delete"), "may_change": visit.may("orders.edit"),
        },
        "csv_url": reverse("orders:csv") + asked.url() if visit.may("orders.export") else "",
        "new_url": reverse("orders:new") if visit.may("orders.edit") else "",
    }  # fmt: skip


def _groups() -> list[dict[str, Any]]:
    """Return the statuses in use under their groups, for menus."""
    found: dict[int, dict[str, Any]] = {}
    rows = Status.objects.filter(retired_at__isnull=True).select_related("group")
    for status in rows.order_by("group__position", "group_id", "position", "pk"):
        found.setdefault(status.group_id, {"name": status.group.name, "statuses": []})["statuses"].append(status)
    return list(found.values())


status_groups = _groups


def _group(node: GroupNode, asked: Asked) -> dict[str, Any]:
    pk = encode(node.group.pk)
    base = _bare(asked)
    return {
        "name": node.group.name, "url": base.url(add=("group", pk)), "current": asked.values("group") == [pk], "count": node.count,
        "statuses": [
            {"name": one.status.name, "colour": one.status.colour, "memo": one.status.memo, "count": one.count, "late": one.late,
             "url": base.url(add=("status", encode(one.status.pk))), "current": asked.values("status") == [encode(one.status.pk)]}
            for one in node.statuses
        ],
    }  # fmt: skip


def _bare(asked: Asked) -> Asked:
    """Return the filter without what the tree chooses: a status is looked at with shop and label kept, words and flags let go."""
    kept = tuple(pair for pair in asked.pairs if pair[0] in ("shop", "tag", "pay", "ship", "product"))
    return Asked(pairs=kept, sort=asked.sort)


def _tree_top(visit: Visit, asked: Asked, tree: tuple[GroupNode, ...]) -> list[Item]:
    base = _bare(asked)
    held = Order.objects.filter(is_open=True, held=True)
    unreported = Order.objects.filter(is_live=True, unreported=True)
    shop_ids = asked.kept.shop_ids
    if shop_ids:
        held, unreported = held.filter(shop_id__in=shop_ids), unreported.filter(shop_id__in=shop_ids)
    late = count_late(visit.now, shop_ids)
    chosen = {name for name, _value in asked.pairs}

    def flag(name: str, words: str, count: int, tone: str) -> Item:
        return Item(words=words, url=base.url(add=(name, "1")), current=name in chosen, count=count, tone=tone)

    return [
        Item(words=_("すべての受注"), url="?", current=not asked.narrowed, count=sum(node.count for node in tree)),
        flag("held", _("保留中"), held.count(), "wait"),
        flag("late", _("期限を過ぎた"), late, "stop"),
        flag("unreported", _("未反映"), unreported.count(), "moving"),
    ]


def _menus(request: PageRequest, asked: Asked, shops: list[Shop]) -> list[dict[str, Any]]:
    """Return the filters on offer. Choosing one adds it; choosing one in force takes it away."""

    def options(name: str, rows: list[tuple[str, str]]) -> list[Item]:
        on = set(asked.values(name))
        return [
            Item(
                words=words,
                on=value in on,
                url=asked.url(without=(name, value)) if value in on else asked.url(add=(name, value)),
            )
            for value, words in rows
        ]

    def of(model: Any) -> list[tuple[str, str]]:
        rows = model.objects.filter(retired_at__isnull=True).order_by("position", "pk").values_list("pk", "name")
        return [(encode(pk), name) for pk, name in rows[:100]]

    used = used_methods()
    payments = {**used.payments, **{code: used.payments.get(code, []) for code in asked.values("pay")}}
    deliveries = dict.fromkeys([*used.deliveries[:50], *asked.values("ship")])
    days = [
        Item(
            words=words,
            url=_period(asked, since, until),
            on=asked.values("from") == [since.isoformat()] and asked.values("until") == [until.isoformat()],
        )
        for words, since, until in narrowing.periods(request.hub)
    ]
    menus = [
        {"label": _("ラベル"), "options": options("tag", of(Tag))},
        {"label": _("タスク"), "options": options("task", [(encode(row.value), str(row.label)) for row in choosing.tasks()[:100]])},
        {"label": _("支払"), "options": options("pay", [(code, _payment(code, names)) for code, names in payments.items()])},
        {"label": _("配送"), "options": options("ship", [(name, name) for name in deliveries])},
        {"label": _("期間"), "options": days},
        {"label": _("そのほか"), "options": [
            *options("next_day", [("1", _("翌日配送"))]), *options("unreported", [("1", _("未反映"))]),
            *options("late", [("1", _("期限を過ぎた"))])]},
    ]  # fmt: skip
    if len(shops) > 1:
        menus.insert(
            0, {"label": _("ショップ"), "options": options("shop", [(encode(one.pk), one.name) for one in shops])}
        )
    return menus


def _payment(code: str, names: list[str]) -> str:
    """Return a way of paying by the hub's name, with the malls' names for it where they differ."""
    words = str(PAYMENT_METHODS.get(code, code))
    others = listed(name for name in names if name != words)
    return _("%(words)s（%(others)s）") % {"words": words, "others": others} if others else words


def _elsewhere(asked: Asked, today: date) -> list[Item]:
    """Return the other statuses that hold what was looked for in one status or group, each with the way there."""
    limits = ("status", "group", "phase")
    if not asked.q or not any(asked.values(name) for name in limits):
        return []
    inside = set(asked.kept.statuses())
    found = page_of_orders(replace(asked.kept, status_ids=(), group_id=None, phases=()), today=today, size=SIZE)
    counts = Counter((row.status.pk, row.status.name) for row in found.rows if row.status.pk not in inside)
    free = replace(asked, pairs=tuple(pair for pair in asked.pairs if pair[0] not in limits))
    return [Item(words=name, url=free.url(add=("status", encode(pk))), count=n) for (pk, name), n in counts.items()]


def _period(asked: Asked, since: date, until: date) -> str:
    rest = Asked(
        pairs=tuple(pair for pair in asked.pairs if pair[0] not in ("from", "until")), q=asked.q, sort=asked.sort
    )
    return Asked(
        pairs=(*rest.pairs, ("from", since.isoformat()), ("until", until.isoformat())), q=asked.q, sort=asked.sort
    ).url()


def _columns(asked: Asked) -> dict[str, dict[str, str]]:
    """Return what the heads sort by: once down, once up."""

    def head(down: str, up: str) -> dict[str, str]:
        direction = {down: "descending", up: "ascending"}.get(asked.sort, "")
        return {"url": asked.url(sort=up if asked.sort == down else down), "direction": direction}

    return {"at": head("newest", "oldest"), "number": head("number_down", "number"), "yen": head("yen_down", "yen")}


def _select_key(asked: Asked) -> str:
    """Return a name for this filter, so that a selection belongs to the list it was made in."""
    return hashlib.sha256(asked.query().encode()).hexdigest()[:12]


def _first(request: PageRequest, asked: Asked, rows: int, total: int) -> int:
    at = request.GET.get("at", "")
    return int(at) if asked.cursor and at.isdigit() and len(at) < 8 else (1 if rows else 0)


def _remember(request: PageRequest, ids: list[int]) -> None:
    """Keep where the person is in the list, so that the order page leads back and on to its neighbours."""
    if getattr(request, "htmx", False):
        return
    at, near = request.get_full_path(), [encode(pk) for pk in ids]
    if request.session.get("orders_at") != at or request.session.get("orders_near") != near:
        request.session["orders_at"], request.session["orders_near"] = at, near


@page("orders.see", methods=("GET",))
def news(request: PageRequest) -> HttpResponse:
    """Answer the list's question whether orders came since it was shown; nothing moves until the person asks."""
    shop = chosen_shop(request, list(Shop.objects.filter(retired_at__isnull=True).only("pk", "tenant_id", "name")))
    asked = narrowing.read(request.GET, request.hub, shop)
    try:
        count = newer_orders(asked.kept, request.GET.get("since", ""), today=request.hub.now.astimezone(JAPAN).date())
    except BadCursor:
        count = 0
    found = {"count": count, "url": reverse("orders:list") + asked.url()} if count else None
    return render(request, "orders/parts/news.html", {"news": found, "news_url": request.get_full_path()})


@page("orders.see")
def search_save(request: PageRequest) -> HttpResponse:
    """Save the filter in force under a name, for oneself or for all."""
    visit = request.hub
    asked = narrowing.read(request.GET, visit, None)
    condition = narrowing.as_condition(asked, visit)
    back = reverse("orders:list") + asked.url()
    left_out = listed(narrowing.unsaid(asked))
    if condition is None:
        words = (
            _("%(what)sだけの検索は保存できません。ほかの絞り込みを加えてください。")
            if left_out
            else _("保存する絞り込みがありません。")
        )
        return done(request, words % {"what": left_out}, to=back, tone="stop")
    form = SaveSearch(request.POST or None, may_share=visit.may("settings.edit"))
    if request.method == "POST" and form.is_valid():
        made = create_search(
            name=form.cleaned_data["name"], condition=condition, member=visit.member, shared=bool(form.cleaned_data.get("shared")),
            by=visit.by, now=visit.now,
        )  # fmt: skip
        return done(
            request,
            _("検索「%(name)s」を保存しました") % {"name": made.name},
            to=f"{reverse('orders:list')}?saved={encode(made.pk)}",
        )
    context = {
        "title": _("検索を保存"), "form": form, "back_url": back, "back_words": _("受注"), "cancel_url": back,
        "lead": _("%(what)sは保存されません。開いたあとに、もう一度指定してください。") % {"what": left_out} if left_out else "",
    }  # fmt: skip
    return render(request, "form_page.html", context, status=422 if form.errors else 200)
