"""Order, its parcels and lines, tracking numbers, reports to the mall, and the search keys beside them."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from hub.models import one_of
from hub.tenancy import TenantForeignKey, TenantModel
from orders.models.products import Listing, Product
from orders.models.shops import Shop, Warehouse
from orders.models.statuses import OPEN_PHASES, Phase, Status, Tag


class PaymentMethod(models.TextChoices):
    CARD = "card"
    COD = "cod"
    BANK = "bank"
    CONVENIENCE = "convenience"
    DEFERRED = "deferred"
    POINTS = "points"
    WALLET = "wallet"
    OTHER = "other"
    UNKNOWN = "unknown"


class PaymentState(models.TextChoices):
    """`settled`: the mall or the bank says the money is sure. `collect`: the carrier collects it (COD)."""

    OPEN = "open"
    SETTLED = "settled"
    COLLECT = "collect"
    FAILED = "failed"


class MallState(models.TextChoices):
    """What the mall says of the order, in the hub's words. An adapter maps its own codes to these."""

    NEW = "new"
    PROCESSING = "processing"
    READY = "ready"
    CHANGING = "changing"
    SHIPPED = "shipped"
    SETTLED = "settled"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    NONE = "none"


class ParcelState(models.TextChoices):
    DRAFT = "draft"
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    WORKING = "working"
    CANNOT_SHIP = "cannot_ship"
    CANCEL_ASKED = "cancel_asked"
    CANCELLED = "cancelled"
    SHIPPED = "shipped"
    RETURNED = "returned"


FINISHED_AT = Case(
    When(deleted_at__isnull=False, then="deleted_at"),
    When(phase=Phase.CANCELLED, then="status_at"),
    When(shipped_at__isnull=False, then="shipped_at"),
    default="status_at",
)
"""When an order that is not open was finished: taken out of the hub, cancelled, shipped, or (seen here as done already) as it came in.

Under row security COALESCE counts as leaky, and its index would serve no comparison; CASE does not.
"""

ORDER_PERSONS = ("buyer_name", "buyer_kana", "buyer_email", "buyer_phone", "buyer_postal_code", "buyer_city", "buyer_street",
                 "remarks", "remark_left", "memo")  # fmt: skip
PARCEL_PERSONS = ("name", "kana", "phone", "postal_code", "city", "street", "drop_off", "noshi")
"""Columns that an erased order, and an erased parcel, never hold again: the database refuses it."""


def _no_persons(name: str, *, texts: Iterable[str], objects: Iterable[str]) -> models.CheckConstraint:
    """Return the CHECK that keeps these columns of an erased row empty."""
    empty = {**dict.fromkeys(texts, ""), **{column: {} for column in objects}}
    return models.CheckConstraint(condition=Q(erased_at__isnull=True) | Q(**empty), name=name)


