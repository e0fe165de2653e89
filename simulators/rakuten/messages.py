"""The MessageModel of every function, with the codes and Japanese texts of RMS (texts not public are ours)."""

from __future__ import annotations

from typing import Any

PREFIX = "ORDER_EXT_API_"
TEXTS = {
    "SEARCH_ORDER_INFO_101": "受注検索に成功しました。",
    "SEARCH_ORDER_INFO_102": "受注検索に成功しました。(検索結果0件)",
    "GET_ORDER_INFO_101": "受注情報取得に成功しました。(取得件数{count}件)",
    "GET_ORDER_INFO_102": "受注情報を取得することができませんでした。",
    "CONFIRM_ORDER_INFO_101": "注文確認に成功しました。",
    "CONFIRM_ORDER_ERROR_016": "該当する注文が存在しません。",
    "CONFIRM_ORDER_ERROR_102": "既にキャンセルされている注文のため、注文確認できません。",
    "CONFIRM_ORDER_ERROR_103": "注文確認待ち以外のステータスのため、注文確認できません。",
    "CONFIRM_ORDER_ERROR_105": "金額が未確定のため、注文確認できません。",
    "UPDATE_ORDERSHIPPING_INFO_101": "発送情報の追加設定が完了しました。",
    "UPDATE_ORDERSHIPPING_INFO_102": "発送情報の更新設定が完了しました。",
    "UPDATE_ORDERSHIPPING_INFO_103": "発送情報の削除設定が完了しました。",
    "UPDATE_ORDERSHIPPING_ERROR_016": "該当する注文が存在しません。",
    "UPDATE_ORDERSHIPPING_ERROR_101": "発送情報を更新できないステータスの注文です。",
    "UPDATE_ORDERSHIPPING_ERROR_102": "既にキャンセルされている注文です。",
    "CANCEL_ORDER_INFO_101": "キャンセル申請に成功しました。",
    "CANCEL_ORDER_ERROR_016": "該当する注文が存在しません。",
    "CANCEL_ORDER_ERROR_101": "キャンセルできないステータスの注文です。",
    "CANCEL_ORDER_ERROR_102": "既にキャンセルされている注文です。",
    "CANCEL_ORDERAFTERSHIPPING_INFO_101": "キャンセルが完了しました。",
    "CANCEL_ORDERAFTERSHIPPING_ERROR_016": "該当する注文が存在しません。",
    "CANCEL_ORDERAFTERSHIPPING_ERROR_101": "キャンセルできないステータスの注文です。",
    "CANCEL_ORDERAFTERSHIPPING_ERROR_102": "既にキャンセルされている注文です。",
    "UPDATE_ORDERMEMO_INFO_101": "ひとことメモの更新に成功しました。",
    "UPDATE_ORDERMEMO_ERROR_016": "該当する注文が存在しません。",
    "UPDATE_ORDERMEMO_ERROR_107": "指定されたサブステータスは設定できません。",
    "UPDATE_ORDERREMARKS_INFO_101": "備考の更新に成功しました。",
    "UPDATE_ORDERREMARKS_ERROR_016": "該当する注文が存在しません。",
    "UPDATE_ORDERSUBSTATUS_INFO_101": "サブステータスの更新に成功しました。",
    "UPDATE_ORDERSUBSTATUS_ERROR_016": "該当する注文が存在しません。",
    "UPDATE_ORDERSUBSTATUS_ERROR_101": "既にキャンセルされている注文です。",
    "UPDATE_ORDERSUBSTATUS_ERROR_102": "指定されたサブステータスは設定できません。",
    "GET_SUBSTATUSLIST_INFO_101": "サブステータス情報の取得に成功しました。",
    "UPDATE_ORDERSENDER_INFO_101": "送付先情報の更新に成功しました。",
    "UPDATE_ORDERSENDER_ERROR_016": "該当する注文が存在しません。",
    "UPDATE_ORDERSENDER_ERROR_114": "送付先情報を更新できないステータスの注文です。",
    "UPDATE_ORDERSENDER_ERROR_115": "請求金額が減額となるため、減額理由を指定して下さい。",
    "UPDATE_ORDERSENDER_ERROR_136": "代引料を指定して下さい。",
    "UPDATE_ORDERSENDER_ERROR_139": "SKU情報を指定して下さい。",
}
FIELD_TEXTS = {
    "009": "{field}の項目を指定して下さい。",
    "010": "{field}の値を指定して下さい。",
    "011": "{field}の書式が不正です。",
}


def message(code: str, *, count: int | None = None, **extra: Any) -> dict[str, Any]:
    """Build one entry, e.g. `message("CONFIRM_ORDER_INFO_101", orderNumber=number)`."""
    text = TEXTS[code].format(count=count)
    return {"messageType": code.rsplit("_", 2)[1], "messageCode": PREFIX + code, "message": text, **extra}


def field_error(function: str, suffix: str, field: str, **extra: Any) -> dict[str, Any]:
    """Build the entry for a missing (009), empty (010) or malformed (011) field."""
    return {
        "messageType": "ERROR",
        "messageCode": f"{PREFIX}{function}_ERROR_{suffix}",
        "message": FIELD_TEXTS[suffix].format(field=field),
        **extra,
    }
