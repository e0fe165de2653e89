"""Where everything is set: one page of doors."""

from __future__ import annotations

from types import SimpleNamespace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.web import PageRequest, page

Door = tuple[str, str, str | Promise, str | Promise, str]
DOORS: list[tuple[str | Promise, list[Door]]] = [
    (_("つなぐ"), [
        ("orders:shops", "shop", _("ショップ"), _("モールの鍵、取込、観察と本番"), "settings.see"),
        ("warehouses:list", "warehouse", _("倉庫"), _("自社の棚、外の倉庫、締め時刻"), "settings.see"),
        ("hub:tokens", "key", _("APIの鍵"), _("ほかのシステムからの読み書き"), "tokens.edit"),
        ("hub:outgoing", "ban", _("送信"), _("外へ出るものすべての元栓"), "settings.see"),
    ]),
    (_("流れ"), [
        ("orders:statuses", "list", _("状態"), _("2階層の状態、色、期限"), "settings.see"),
        ("orders:tags", "tag", _("ラベル"), _("色つきの目印"), "settings.see"),
        ("orders:tasks", "task", _("タスク"), _("自動で付く確認と保留"), "settings.see"),
        ("automation:rules", "rules", _("自動化"), _("条件と、すること"), "settings.see"),
        ("mailer:templates", "mail", _("メールのテンプレート"), _("サンクスメールと出荷メール"), "settings.see"),
        ("orders:mall_words", "card", _("支払・配送の言葉"), _("モールの言い方の意味"), "settings.see"),
    ]),
    (_("人"), [
        ("hub:members", "people", _("メンバー"), _("権限と招待"), "settings.see"),
        ("orders:removed", "archive", _("取込から外した受注"), _("戻すことができます"), "orders.see"),
        ("orders:retention", "hourglass", _("個人情報の保存期間"), _("終わった受注の名前や住所を消去するまでの日数"), "settings.see"),
        ("hub:account", "shield", _("アカウント"), _("名前、パスワード、二段階認証"), "account.own"),
    ]),
]  # fmt: skip


@page("account.own", methods=("GET",))
def index(request: PageRequest) -> HttpResponse:
    """Show the doors this person may open."""
    visit = request.hub
    places: list[SimpleNamespace] = []
    for title, doors in DOORS:
        items = [
            SimpleNamespace(url=reverse(name), icon=icon, name=words, words=about, badge=None)
            for name, icon, words, about, right in doors if visit.may(right)
        ]  # fmt: skip
        if items:
            places.append(SimpleNamespace(title=title, items=items))
    return render(request, "hub/settings.html", {"places": places})
