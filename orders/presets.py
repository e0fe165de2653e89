"""What a new tenant starts with: statuses, labels, system tasks, tasks, and names of payments and deliveries.

Rules and mail templates of a preset are data too: `automation/presets.py` and `mailer/presets.py` add theirs.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from orders.models import DeliveryName, Status, StatusGroup, Tag, Task
from orders.system_tasks import SYSTEM_TASKS

STATUSES: list[tuple[str, str, list[tuple[str, str, str, str, int | None]]]] = [
    ("新規", "intake", [
        ("待機", "waiting", "grey", "購入者のキャンセル期間が過ぎるのを待っています。触る必要はありません。", None),
        ("新規受付", "intake", "blue", "自動処理で行き先が決まらなかった受注です。内容を見て次の状態へ。", 240),
        ("確認待", "check", "amber", "未マッピングや備考など、確認が要る受注です。理由は受注ページにあります。", 480),
    ]),
    ("入金", "payment", [("入金待ち", "payment", "teal", "モールの決済や入金を待っています。済むと自動で進みます。", None)]),
    ("出荷準備", "ready", [("発送待ち", "ready", "indigo", "出荷できる受注です。保留がなければ出荷依頼は自動で出ます。", 1440)]),
    ("出荷", "shipping", [("出荷作業中", "shipping", "purple", "倉庫が作業しています。変更するには取下げを依頼してください。", 2880)]),
    ("出荷済", "shipped", [("出荷済", "shipped", "green", "出荷しました。モールに反映されるまで未反映と表示します。", None)]),
    ("完了", "done", [("完了", "done", "grey", "モールが発送済と数えた受注です。", None)]),
    ("キャンセル", "cancelled", [("キャンセル", "cancelled", "grey", "キャンセルした受注、ここで扱わない受注です。", None)]),
]  # fmt: skip
"""Each group with its phase and its statuses: name, what it is the default for, colour, memo, limit in minutes."""

TAGS = [
    ("unmapped_all", "全商品未マッピング", "red"),
    ("unmapped_some", "一部商品未マッピング", "orange"),
    ("", "要連絡", "pink"),
    ("", "急ぎ", "red"),
]

TASKS: list[tuple[str, str, dict[str, object], bool]] = [
    # name, what to do, condition, holds
    ("備考あり", "備考を読んで「読んだ」を押してください。", {"all": [
        {"field": "remark_left", "op": "not_empty", "value": None}, {"field": "remark_read", "op": "is", "value": False}]}, True),
    ("離島", "中継料や配送便を確認してください。", {"all": [{"field": "island", "op": "is", "value": True}]}, False),
    ("届け日の指定あり", "指定日に届くか確認してください。", {"all": [{"field": "wish_on", "op": "not_empty", "value": None}]}, False),
    ("住所が違う可能性", "郵便番号と住所を見比べて直してください。", {"all": [{"field": "address_doubt", "op": "is", "value": True}]}, True),
]  # fmt: skip


DELIVERY_NAMES = {
    "parcel": ("宅配便", "小型宅配便", "大型宅配便", "宅配便（特定送料）", "送料無料", "ゆうパック"),
    "cool": ("クール便", "クール冷凍便", "クール冷蔵便"),
    "mail": ("メール便", "ゆうパケット", "ネコポス", "クリックポスト", "レターパック", "定形外郵便"),
}
"""How the usual names of delivery at malls begin; the tenant changes and adds to them."""


def install_preset(name: str, *, now: datetime) -> None:
    """Fill the current tenant with a preset: `rakuten` or `mixed` (statuses, labels, tasks) or `empty` (statuses, system tasks)."""
    position = 0
    for group_position, (group_name, phase, statuses) in enumerate(STATUSES):
        group = StatusGroup.objects.create(name=group_name, phase=phase, position=group_position)
        for status_name, default_for, colour, memo, limit in statuses:
            position += 1
            Status.objects.create(
                group=group,
                name=status_name,
                default_for=default_for,
                colour=colour,
                memo=memo,
                limit_minutes=limit,
                position=position,
            )
    Task.objects.bulk_create(
        [
            Task(key=key, name=title, what_to_do=what, holds=holds, position=number, created_at=now)
            for number, (key, title, what, holds) in enumerate(SYSTEM_TASKS)
        ]
    )
    Tag.objects.bulk_create(
        [
            Tag(key=key, name=title, colour=colour, position=n)
            for n, (key, title, colour) in enumerate(TAGS)
            if key or name != "empty"
        ]
    )
    if name != "empty":
        DeliveryName.objects.bulk_create(
            [
                DeliveryName(channel=channel, name=title, method=method)
                for channel in settings.CHANNELS
                for method, titles in DELIVERY_NAMES.items()
                for title in titles
            ]
        )
        Task.objects.bulk_create(
            [
                Task(
                    name=title, what_to_do=what, condition=condition, holds=holds, position=100 + number, created_at=now
                )
                for number, (title, what, condition, holds) in enumerate(TASKS)
            ]
        )
