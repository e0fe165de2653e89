"""The sample mall's codes and the hub's words."""

from __future__ import annotations

from datetime import timedelta, timezone

from orders.channels import CancelReason

TOKYO = timezone(timedelta(hours=9), "JST")

LIST, INFO, SHIP, CANCEL = "orderList", "orderInfo", "shipChange", "orderCancel"

# Card data is never kept: these elements are taken out of an order before it is hashed and stored.
NEVER_STORED = ("CardLast4",)

OPEN, HELD, CANCELLED, DONE = "2", "3", "4", "5"
ORDER_STATES = {OPEN: "new", HELD: "processing", CANCELLED: "cancelled", DONE: "settled"}
MAY_NOT_SHIP = "0"
SHIP_STATES = {MAY_NOT_SHIP: "processing", "1": "ready", "2": "ready", "3": "shipped", "4": "shipped"}
PAID = "1"

PAYMENT_METHODS = {
    "payment_a1": "card", "payment_a6": "convenience", "payment_a17": "wallet", "payment_b1": "bank", "payment_d1": "cod",
    "payment_z1": "points",
}  # fmt: skip
WISH_TIMES = {"101": "morning", "102": "14-16", "103": "16-18", "104": "18-20", "105": "19-21"}
NEXT_DAY = "2"

CARRIERS = {"1000": "other", "1001": "yamato", "1002": "sagawa", "1003": "japan_post"}
CARRIER_CODES = {word: code for code, word in CARRIERS.items()}
OTHER_CARRIER = "1000"
SLOTS = ("1", "2")

CANCEL_REASONS = {
    CancelReason.CUSTOMER_CANCEL: "100", CancelReason.CUSTOMER_OTHER: "100", CancelReason.UNPAID: "100",
    CancelReason.OUT_OF_STOCK: "210", CancelReason.DELAY: "200", CancelReason.SHOP_OTHER: "200",
}  # fmt: skip

REFUSALS = {"od-91801": "unknown_order", "od-91702": "wrong_state", "od-91703": "cancelled", "od-90101": "wrong_format"}
UNKNOWN_ORDER = "od-91801"
EXPIRED = "expired_token"
