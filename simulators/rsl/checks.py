"""Reading one shipment request: the reasons for which the warehouse refuses it, with codes that begin with E."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from simulators.rsl.models import Account
from simulators.rsl.tracking import CARRIERS

_PREFECTURES = (
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 "
    "山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 "
    "香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県"
)
PREFECTURES = frozenset(_PREFECTURES.split())
METHODS = frozenset({"", "parcel", "compact", "mail", "cool", "frozen"})
TIME = re.compile(r"|am|pm|(?:0[0-9]|1[0-9]|2[0-4])-(?:0[0-9]|1[0-9]|2[0-4])")
MAX_COD_YEN = 300_000
REFERENCE = re.compile(r"[A-Za-z0-9-]{1,30}")
TEXT_LIMITS = {"memo": 500, "drop_off": 50, "delivery_method": 20, "carrier": 20}
RECIPIENT_LIMITS = {"name": 60, "kana": 60, "city": 100, "street": 200}


class Refusal(Exception):
    """The request is not taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def read_request(raw: Any, account: Account) -> dict[str, Any]:
    """Return the request's content, cleaned; raise Refusal with the first reason found."""
    if not isinstance(raw, dict) or not REFERENCE.fullmatch(_text(raw, "reference")):
        raise Refusal("E101", "伝票番号は半角英数字とハイフン30文字以内です")
    for name, limit in TEXT_LIMITS.items():
        if len(_text(raw, name)) > limit:
            raise Refusal("E115", f"{name} は{limit}文字以内です")
    recipient = _read_recipient(_object(raw, "recipient"), account)
    lines = _read_lines(raw.get("lines"), account)
    content = {
        "recipient": recipient,
        "sender": _object(raw, "sender"),
        "lines": lines,
        "wish": _read_wish(_object(raw, "wish")),
        "delivery_method": _text(raw, "delivery_method"),
        "carrier": _text(raw, "carrier"),
        "cod_yen": raw.get("cod_yen"),
        "drop_off": _text(raw, "drop_off"),
        "gift": _object(raw, "gift"),
        "slip": _object(raw, "slip"),
        "memo": _text(raw, "memo"),
    }
    _check_delivery(content)
    return content


def _read_recipient(raw: dict[str, Any], account: Account) -> dict[str, str]:
    person = {
        name: _text(raw, name).strip()
        for name in ("name", "kana", "postal_code", "prefecture", "city", "street", "phone")
    }
    person["postal_code"] = person["postal_code"].replace("-", "")
    person["phone"] = person["phone"].replace("-", "")
    for name, limit in RECIPIENT_LIMITS.items():
        if len(person[name]) > limit:
            raise Refusal("E115", f"お届け先 {name} は{limit}文字以内です")
    if not person["name"]:
        raise Refusal("E102", "お届け先の氏名がありません")
    if not re.fullmatch(r"[0-9]{7}", person["postal_code"]):
        raise Refusal("E103", "郵便番号は数字7桁です")
    if account.refuse_postal_0000 and person["postal_code"].endswith("0000"):
        raise Refusal("E104", "末尾が0000の郵便番号は受け付けられません")
    if person["prefecture"] not in PREFECTURES:
        raise Refusal("E105", "都道府県名が正しくありません")
    if not person["city"] or not person["street"]:
        raise Refusal("E106", "市区町村または番地がありません")
    if not re.fullmatch(r"0[0-9]{9,10}", person["phone"]):
        raise Refusal("E107", "お届け先の電話番号がないか、桁数が正しくありません")
    return person


def _read_lines(raw: Any, account: Account) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not raw:
        raise Refusal("E108", "明細がありません")
    lines = []
    for row in raw:
        sku = _text(row, "sku") if isinstance(row, dict) else ""
        if not sku or not (account.open_catalogue or sku in account.stock):
            raise Refusal("E109", f"商品コード {sku} は登録されていません")
        quantity = row.get("quantity")
        if type(quantity) is not int or not 1 <= quantity <= 9999:
            raise Refusal("E110", f"商品コード {sku} の数量が正しくありません")
        lines.append({"sku": sku, "quantity": quantity, "name": _text(row, "name")})
    return lines


def _read_wish(raw: dict[str, Any]) -> dict[str, str]:
    day, slot = _text(raw, "date_on"), _text(raw, "time")
    try:
        if day:
            date.fromisoformat(day)
    except ValueError:
        raise Refusal("E114", "お届け希望日の形式が正しくありません") from None
    if not TIME.fullmatch(slot):
        raise Refusal("E113", "お届け時間帯が正しくありません")
    return {"date_on": day, "time": slot}


def _check_delivery(content: dict[str, Any]) -> None:
    if content["delivery_method"] not in METHODS or content["carrier"] not in ("", *CARRIERS):
        raise Refusal("E111", "配送方法または配送会社が正しくありません")
    cod = content["cod_yen"]
    if cod is None:
        return
    if type(cod) is not int or not 0 < cod <= MAX_COD_YEN:
        raise Refusal("E112", "代引金額は1円から300,000円までです")
    if content["delivery_method"] == "mail":
        raise Refusal("E112", "メール便では代引をご利用いただけません")


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal("E100", f"{name} は文字列です")
    return value


def _object(raw: dict[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal("E100", f"{name} はオブジェクトです")
    return value
