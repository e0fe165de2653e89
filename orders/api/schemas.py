"""What answers about orders look like, for the OpenAPI description. `reading.py` makes them; a test compares the two."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from orders.models import Phase
from orders.models.batches import BatchState
from orders.models.orders import MallState, ParcelState, PaymentMethod, PaymentState


class _Out(s.Serializer[Any]):
    """An answer."""


class NamedOutput(_Out):
    id = s.CharField()
    name = s.CharField()


class ShopMarkOutput(NamedOutput):
    mark = s.CharField()


class StatusMarkOutput(NamedOutput):
    colour = s.CharField()
    group = NamedOutput()
    phase = s.ChoiceField(choices=Phase.choices)
    since = s.DateTimeField()


class RecipientOutput(_Out):
    name = s.CharField()
    name_kana = s.CharField()
    phone = s.CharField()
    postal_code = s.CharField()
    prefecture = s.CharField()
    city = s.CharField()
    street = s.CharField()


class BuyerOutput(RecipientOutput):
    email = s.CharField()


class PaymentOutput(_Out):
    method = s.ChoiceField(choices=PaymentMethod.choices)
    state = s.ChoiceField(choices=PaymentState.choices)
    name = s.CharField(help_text="The mall's own name.")
    due_on = s.DateField(allow_null=True)


class DeliveryOutput(_Out):
    method = s.CharField()
    name = s.CharField()


class WishOutput(_Out):
    date_on = s.DateField(allow_null=True)
    time = s.CharField()


class TagMarkOutput(NamedOutput):
    colour = s.CharField()


class OpenTaskOutput(NamedOutput):
    key = s.CharField()
    what_to_do = s.CharField()
    holds = s.BooleanField()
    reason = s.CharField()
    detail = s.JSONField()
    opened_at = s.DateTimeField()


class CouponOutput(_Out):
    payer = s.CharField()
    code = s.CharField()
    name = s.CharField()
    yen = s.IntegerField()


class TaxOutput(_Out):
    rate = s.IntegerField()
    base_yen = s.IntegerField()
    tax_yen = s.IntegerField()


class ProductMarkOutput(NamedOutput):
    sku = s.CharField()


class ListingMarkOutput(_Out):
    id = s.CharField()
    key = s.CharField()


class LineOutput(_Out):
    id = s.CharField()
    sku = s.CharField()
    name = s.CharField()
    quantity = s.IntegerField()
    unit_price_yen = s.IntegerField(allow_null=True)
    unit_price_incl_yen = s.IntegerField(allow_null=True)
    tax_rate = s.IntegerField()
    product = ProductMarkOutput(allow_null=True)
    listing = ListingMarkOutput(allow_null=True)
    ship_units = s.IntegerField()
    options = s.CharField()
    gift = s.JSONField()
    mall_line_key = s.CharField()
    mall_fields = s.JSONField()
    closed_at = s.DateTimeField(allow_null=True)


class TrackingOutput(_Out):
    id = s.CharField()
    carrier = s.CharField()
    number = s.CharField()
    shipped_on = s.DateField()


class ParcelOutput(_Out):
    id = s.CharField()
    recipient = RecipientOutput()
    wish = WishOutput()
    warehouse = NamedOutput(allow_null=True)
    state = s.ChoiceField(choices=ParcelState.choices)
    state_at = s.DateTimeField(allow_null=True)
    ship_wanted_at = s.DateTimeField(allow_null=True)
    ship_fault = s.CharField()
    ship_on = s.DateField(allow_null=True)
    shipped_on = s.DateField(allow_null=True)
    delivery_method = s.CharField()
    carrier = s.CharField()
    island = s.BooleanField()
    address_doubt = s.CharField()
    noshi = s.CharField()
    drop_off = s.CharField()
    pick_up = s.JSONField()
    goods_yen = s.IntegerField(allow_null=True)
    postage_yen = s.IntegerField(allow_null=True)
    fee_yen = s.IntegerField(allow_null=True)
    total_yen = s.IntegerField(allow_null=True)
    mall_parcel_key = s.CharField()
    mall_fields = s.JSONField()
    edited = s.ListField(child=s.CharField())
    lines = LineOutput(many=True)
    tracking = TrackingOutput(many=True)
    reported = s.ChoiceField(choices=["no", "sent", "seen", "counted"])
    shared_with = s.ListField(child=s.CharField(), help_text="Other orders with lines in this parcel.")
    revision = s.IntegerField()


class OrderMarkOutput(_Out):
    id = s.CharField()
    number = s.CharField()
    revision = s.IntegerField()
    shop = ShopMarkOutput()


class ParcelWithOrder(ParcelOutput):
    order = OrderMarkOutput()


class ParcelPage(_Out):
    items = ParcelWithOrder(many=True)
    next = s.CharField(allow_null=True)


class MallOutput(_Out):
    state = s.ChoiceField(choices=MallState.choices)
    code = s.CharField()
    sub_status = s.CharField()
    blocks = s.ListField(child=s.CharField(), help_text="Why the mall itself forbids shipping.")
    read_at = s.DateTimeField(allow_null=True)
    cancel_due_on = s.DateField(allow_null=True)
    confirmed_at = s.DateTimeField(allow_null=True)
    confirm = s.CharField()
    fields = s.JSONField(help_text="Everything else the mall says of the order.")  # type: ignore[assignment]


class OrderOutput(_Out):
    id = s.CharField()
    number = s.CharField()
    shop = ShopMarkOutput()
    channel = s.CharField()
    status = StatusMarkOutput()
    placed_at = s.DateTimeField()
    ready_at = s.DateTimeField()
    taken_in_at = s.DateTimeField()
    shipped_at = s.DateTimeField(allow_null=True)
    buyer = BuyerOutput()
    payment = PaymentOutput()
    delivery = DeliveryOutput()
    next_day = s.BooleanField()
    gift = s.BooleanField()
    island = s.BooleanField()
    kind = s.CharField()
    remarks = s.CharField()
    remark_left = s.CharField()
    remark_read = s.BooleanField()
    memo = s.CharField()
    wish = WishOutput()
    tags = TagMarkOutput(many=True)
    tasks = OpenTaskOutput(many=True)
    held = s.BooleanField()
    subtotal_yen = s.IntegerField(allow_null=True)
    postage_yen = s.IntegerField(allow_null=True)
    fee_yen = s.IntegerField(allow_null=True)
    coupons = CouponOutput(many=True)
    coupon_shop_yen = s.IntegerField()
    coupon_other_yen = s.IntegerField()
    points_yen = s.IntegerField()
    discount_yen = s.IntegerField()
    total_yen = s.IntegerField(allow_null=True)
    sums_differ_yen = s.IntegerField()
    tax = TaxOutput(many=True)
    wrapping = s.JSONField()
    noshi = s.CharField()
    drop_off = s.CharField()
    address_doubt = s.CharField()
    mall = MallOutput()
    parcels = ParcelOutput(many=True)
    closed_lines = LineOutput(many=True)
    edited = s.ListField(child=s.CharField())
    line_count = s.IntegerField()
    unmapped_lines = s.IntegerField()
    ours = s.BooleanField()
    unreported = s.BooleanField()
    deleted_at = s.DateTimeField(allow_null=True)
    erased_at = s.DateTimeField(
        allow_null=True,
        help_text="When retention erased the persons: buyer, recipients, remarks and memo are empty since.",
    )
    revision = s.IntegerField()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class OrderPage(_Out):
    items = OrderOutput(many=True)
    next = s.CharField(allow_null=True)
    more = s.BooleanField(required=False, help_text="With after: whether there is more now.")


class OutcomeOutput(_Out):
    id = s.CharField()
    outcome = s.ChoiceField(choices=["changed", "unchanged", "refused"])
    revision = s.IntegerField(required=False, allow_null=True)
    code = s.CharField(required=False)
    title = s.CharField(required=False)
    params = s.JSONField(required=False)


class ActOutput(_Out):
    preview = s.BooleanField()
    changed = s.IntegerField()
    unchanged = s.IntegerField()
    refused = s.IntegerField()
    outcomes = OutcomeOutput(many=True)


class ActionOutput(_Out):
    action = s.CharField()
    params = s.ListField(child=s.CharField())


class ActionsOutput(_Out):
    items = ActionOutput(many=True)
    next = s.CharField(allow_null=True)


class BatchOutput(_Out):
    id = s.CharField()
    action = s.CharField()
    state = s.ChoiceField(choices=BatchState.choices)
    total = s.IntegerField()
    done = s.IntegerField()
    changed = s.IntegerField()
    unchanged = s.IntegerField()
    skipped = s.IntegerField()
    failed = s.IntegerField()
    undo_of = s.CharField(allow_null=True)
    undone_by = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)


class IssueOutput(_Out):
    order = s.CharField()
    code = s.CharField()
    title = s.CharField()
    params = s.JSONField()


class BatchDetail(BatchOutput):
    issues = IssueOutput(many=True)


class BatchPage(_Out):
    items = BatchOutput(many=True)
    next = s.CharField(allow_null=True)


class SaidOutput(_Out):
    code = s.CharField()
    title = s.CharField()


class ActSaidOutput(SaidOutput):
    on = s.CharField(allow_null=True)


class HoldOutput(SaidOutput):
    detail = s.CharField()
    task = s.CharField(allow_null=True)
    act = ActSaidOutput(allow_null=True)
    override = s.BooleanField(help_text="Whether a person may pass it knowingly.")


class ObstacleOutput(_Out):
    code = s.CharField()
    title = s.CharField()
    advice = s.CharField()
    task = s.CharField(required=False)
    block = s.CharField(required=False)


class ParcelWhyOutput(_Out):
    id = s.CharField()
    state = s.CharField()
    ship_wanted_at = s.DateTimeField(allow_null=True)
    ship_fault = ObstacleOutput(allow_null=True)
    may_ship = s.BooleanField()
    obstacles = ObstacleOutput(many=True)


class TestSaidOutput(_Out):
    field = s.CharField()
    sentence = s.CharField()
    holds = s.BooleanField()


class RuleWhyOutput(NamedOutput):
    group = s.CharField()
    version = s.IntegerField()
    sentence = s.CharField()
    holds = s.BooleanField()
    acted_at = s.DateTimeField(allow_null=True)
    tests = TestSaidOutput(many=True)


class ExplainOutput(_Out):
    id = s.CharField()
    revision = s.IntegerField()
    code = s.CharField()
    title = s.CharField(help_text="Why it is here, in one sentence.")
    advice = s.CharField(help_text="What frees it.")
    also = SaidOutput(many=True)
    holds = HoldOutput(many=True)
    acts = ActSaidOutput(many=True)
    status = s.JSONField()
    ready_at = s.DateTimeField()
    may_ship = s.BooleanField()
    obstacles = ObstacleOutput(many=True)
    parcels = ParcelWhyOutput(many=True)
    rules = RuleWhyOutput(many=True)


class HistoryOutput(_Out):
    id = s.CharField()
    at = s.DateTimeField()
    verb = s.CharField()
    revision = s.IntegerField(allow_null=True)
    batch = s.CharField(allow_null=True)
    actor = s.JSONField()
    params = s.JSONField()
    before = s.JSONField()
    after = s.JSONField()


class HistoryPage(_Out):
    items = HistoryOutput(many=True)
    next = s.CharField(allow_null=True)