class Order(TenantModel):
    """One order of a shop, numbered by the mall.

    Columns belong to the mall, to the hub, or are shared (`orders/owners.py`). Money is integer yen; null means the mall has not
    fixed it yet. `mall_block` lists, space separated, why the mall itself forbids shipping. `judge_at` is when the order is next
    due for the rules; `reread_at` when it is next read from the mall. `ours`: this hub may act on it outside. `erased_at`: its persons
    were erased by retention (`orders/retention/`); the database lets none come back.
    """

    shop = TenantForeignKey(Shop)
    number = models.TextField()
    status = TenantForeignKey(Status)
    phase = models.TextField(choices=Phase.choices, default=Phase.INTAKE)
    status_at = models.DateTimeField()
    placed_at = models.DateTimeField()
    ready_at = models.DateTimeField()
    taken_in_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    mall_state = models.TextField(choices=MallState.choices, default=MallState.NONE)
    mall_code = models.TextField(default="")
    mall_sub_status = models.TextField(default="")
    mall_block = models.TextField(default="")
    mall_read_at = models.DateTimeField(null=True)
    cancel_due_on = models.DateField(null=True)
    pay_due_on = models.DateField(null=True)

    buyer_name = models.TextField(default="")
    buyer_kana = models.TextField(default="")
    buyer_email = models.TextField(default="")
    buyer_phone = models.TextField(default="")
    buyer_postal_code = models.TextField(default="")
    buyer_prefecture = models.TextField(default="")
    buyer_city = models.TextField(default="")
    buyer_street = models.TextField(default="")

    payment_method = models.TextField(choices=PaymentMethod.choices, default=PaymentMethod.UNKNOWN)
    payment_name = models.TextField(default="")
    payment_state = models.TextField(choices=PaymentState.choices, default=PaymentState.OPEN)
    delivery_method = models.TextField(default="")
    delivery_name = models.TextField(default="")
    next_day = models.BooleanField(default=False)
    gift = models.BooleanField(default=False)
    island = models.BooleanField(default=False)
    order_kind = models.TextField(default="normal")
    remarks = models.TextField(default="")
    remark_left = models.TextField(default="")
    remark_read = models.BooleanField(default=False)
    wish_on = models.DateField(null=True)
    wish_time = models.TextField(default="")

    subtotal_yen = models.BigIntegerField(null=True)
    postage_yen = models.BigIntegerField(null=True)
    fee_yen = models.BigIntegerField(null=True)
    coupon_shop_yen = models.BigIntegerField(default=0)
    coupon_other_yen = models.BigIntegerField(default=0)
    points_yen = models.BigIntegerField(default=0)
    discount_yen = models.BigIntegerField(default=0)
    total_yen = models.BigIntegerField(null=True)
    sums_differ_yen = models.BigIntegerField(default=0)
    coupons = models.JSONField(default=list)
    tax = models.JSONField(default=list)
    mall_fields = models.JSONField(default=dict)

    memo = models.TextField(default="")
    edited_fields = models.JSONField(default=dict)
    ours = models.BooleanField(default=False)
    confirm_state = models.TextField(default="")
    confirmed_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    address_doubt = models.TextField(default="")
    unmapped_lines = models.IntegerField(default=0)
    open_lines = models.IntegerField(default=0)
    held = models.BooleanField(default=False)
    unreported = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True)
    deleted_by_id = models.BigIntegerField(null=True)
    erased_at = models.DateTimeField(null=True)

    snapshot_hash = models.BinaryField(null=True)
    revision = models.IntegerField(default=1)
    judged_revision = models.IntegerField(default=0)
    judged_rule_set = models.IntegerField(default=0)
    judge_at = models.DateTimeField(null=True)
    reread_at = models.DateTimeField(null=True)
    scratch = models.BooleanField(default=False)
    is_open = models.GeneratedField(
        expression=Q(phase__in=[phase.value for phase in OPEN_PHASES]) & Q(deleted_at__isnull=True) & Q(scratch=False),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )
    is_live = models.GeneratedField(
        expression=Q(deleted_at__isnull=True) & Q(scratch=False),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )

    fence_scan = ("id", "tenant_id", "judge_at", "reread_at", "shop_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "shop", "number"], name="orders_order_number"),
            one_of("phase", Phase, "orders_order_phase"),
            one_of("mall_state", MallState, "orders_order_mall_state"),
            one_of("payment_method", PaymentMethod, "orders_order_payment_method"),
            one_of("payment_state", PaymentState, "orders_order_payment_state"),
            _no_persons("orders_order_erased", texts=ORDER_PERSONS, objects=("mall_fields", "edited_fields")),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-placed_at", "-id"], name="orders_order_list"),
            models.Index(fields=["tenant_id", "status", "-placed_at", "-id"], name="orders_order_status"),
            models.Index(
                fields=["tenant_id", "-placed_at", "-id"], name="orders_order_open", condition=Q(is_open=True)
            ),
            models.Index(
                fields=["tenant_id", "-placed_at", "-id"],
                name="orders_order_held",
                condition=Q(held=True, is_open=True),
            ),
            models.Index(
                fields=["tenant_id", "-placed_at", "-id"], name="orders_order_unreported", condition=Q(unreported=True)
            ),
            models.Index(
                fields=["tenant_id", "shipped_at"], name="orders_order_shipped", condition=Q(shipped_at__isnull=False)
            ),
            models.Index(
                fields=["tenant_id", "ready_at"],
                name="orders_order_next_day",
                condition=Q(next_day=True, ours=True, is_open=True),
            ),
            models.Index(
                F("tenant_id"),
                FINISHED_AT,
                F("id"),
                name="orders_order_finished",
                condition=Q(erased_at__isnull=True, is_open=False, scratch=False),
            ),
            models.Index(fields=["judge_at"], name="orders_order_judge", condition=Q(judge_at__isnull=False)),
            models.Index(fields=["reread_at"], name="orders_order_reread", condition=Q(reread_at__isnull=False)),
        ]


