"""The holds and reminders that the program itself opens: what each is called, and the causes by which some open and close alone.

A hold of the tenant's own is a task with a condition: a row, no code.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orders import blocks
from orders.models import Order

SYSTEM_TASKS: list[tuple[str, str, str, bool]] = [
    ("hold", _("保留"), _("保留を解くと、自動で先へ進みます。"), True),
    ("unmapped", _("未マッピング"), _("商品を自社SKUに対応づけると、自動で判定し直します。"), True),
    ("mall_payment", _("モールの決済待ち"), _("モールで決済が済むと自動で進みます。"), True),
    (
        "mall_amount",
        _("送料未確定"),
        _("モールで送料などの金額を確定してください。確定すると自動で注文確認します。"),
        True,
    ),
    ("mall_address", _("届け先の入力待ち"), _("受け取る人が住所を入力すると自動で進みます。"), True),
    ("mall_review", _("モール確認中"), _("モールの確認が終わると自動で進みます。"), True),
    ("mall_changing", _("モールで変更確定待ち"), _("モールで変更が確定すると自動で進みます。"), True),
    ("mall_cancelling", _("モールでキャンセル確定待ち"), _("モールのキャンセル結果を待っています。"), True),
    ("cancelled_at_mall", _("出荷依頼後にモールでキャンセル"), _("倉庫へ取下げを依頼してください。"), True),
    ("cancel_asked", _("モールへキャンセル依頼中"), _("モールの結果を待っています。"), True),
    ("unknown_payment", _("支払方法が不明"), _("設定でモールの支払名を対応づけてください。"), True),
    ("unknown_delivery", _("配送方法が不明"), _("設定でモールの配送方法名を対応づけてください。"), True),
    ("sums_differ", _("金額不一致"), _("明細の合計とモールの合計が合いません。モールの画面と見比べてください。"), True),
    (
        "mall_changed",
        _("編集後にモールが変更"),
        _("モールの新しい値と編集した値のどちらを使うか選んでください。"),
        True,
    ),
    (
        "withdrawn",
        _("取下げ済"),
        _("出荷依頼を取り下げました。もう一度出荷するには、解除してから出荷依頼してください。"),
        True,
    ),
    (
        "withdraw_late",
        _("取下げが間に合わなかった"),
        _("荷物はそのまま出荷されます。お客様へ知らせ、受け取りや返品を相談してください。"),
        False,
    ),
    ("cannot_ship", _("出荷不可"), _("倉庫が出荷できないと答えました。理由を見て直してください。"), True),
    ("short", _("一部出荷"), _("出荷できなかった残りがあります。次の出荷を決めてください。"), True),
    (
        "rule_failed",
        _("自動処理に失敗"),
        _("自動処理がこの受注で失敗しました。ルールを直すか、手で進めてください。"),
        True,
    ),
    (
        "shipped_elsewhere",
        _("モールに送り状番号あり"),
        _("他のシステムが出荷した可能性があります。二重出荷に注意してください。"),
        True,
    ),
    ("confirm_refused", _("注文確認が拒否された"), _("モールの答えを見て、モールの画面で確認してください。"), True),
    (
        "confirm_late",
        _("注文確認が遅れている"),
        _("モールは注文から14日で自動キャンセルします。モールの画面を見てください。"),
        False,
    ),
    ("cancel_refused", _("キャンセルが拒否された"), _("モールの答えを見て、モールの画面で対応してください。"), True),
    ("mail_needed", _("メール未送信"), _("メールを見て、送るか取りやめるか決めてください。"), False),
]
"""Each with its key, its name, what to do, and whether it holds the order. Every tenant has them as rows, in Japanese."""

_NAMES = frozenset(name for _key, name, *_rest in SYSTEM_TASKS)
_OWN_WORDS = {key: (name, what_to_do) for key, name, what_to_do, _holds in SYSTEM_TASKS}

BLOCK_TASKS = {
    "payment": "mall_payment", "amount": "mall_amount", "address": "mall_address", "review": "mall_review", "changing": "mall_changing",
    "cancelling": "mall_cancelling",
}  # fmt: skip

KEYS = (*BLOCK_TASKS.values(), "unmapped", "unknown_payment", "unknown_delivery", "sums_differ")
"""Those that open and close by themselves (`of`); the others are opened by operations and closed by people or answers."""

NEVER_PASSED = frozenset(task for code, task in BLOCK_TASKS.items() if not blocks.BLOCKS[code].passable)
"""What the mall has not decided yet (an amount, an address, its review): no override passes these."""

WAITS_FOR_OTHERS = ("mall_payment", "mall_address", "mall_review", "mall_changing", "mall_cancelling", "cancel_asked")
"""Holds that nobody here can end: the mall, Rakuten's review or the buyer does, and the order goes on by itself."""


def said(key: str, words: str) -> str:
    """Return the name of a task, or what to do about it, as the reader reads it: the program's own words in their language, a tenant's as
    they are."""
    return gettext(words) if words in _OWN_WORDS.get(key, ()) else words


def said_by_name(name: str) -> str:
    """Return a name that was written down without its task, as the reader reads it. No two tasks of a tenant bear one name."""
    return gettext(name) if name in _NAMES else name


def of(order: Order, *, delivery_method: str) -> dict[str, dict[str, Any]]:
    """Return the system tasks whose cause holds for the order, each with what a person needs to see.

    `delivery_method` is the order's as rules have left it, which may not be written yet.
    """
    found: dict[str, dict[str, Any]] = {
        BLOCK_TASKS[code]: {} for code in order.mall_block.split() if code in BLOCK_TASKS
    }
    if order.unmapped_lines:
        found["unmapped"] = {"unmapped": order.unmapped_lines, "lines": order.open_lines}
    if order.payment_method == "unknown":
        found["unknown_payment"] = {"name": order.payment_name}
    if order.delivery_name and not delivery_method:
        found["unknown_delivery"] = {"name": order.delivery_name}
    if order.sums_differ_yen:
        found["sums_differ"] = {"difference_yen": order.sums_differ_yen, "total_yen": order.total_yen}
    return found
