"""Rakuten's numbers and the hub's words, from the code tables of the RMS order API. Rakuten adds codes now and then."""

from __future__ import annotations

from orders import blocks
from orders.channels import CancelReason

# Card data is never kept: these keys are cut out of a payload before it is hashed and stored.
NEVER_STORED = ("cardName", "cardNumber", "cardOwner", "cardYm", "cardPayType", "cardInstallmentDesc")

UNFIXED = -9999  # an amount that the mall has not fixed yet

NEW, PROCESSING, READY, CHANGING, SHIPPED, SETTLING, SETTLED, CANCELLING, CANCELLED = (
    100,
    200,
    300,
    400,
    500,
    600,
    700,
    800,
    900,
)
STATES = {
    NEW: "new", PROCESSING: "processing", READY: "ready", CHANGING: "changing", SHIPPED: "shipped",
    SETTLING: "settled", SETTLED: "settled", CANCELLING: "cancelling", CANCELLED: "cancelled",
}  # fmt: skip
STATE_BLOCKS = {
    NEW: blocks.UNCONFIRMED, CHANGING: blocks.CHANGING, CANCELLING: blocks.CANCELLING, CANCELLED: blocks.CANCELLED,
}  # fmt: skip
PAID_STATES = frozenset({READY, SHIPPED, SETTLING, SETTLED})

COD = "cod"
PAYMENT_METHODS = {
    1: "card", 2: COD, 3: "deferred", 4: "other", 5: "other", 6: "other", 7: "deferred", 8: "points", 9: "bank", 12: "wallet",
    13: "convenience", 14: "convenience", 16: "wallet", 17: "wallet", 21: "deferred", 27: "wallet",
}  # fmt: skip

ORDER_KINDS = {1: "normal", 4: "subscription", 5: "hanpukai", 6: "preorder"}

DEVICES = {
    0: "pc", 1: "feature_phone", 2: "feature_phone", 3: "feature_phone", 5: "feature_phone", 11: "iphone", 12: "android",
    19: "smartphone", 21: "ipad", 22: "android_tablet", 29: "tablet", 99: "unknown",
}  # fmt: skip
MAIL_DEVICES = {0: "pc", 1: "docomo", 2: "au", 3: "softbank", 5: "willcom", 99: "other"}

CAUTIONS = {0: "none", 1: "caution", 2: "cancelled"}
CAUTION_DETAILS = {
    101: "unpaid_prepayment", 102: "refused", 103: "long_absence", 104: "returned_opened", 105: "demanding",
}  # fmt: skip

DELIVERY_CLASSES = {
    0: "none", 1: "normal", 2: "chilled", 3: "frozen", 4: "other_1", 5: "other_2", 6: "other_3", 7: "other_4", 8: "other_5",
}  # fmt: skip

CARRIERS = {
    "1000": "other", "1001": "yamato", "1002": "sagawa", "1003": "japan_post", "1004": "seino", "1005": "seino_super_express",
    "1006": "fukuyama", "1007": "meitetsu", "1008": "tonami", "1009": "daiichi", "1010": "niigata", "1011": "chuetsu",
    "1012": "okayama", "1013": "kurume", "1014": "sanyo", "1015": "nx_transport", "1016": "ecohai", "1017": "ems", "1018": "dhl",
    "1019": "fedex", "1020": "ups", "1021": "nippon_express", "1022": "tnt", "1023": "ocs", "1024": "usps", "1025": "sf",
    "1026": "aramex", "1027": "sgh", "1028": "rakuten_express", "1029": "japan_post_rsl", "1030": "yamato_yu_packet",
    "1031": "meitetsu_nx",
}  # fmt: skip
OTHER_CARRIER = "1000"
CARRIER_CODES = {word: code for code, word in CARRIERS.items()}

COUPON_PAYERS = {1: "shop", 2: "maker", 3: "mall"}

WRAPPINGS = {1: "paper", 2: "ribbon"}
POINT_TYPES = {0: "none", 1: "shop", 2: "item", -99: "error"}
INVENTORY_TYPES = {0: "none", 1: "normal", 2: "per_option"}
RESTOCK_TYPES = {0: "as_item", 1: "yes", 2: "no"}
DUE_DATES = {0: "payment", 1: "payment_change", 2: "refund"}
PAYMENT_DUE = 0
CHANGE_TYPES = {
    0: "cancel_asked", 1: "cancel_fixed", 2: "cancel_done", 3: "cancel_withdrawn", 4: "change_asked", 5: "change_fixed",
    6: "change_done", 7: "change_withdrawn", 8: "confirmed", 9: "paid_again",
}  # fmt: skip
CHANGE_DETAILS = {
    0: "less", 1: "more", 2: "other", 10: "payment_method", 11: "payment_method_and_less", 12: "payment_method_and_more",
}  # fmt: skip
CHANGED_BY = {0: "shop", 1: "customer"}
CHANGE_REASONS = {
    1: "customer_cancel", 2: "customer_returned", 3: "long_absence", 4: "unpaid", 5: "cod_refused", 6: "customer_other",
    8: "out_of_stock", 10: "shop_other", 13: "delay", 14: "caution", 15: "damaged_or_wrong", 16: "gift_input_expired",
}  # fmt: skip
CONVENIENCE_STORES = {
    1: "ファミリーマート", 20: "ミニストップ", 50: "ローソン", 60: "郵便局", 80: "デイリーヤマザキ", 81: "デイリーヤマザキ",
    82: "デイリーヤマザキ", 85: "NewDays", 90: "ポプラ",
}  # fmt: skip

CANCEL_REASONS = {
    CancelReason.CUSTOMER_CANCEL: 1, CancelReason.CUSTOMER_OTHER: 6, CancelReason.UNPAID: 4, CancelReason.OUT_OF_STOCK: 8,
    CancelReason.DELAY: 13, CancelReason.SHOP_OTHER: 10,
}  # fmt: skip
PUT_BACK_STOCK, KEEP_STOCK = 1, 2

# What a social gift holds until its recipient has typed the address.
AWAITED = "入力待ち"


def wish_time(term: int | None) -> str:
    """Translate a time slot: 1 and 2 are halves of the day, `1416` is 14 to 16 o'clock, `708` 7 to 8."""
    if not term:
        return ""
    if term in _HALVES:
        return _HALVES[term]
    start, end = divmod(term, 100)
    return f"{start:02d}-{end:02d}" if 0 < start < end <= 24 else "other"


_HALVES = {1: "morning", 2: "afternoon", 9: "other"}
