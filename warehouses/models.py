"""Requests to warehouses and, per line, the right to ship that a live request takes."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from hub.models import one_of
from hub.tenancy import TenantForeignKey, TenantModel
from orders.models import OrderLine, Parcel, Warehouse


class RequestAnswer(models.TextChoices):
    """What was answered. The truth about the goods is Parcel.state; this is only what was asked and answered."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CANNOT_SHIP = "cannot_ship"
    SHIPPED = "shipped"
    SHORT = "short"


class WarehouseRequest(TenantModel):
    """One request to ship one parcel. `reference` = parcel and its revision, fixed when asked, printed on the slip."""

    parcel = TenantForeignKey(Parcel)
    warehouse = TenantForeignKey(Warehouse)
    reference = models.TextField()
    parcel_revision = models.IntegerField()
    asked_at = models.DateTimeField()
    ship_on = models.DateField(null=True)
    answer = models.TextField(choices=RequestAnswer.choices, default=RequestAnswer.OPEN)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    detail = models.TextField(default="")
    fee_yen = models.IntegerField(null=True)
    withdraw_asked_at = models.DateTimeField(null=True)
    effect_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "reference"], name="warehouses_request_reference"),
            models.UniqueConstraint(
                fields=["tenant_id", "parcel"], name="warehouses_request_live", condition=Q(ended_at__isnull=True)
            ),
            one_of("answer", RequestAnswer, "warehouses_request_answer"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "parcel"], name="warehouses_request_parcel"),
            models.Index(
                fields=["tenant_id", "warehouse", "asked_at"],
                name="warehouses_request_open",
                condition=Q(ended_at__isnull=True),
            ),
        ]


class RequestLine(TenantModel):
    """The right to ship a line, held by one live request (promise G5): unique per line until released.

    While live, `live_parcel` and `live_quantity` pin the line through a foreign key made in `warehouses/sql/rights.sql`: the database
    refuses to move, split or change a requested line. Released only by an answer: refused, withdrawn, short, cannot ship.
    """

    request = TenantForeignKey(WarehouseRequest)
    line = TenantForeignKey(OrderLine)
    parcel_id = models.BigIntegerField()
    quantity = models.IntegerField()
    shipped_quantity = models.IntegerField(default=0)
    released_at = models.DateTimeField(null=True)
    live_parcel = models.GeneratedField(
        expression=Case(When(released_at__isnull=True, then=F("parcel_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    live_quantity = models.GeneratedField(
        expression=Case(When(released_at__isnull=True, then=F("quantity")), default=Value(None)),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "line"], name="warehouses_requestline_right", condition=Q(released_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "line"], name="warehouses_requestline_line"),
            models.Index(fields=["tenant_id", "request"], name="warehouses_requestline_req"),
        ]


class ResultIssue(TenantModel):
    """A result that could not be booked: unknown reference, too many units, unreadable. Listed, never in the way of others."""

    warehouse = TenantForeignKey(Warehouse)
    reference = models.TextField()
    reason = models.TextField()
    params = models.JSONField(default=dict)
    found_at = models.DateTimeField(db_default=Now())
    solved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "warehouse", "reference", "reason"], name="warehouses_resultissue_once"
            )
        ]
