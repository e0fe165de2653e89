"""The words for the codes that the program itself uses: payment, states, phases, blocks, kinds."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PHASES: Mapping[str, Promise] = {
    "intake": _("取込"), "payment": _("決済"), "ready": _("出荷準備"), "shipping": _("出荷"), "shipped": _("出荷済"),
    "done": _("完了"), "cancelled": _("キャンセル"),
}  # fmt: skip
PAYMENT_METHODS: Mapping[str, Promise] = {
    "card": _("クレジットカード"), "cod": _("代金引換"), "bank": _("銀行振込"), "convenience": _("コンビニ"), "deferred": _("後払い"),
    "points": _("ポイント"), "wallet": _("電子マネー・キャリア"), "other": pgettext_lazy("short", "その他"), "unknown": _("不明"),
}  # fmt: skip
PAYMENT_STATES: Mapping[str, Promise] = {
    "open": _("未入金"), "settled": _("入金確認済"), "collect": _("代引で回収"), "failed": _("決済失敗"),
}  # fmt: skip
MALL_STATES: Mapping[str, Promise] = {
    "new": _("注文確認待ち"), "processing": _("モール処理中"), "ready": _("発送待ち"), "changing": _("変更確定待ち"),
    "shipped": _("発送済"), "settled": _("支払手続き済"), "cancelling": _("キャンセル確定待ち"), "cancelled": _("キャンセル確定"),
    "none": _("モールなし"),
}  # fmt: skip
PARCEL_STATES: Mapping[str, Promise] = {
    "draft": _("出荷依頼前"), "requested": _("依頼中"), "accepted": _("受付済"), "working": _("作業中"), "cannot_ship": _("出荷不可"),
    "cancel_asked": _("取下げ中"), "cancelled": _("取下げ済"), "shipped": _("出荷済"), "returned": _("返送"),
}  # fmt: skip
CONFIRM_STATES: Mapping[str, Promise] = {
    "waiting": _("確認待ち"), "queued": _("確認を送信待ち"), "done": _("確認済"), "other": _("他システムが確認"),
    "stopped": _("確認できず"),
}  # fmt: skip
DELIVERY_METHODS: Mapping[str, Promise] = {
    "parcel": _("宅配便"), "compact": _("宅配便コンパクト"), "mail": _("メール便"),
    "cool": _("クール便（冷蔵）"), "frozen": _("クール便（冷凍）"),
}  # fmt: skip
UNMAPPED: Mapping[str, Promise] = {"none": _("なし"), "some": _("一部商品"), "all": _("全商品")}
FLAG: Mapping[bool, Promise] = {True: _("はい"), False: _("いいえ")}
SUBJECTS: Mapping[str, Promise] = {
    "order": _("受注"), "payment": _("支払・金額"), "buyer": _("注文者"), "recipient": _("届け先"), "goods": _("商品"),
    "shipping": _("配送・出荷"), "work": _("作業"),
}  # fmt: skip
