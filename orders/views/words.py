"""Short words for the columns of a list, and how personal data reads to those who may not see it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.fields.labels import DELIVERY_METHODS

PAYMENT_SHORT: Mapping[str, Promise] = {
    "card": pgettext_lazy("short", "カード"), "cod": pgettext_lazy("short", "代引き"), "bank": pgettext_lazy("short", "銀行振込"),
    "convenience": pgettext_lazy("short", "コンビニ"), "deferred": pgettext_lazy("short", "後払い"),
    "points": pgettext_lazy("short", "ポイント"),
    "wallet": pgettext_lazy("short", "電子マネー"), "other": pgettext_lazy("short", "その他"), "unknown": pgettext_lazy("short", "不明"),
}  # fmt: skip
PAYMENT_TONES: Mapping[str, str] = {"settled": "good", "collect": "good", "open": "wait", "failed": "stop"}
PARCEL_TONES: Mapping[str, str] = {
    "draft": "wait", "requested": "moving", "accepted": "moving", "working": "moving", "cannot_ship": "stop", "cancel_asked": "wait",
    "cancelled": "wait", "shipped": "good", "returned": "stop",
}  # fmt: skip
REPORT_CAUSES: Mapping[str, Promise] = {
    "number_not_at_mall": _("送り状番号がモールに見当たりません"),
    "row_incomplete": _("モールの発送明細に空きがあり、発送完了になりません"),
    "replaced": _("新しい番号で報告し直しました"),
}

HIDDEN = "＊"


def masked_name(name: str) -> str:
    """Return the first letter of a name and marks for the rest."""
    return f"{name[:1]}{HIDDEN * 3}" if name else ""


def masked_phone(phone: str) -> str:
    """Return a phone with its last four digits hidden."""
    return f"{phone[:-4]}{HIDDEN * 4}" if len(phone) > 4 else HIDDEN * len(phone)


def masked(text: str) -> str:
    """Return marks where there is a text."""
    return HIDDEN * 6 if text else ""


def report_cause(code: str) -> str:
    """Return why a report is not counted yet; the part after a colon is the mall's row."""
    word, _colon, row = code.partition(":")
    known = REPORT_CAUSES.get(word)
    return f"{known} ({row})" if known and row else str(known or code)


def delivery_words(method: str, name: str = "") -> str:
    """Return how a delivery is called: our word for the method, else the mall's name for it."""
    return str(DELIVERY_METHODS.get(method, method)) or name