AT_MALL = "tracking_at_mall"
"""Where a parcel's `mall_fields` keep the shipping rows that stand at the mall, whoever wrote them."""


class Parcel(TenantModel):
    """What goes to one recipient. `order` is its lead; its lines may come from several orders (同梱).

    `revision` rises when content, address or wishes change; `shipment` counts accepted results. `ship_wanted_at` is the wish to
    ship; `ship_fault` why the last attempt to request it was refused (a code), for people to see.
    """

    order = TenantForeignKey(Order)
    mall_parcel_key = models.TextField(default="")
    position = models.IntegerField(default=1)
    name = models.TextField(default="")
    kana = models.TextField(default="")
    phone = models.TextField(default="")
    postal_code = models.TextField(default="")
    prefecture = models.TextField(default="")
    city = models.TextField(default="")
    street = models.TextField(default="")
    island = models.BooleanField(default=False)
    address_doubt = models.TextField(default="")
    address_accepted = models.BooleanField(default=False)
    wish_on = models.DateField(null=True)
    wish_time = models.TextField(default="")
    delivery_method = models.TextField(default="")
    carrier = models.TextField(default="")
    drop_off = models.TextField(default="")
    noshi = models.TextField(default="")
    pick_up = models.JSONField(default=dict)
    postage_yen = models.BigIntegerField(null=True)
    fee_yen = models.BigIntegerField(null=True)
    goods_yen = models.BigIntegerField(null=True)
    total_yen = models.BigIntegerField(null=True)
    mall_fields = models.JSONField(default=dict)
    edited_fields = models.JSONField(default=dict)
    warehouse = TenantForeignKey(Warehouse, null=True)
    warehouse_by_hand = models.BooleanField(default=False)
    state = models.TextField(choices=ParcelState.choices, default=ParcelState.DRAFT)
    state_at = models.DateTimeField(null=True)
    ship_on = models.DateField(null=True)
    ship_wanted_at = models.DateTimeField(null=True)
    ship_fault = models.TextField(default="")
    shipped_on = models.DateField(null=True)
    shipment = models.IntegerField(default=0)
    revision = models.IntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    fence_scan = ("id", "tenant_id", "ship_wanted_at", "state")

    class Meta:
        constraints = [
            one_of("state", ParcelState, "orders_parcel_state"),
            _no_persons("orders_parcel_erased", texts=PARCEL_PERSONS, objects=("pick_up", "edited_fields")),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "order", "position"], name="orders_parcel_order"),
            models.Index(fields=["ship_wanted_at"], name="orders_parcel_wanted", condition=Q(ship_wanted_at__isnull=False, state="draft")),
            models.Index(fields=["tenant_id", "order"], name="orders_parcel_due", condition=Q(state="draft", closed_at__isnull=True)
                         & (Q(ship_on__isnull=False) | Q(ship_wanted_at__isnull=False))),
            models.Index(fields=["tenant_id", "state", "state_at"], name="orders_parcel_state_at",
                         condition=Q(state__in=["requested", "accepted", "working", "cannot_ship", "cancel_asked"])),
        ]  # fmt: skip


