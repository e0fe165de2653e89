"""What the keys and words of `extra` and `pick_up` are called, in Japanese and English: for pages and exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Field:
    """A key, its two names and, where its values are words of ours, theirs."""

    ja: str
    en: str
    words: Mapping[str, tuple[str, str]] | None = None

    def name(self, language: str) -> str:
        """Return the label in a language (`ja` or `en`)."""
        return self.ja if language.startswith("ja") else self.en


_DEVICES = {
    "pc": ("PC", "PC"), "feature_phone": ("携帯電話", "Feature phone"), "iphone": ("iPhone", "iPhone"),
    "android": ("Android", "Android"), "smartphone": ("スマートフォン", "Smartphone"), "ipad": ("iPad", "iPad"),
    "android_tablet": ("Androidタブレット", "Android tablet"), "tablet": ("タブレット", "Tablet"), "unknown": ("不明", "Unknown"),
}  # fmt: skip
_MAIL_DEVICES = {
    "pc": ("PC", "PC"), "docomo": ("docomo", "docomo"), "au": ("au", "au"), "softbank": ("SoftBank", "SoftBank"),
    "willcom": ("WILLCOM", "WILLCOM"), "other": ("その他", "Other"),
}  # fmt: skip
_CAUTIONS = {
    "none": ("なし", "None"),
    "caution": ("注意", "Caution"),
    "cancelled": ("注意表示によりキャンセル", "Cancelled for caution"),
}
_CAUTION_DETAILS = {
    "unpaid_prepayment": ("前払いの未入金", "Prepayment not paid"), "refused": ("受取拒否", "Refused delivery"),
    "long_absence": ("長期不在による受取拒否", "Long absence"), "returned_opened": ("開封後の返品", "Returned after opening"),
    "demanding": ("過度な要求", "Excessive demands"),
}  # fmt: skip
_DELIVERY_CLASSES = {
    "none": ("選択なし", "None"), "normal": ("普通", "Normal"), "chilled": ("冷蔵", "Chilled"), "frozen": ("冷凍", "Frozen"),
    "other_1": ("その他1", "Other 1"), "other_2": ("その他2", "Other 2"), "other_3": ("その他3", "Other 3"),
    "other_4": ("その他4", "Other 4"), "other_5": ("その他5", "Other 5"),
}  # fmt: skip
_PAYERS = {"shop": ("ショップ", "Shop"), "maker": ("メーカー", "Maker"), "mall": ("モール", "Mall")}
_WRAPPINGS = {"paper": ("包装紙", "Paper"), "ribbon": ("リボン", "Ribbon")}
_POINT_TYPES = {
    "none": ("なし", "None"), "shop": ("店舗別変倍", "By shop"), "item": ("商品別変倍", "By item"), "error": ("エラー", "Error"),
}  # fmt: skip
_STOCK_KINDS = {
    "none": ("なし", "None"),
    "normal": ("通常在庫", "Normal"),
    "per_option": ("項目選択肢別在庫", "Per option"),
}
_RESTOCK = {"as_item": ("商品の設定に従う", "As set for the item"), "yes": ("戻す", "Yes"), "no": ("戻さない", "No")}
_KINDS = {
    "payment": ("支払期限", "Payment due"), "payment_change": ("支払方法変更期限", "Payment change due"),
    "refund": ("返金手続き期限", "Refund due"), "cancel_asked": ("キャンセル申請", "Cancellation asked"),
    "cancel_fixed": ("キャンセル確定", "Cancellation fixed"), "cancel_done": ("キャンセル完了", "Cancelled"),
    "cancel_withdrawn": ("キャンセル取消", "Cancellation withdrawn"), "change_asked": ("変更申請", "Change asked"),
    "change_fixed": ("変更確定", "Change fixed"), "change_done": ("変更完了", "Changed"),
    "change_withdrawn": ("変更取消", "Change withdrawn"), "confirmed": ("注文確認", "Confirmed"),
    "paid_again": ("再決済手続き", "Paid again"), **_WRAPPINGS,
}  # fmt: skip
_CHANGE_DETAILS = {
    "less": ("減額", "Less"), "more": ("増額", "More"), "other": ("その他", "Other"),
    "payment_method": ("支払方法変更", "Payment method"), "payment_method_and_less": ("支払方法変更・減額", "Payment method, less"),
    "payment_method_and_more": ("支払方法変更・増額", "Payment method, more"),
}  # fmt: skip
_CHANGED_BY = {"shop": ("店舗", "Shop"), "customer": ("お客様", "Customer")}
_REASONS = {
    "customer_cancel": ("お客様都合: キャンセル", "Customer: cancelled"),
    "customer_returned": ("お客様都合: 受取後の返品", "Customer: returned"),
    "long_absence": ("お客様都合: 長期不在による受取拒否", "Customer: long absence"),
    "unpaid": ("お客様都合: 未入金", "Customer: not paid"),
    "cod_refused": ("お客様都合: 代引の受取拒否", "Customer: refused COD"), "customer_other": ("お客様都合: その他", "Customer: other"),
    "out_of_stock": ("店舗都合: 欠品", "Shop: out of stock"), "shop_other": ("店舗都合: その他", "Shop: other"),
    "delay": ("店舗都合: 発送遅延", "Shop: delay"), "caution": ("店舗都合: 顧客・配送対応注意表示", "Shop: caution"),
    "damaged_or_wrong": ("店舗都合: 破損・品違い", "Shop: damaged or wrong"),
    "gift_input_expired": ("ソーシャルギフトの入力期限切れ", "Gift address not given in time"),
}  # fmt: skip


def _f(ja: str, en: str, words: Mapping[str, tuple[str, str]] | None = None) -> Field:
    return Field(ja=ja, en=en, words=words)


FIELDS: dict[str, Field] = {
    # the order
    "sub_status_id": _f("サブステータスID", "Sub-status id"),
    "fixed_at": _f("確定日時", "Fixed at"),
    "ship_instructed_at": _f("発送指示日時", "Ship instruction at"),
    "shipment_counted_at": _f("発送完了報告日時", "Shipment report counted at"),
    "gift_wish": _f("ギフト配送希望", "Gift wish"),
    "social_gift": _f("ソーシャルギフト", "Social gift"),
    "several_recipients": _f("複数送付先", "Several recipients"),
    "recipient_is_buyer": _f("注文者と送付先が同じ", "Recipient is the buyer"),
    "island": _f("離島", "Remote island"),
    "member": _f("楽天会員", "Rakuten member"),
    "device": _f("利用端末", "Device", _DEVICES),
    "mail_device": _f("メール端末", "Mail device", _MAIL_DEVICES),
    "subscription_number": _f("申込番号", "Subscription number"),
    "subscription_count": _f("申込お届け回数", "Subscription delivery no."),
    "caution": _f("注意表示", "Caution", _CAUTIONS),
    "caution_detail": _f("注意表示の詳細", "Caution detail", _CAUTION_DETAILS),
    "mall_review": _f("楽天確認中", "Under review by Rakuten"),
    "goods_yen": _f("商品金額（登録どおり）", "Goods as entered"),
    "cod_fee_yen": _f("代引料", "COD fee"),
    "payment_charge_yen": _f("決済手数料", "Payment charge"),
    "payment_charge_tax_percent": _f("決済手数料の税率", "Tax on payment charge"),
    "tax_outside_yen": _f("外税額", "Tax not in the prices"),
    "goods_and_postage_yen": _f("合計金額（商品・送料・ラッピング）", "Goods, postage and wrapping"),
    "coupon_all_yen": _f("クーポン利用総額", "Coupons in all"),
    "coupon_shop_yen": _f("店舗発行クーポン利用額", "Coupons paid by the shop"),
    "coupon_other_yen": _f("楽天・メーカー発行クーポン利用額", "Coupons paid by Rakuten or makers"),
    "additional_fee_buyer_yen": _f("注文者負担金", "Additional fee, buyer"),
    "additional_fee_shop_yen": _f("店舗負担金", "Additional fee, shop"),
    "asuraku": _f("あす楽希望", "Asuraku"),
    "certified_delivery": _f("最強翌日配送", "Saikyo next-day delivery"),
    "one_day_operation": _f("1営業日以内に発送", "Ships within one business day"),
    "drug": _f("医薬品", "Medicine"),
    "deal": _f("スーパーDEAL", "Super DEAL"),
    "membership": _f("会員プログラム", "Membership programme"),
    "mall_memo": _f("モールのひとことメモ", "Memo at the mall"),
    "mall_operator": _f("モールの担当者", "Operator at the mall"),
    "mall_mail_note": _f("お客様へのメッセージ", "Message to the customer"),
    "changed_by_buyer": _f("購入履歴からの変更", "Changed by the buyer"),
    "receipt_count": _f("領収書発行回数", "Receipts issued"),
    "receipts": _f("領収書発行履歴", "Receipt history"),
    "buyer_sex": _f("注文者の性別", "Buyer's sex"),
    "buyer_birth": _f("注文者の生年月日", "Buyer's date of birth"),
    "payment_code": _f("支払方法コード", "Payment code"),
    "mall_payment": _f("楽天共通決済", "Rakuten common payment"),
    "delivery_class": _f("配送区分", "Delivery class", _DELIVERY_CLASSES),
    "wrapping_1": _f("ラッピング1", "Wrapping 1"),
    "wrapping_2": _f("ラッピング2", "Wrapping 2"),
    "coupons": _f("クーポン", "Coupons"),
    "tax_summary": _f("税率別集計", "Tax summary"),
    "due_dates": _f("期限", "Due dates"),
    "changes": _f("変更・キャンセルの履歴", "Changes"),
    "deleted_parcels": _f("モールで削除された送付先", "Recipients deleted at the mall"),
    # a destination
    "postage_tax_percent": _f("送料の税率", "Tax on postage"),
    "cod_fee_tax_percent": _f("代引料の税率", "Tax on COD fee"),
    "mall_carrier_code": _f("購入時の配送会社コード", "Carrier code at purchase"),
    "drop_off_wanted": _f("置き配", "Drop-off"),
    "deleted": _f("モールで削除済み", "Deleted at the mall"),
    "deleted_lines": _f("モールで削除された商品", "Lines deleted at the mall"),
    "shipping_rows": _f("モールの発送明細", "Shipping rows at the mall"),
    "row_key": _f("発送明細ID", "Shipping row id"),
    "carrier_code": _f("配送会社コード", "Carrier code"),
    "carrier_name": _f("配送会社名", "Carrier name"),
    "tracking_number": _f("送り状番号", "Tracking number"),
    "shipped_on": _f("発送日", "Shipped on"),
    "input_due_at": _f("届け先の入力期限", "Address due"),
    "address_given": _f("届け先入力済み", "Address given"),
    "address_given_at": _f("届け先の入力日時", "Address given at"),
    "recipient_email": _f("受取人のメールアドレス", "Recipient's e-mail"),
    "number": _f("管理番号", "Control number"),
    # the shop where the parcel is fetched
    "chain_code": _f("コンビニコード", "Chain code"),
    "chain": _f("コンビニ", "Chain"),
    "store_kind_code": _f("店舗ジャンルコード", "Store kind code"),
    "store_code": _f("店舗コード", "Store code"),
    "store_name": _f("受取店舗", "Pick-up shop"),
    "postal_code": _f("郵便番号", "Postal code"),
    "prefecture": _f("都道府県", "Prefecture"),
    "address": _f("住所", "Address"),
    "area_code": _f("発注エリアコード", "Area code"),
    "depot": _f("センターデポコード", "Depot"),
    "opens_at": _f("開店時間", "Opens at"),
    "closes_at": _f("閉店時間", "Closes at"),
    "note": _f("特記事項", "Note"),
    # a line
    "item_id": _f("商品ID", "Item id"),
    "item_number": _f("商品番号", "Item number"),
    "manage_number": _f("商品管理番号", "Manage number"),
    "variant_id": _f("SKU管理番号", "Variant id"),
    "merchant_sku": _f("システム連携用SKU番号", "Merchant SKU id"),
    "variation": _f("SKU情報", "Variation"),
    "further_skus": _f("その他のSKU", "Further SKUs"),
    "postage_included": _f("送料込", "Postage included"),
    "tax_included": _f("税込", "Tax included"),
    "cod_fee_included": _f("代引手数料込", "COD fee included"),
    "point_rate": _f("ポイント倍率", "Point rate"),
    "point_type": _f("ポイントタイプ", "Point type", _POINT_TYPES),
    "stock_kind": _f("在庫タイプ", "Stock kind", _STOCK_KINDS),
    "lead_time": _f("納期情報", "Lead time"),
    "restock": _f("在庫連動", "Restock", _RESTOCK),
    "ships_alone": _f("単品配送", "Ships alone"),
    # inside coupons, taxes, wrappings, due dates and changes
    "id": _f("ID", "Id"),
    "code": _f("クーポンコード", "Coupon code"),
    "name": _f("名称", "Name"),
    "summary": _f("概要", "Summary"),
    "payer": _f("負担者", "Paid by", _PAYERS),
    "payer_name": _f("クーポン原資", "Funded by"),
    "expires_on": _f("有効期限", "Expires on"),
    "price_yen": _f("単価", "Price"),
    "count": _f("数", "Count"),
    "total_yen": _f("合計", "Total"),
    "line_key": _f("商品明細ID", "Line id"),
    "tax_percent": _f("税率", "Tax rate"),
    "base_yen": _f("請求額（税込）", "Amount with tax"),
    "tax_yen": _f("税額", "Tax"),
    "coupon_yen": _f("クーポン", "Coupons"),
    "points_yen": _f("ポイント", "Points"),
    "kind": _f("種類", "Kind", _KINDS),
    "on": _f("期日", "On"),
    "detail": _f("内容", "Detail", _CHANGE_DETAILS),
    "by": _f("都合", "By", _CHANGED_BY),
    "reason": _f("理由", "Reason", _REASONS),
    "asked_at": _f("申請日時", "Asked at"),
    "done_at": _f("完了日時", "Done at"),
}

FUNCTIONS: Mapping[str, Promise] = {
    "license.expiryDate.get": _("鍵の期限を読む"),
    "rpay.order.searchOrder": _("注文を探す"),
    "rpay.order.getOrder": _("注文を読む"),
    "rpay.order.confirmOrder": _("注文を確認する"),
    "rpay.order.updateOrderShipping": _("出荷を報告する"),
    "rpay.order.cancelOrder": _("注文をキャンセルする"),
}
"""What each function that the live test asks is for."""

_YES_NO = {True: ("はい", "Yes"), False: ("いいえ", "No")}


def shown(key: str, value: Any, language: str) -> str:
    """Return a plain value for people: flags as yes or no, our words by their names, amounts with their units."""
    second = 0 if language.startswith("ja") else 1
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _YES_NO[value][second]
    words = FIELDS[key].words if key in FIELDS else None
    if words and value in words:
        return words[value][second]
    if key.endswith("_yen"):
        return f"{value:,}円" if second == 0 else f"¥{value:,}"
    return f"{value}%" if key.endswith("_percent") else str(value)


def rows(extra: Mapping[str, Any], language: str) -> Iterator[tuple[int, str, str]]:
    """Yield (depth, label, text) for everything in an extra, lists and objects unfolded; what is empty is left out."""
    for key, value in extra.items():
        yield from _rows(key, value, language, 0)


def _rows(key: str, value: Any, language: str, depth: int) -> Iterator[tuple[int, str, str]]:
    label = FIELDS[key].name(language) if key in FIELDS else key
    if isinstance(value, Mapping):
        yield depth, label, ""
        for inner, content in value.items():
            yield from _rows(inner, content, language, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _rows(key, item, language, depth)
    elif value is not None and value != "":
        yield depth, label, shown(key, value, language)
