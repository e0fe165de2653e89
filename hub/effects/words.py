"""What effects are called on screens: their kinds, where they go, their states, and what an act on a stopped one means."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.models import EffectState

KINDS: Mapping[str, Promise] = {
    "mall.confirm": _("注文確認"), "mall.report": _("出荷報告"), "mall.cancel": _("モールのキャンセル"),
    "warehouse.send": _("出荷依頼"), "warehouse.withdraw": _("出荷依頼の取下げ"), "mail.send": _("メール"),
}  # fmt: skip
ICONS: Mapping[str, str] = {
    "mall.confirm": "mall", "mall.report": "send", "mall.cancel": "ban", "warehouse.send": "warehouse", "warehouse.withdraw": "undo",
    "mail.send": "mail",
}  # fmt: skip
STATES: Mapping[str, tuple[Promise, str]] = {
    EffectState.WAITING: (_("送信待ち"), "moving"),
    EffectState.SENDING: (_("送信中"), "moving"),
    EffectState.DONE: (_("届いた"), "good"),
    EffectState.UNSURE: (_("確かめています"), "wait"),
    EffectState.STOPPED: (_("止まっています"), "stop"),
    EffectState.DROPPED: (_("取りやめ"), "closed"),
}
"""State → its word and tone."""

AGAIN_LOOKS = _("送る前に相手をもう一度見に行き、届いていれば送りません。二重にはなりません。")
AGAIN_BLIND = _("相手に確かめる方法がないため、届いていた場合は二度になることがあります。")
NOW = _("次の機会を待たずに送ります。相手が応答しない間は、応答が戻るのを待ちます。")
LOOK = _("相手をすぐ見に行きます。届いていれば済みになり、届いていなければ送り直します。二重にはなりません。")
DONE = _("相手の画面で確かめたとき、または手で入れたときに。届いたものとして先へ進みます。")
DROP: Mapping[str, Promise] = {
    "mall.confirm": _("注文確認は送りません。モールの画面で確認しないと、14日で自動キャンセルになります。"),
    "mall.report": _("この報告は送りません。モールの画面で入れないと、売上の入金が始まりません。"),
    "mall.cancel": _("キャンセルは送りません。受注はモールで生きたままです。"),
    "warehouse.send": _(
        "この依頼は送りません。荷物は依頼前に戻り、もう一度依頼できます。倉庫に届いたかもしれない依頼では、先に取下げを頼んでください。"
    ),
    "warehouse.withdraw": _("取下げは送りません。倉庫はこのまま出荷します。"),
    "mail.send": _("このメールは送りません。"),
}


def kind_words(kind: str) -> str:
    """Return what a kind of effect is called."""
    return str(KINDS.get(kind, kind))