class OrderLine(TenantModel):
    """One product and quantity, in exactly one parcel at a time. A line that vanished at the mall is closed, not deleted."""

    order = TenantForeignKey(Order)
    parcel = TenantForeignKey(Parcel)
    position = models.IntegerField(default=1)
    mall_line_key = models.TextField(default="")
    mall_parcel_key = models.TextField(default="")
    listing = TenantForeignKey(Listing, null=True)
    product = TenantForeignKey(Product, null=True)
    sku = models.TextField(default="")
    name = models.TextField(default="")
    options = models.TextField(default="")
    quantity = models.IntegerField()
    ship_units = models.IntegerField(default=0)
    unit_price_yen = models.BigIntegerField(null=True)
    unit_price_incl_yen = models.BigIntegerField(null=True)
    tax_percent = models.SmallIntegerField(default=10)
    gift = models.JSONField(default=dict)
    mall_fields = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=0), name="orders_orderline_quantity")]
        indexes = [
            models.Index(fields=["tenant_id", "order", "position"], name="orders_orderline_order"),
            models.Index(fields=["tenant_id", "parcel"], name="orders_orderline_parcel"),
            models.Index(fields=["tenant_id", "product", "order"], name="orders_orderline_product"),
            models.Index(fields=["tenant_id", "listing", "order"], name="orders_orderline_listing"),
            models.Index(fields=["tenant_id", "sku", "order"], name="orders_orderline_sku"),
        ]


class TrackingNumber(TenantModel):
    """Carrier, number and ship day of a parcel; up to 20. `mall_row_key` is the mall's id of the row it stands on."""

    parcel = TenantForeignKey(Parcel)
    carrier = models.TextField()
    number = models.TextField(default="")
    number_rev = models.TextField(default="", db_collation="C")
    shipped_on = models.DateField()
    shipment = models.IntegerField(default=1)
    mall_row_key = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "parcel", "carrier", "number"], name="orders_tracking_once")
        ]
        indexes = [models.Index(fields=["tenant_id", "number_rev"], name="orders_tracking_number")]


class MallReport(TenantModel):
    """The report of one shipment of an order's mall parcel and its three proofs: sent, seen, counted (promise G19)."""

    order = TenantForeignKey(Order)
    parcel = TenantForeignKey(Parcel)
    mall_parcel_key = models.TextField(default="")
    shipment = models.IntegerField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    cause = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "order", "parcel", "mall_parcel_key", "shipment"], name="orders_mallreport_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "order"], name="orders_mallreport_order"),
            models.Index(
                fields=["tenant_id", "created_at"], name="orders_mallreport_open", condition=Q(counted_at__isnull=True)
            ),
        ]


class OrderTag(TenantModel):
    """A label on an order."""

    order = TenantForeignKey(Order)
    tag = TenantForeignKey(Tag)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "order", "tag"], name="orders_ordertag_once")]
        indexes = [models.Index(fields=["tenant_id", "tag", "-order"], name="orders_ordertag_tag")]


class OrderSearch(TenantModel):
    """Search keys of an order: number and buyer's phone reversed (suffix look-up by b-tree), names as hashed bigrams (GIN)."""

    order = TenantForeignKey(Order)
    number_rev = models.TextField(db_collation="C")
    phone_rev = models.TextField(db_collation="C", default="")
    grams = ArrayField(models.IntegerField(), default=list)

    fence_scan = ("tenant_id", "order_id", "grams")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "order"], name="orders_ordersearch_once")]
        indexes = [
            models.Index(fields=["tenant_id", "number_rev"], name="orders_search_number"),
            models.Index(fields=["tenant_id", "phone_rev"], name="orders_search_phone"),
        ]


class SearchPhone(TenantModel):
    """A further number that finds an order by its end, reversed: a recipient's phone, where it is not the buyer's, or, behind a `#`,
    a tracking number that another system wrote at the mall."""

    order = TenantForeignKey(Order)
    phone_rev = models.TextField(db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "phone_rev"], name="orders_searchphone_phone"),
            models.Index(fields=["tenant_id", "order"], name="orders_searchphone_order"),
        ]
