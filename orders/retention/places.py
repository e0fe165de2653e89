"""Every table of a tenant, column by column: what retention erases, and what may stay because it says nothing about a person.

A test compares this list with the models: a new column of text, JSON or bytes has to be named here before it is let in. Tables above this
app are named by their labels, as in `hub.secrets.SEALED`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, Func, JSONField, OuterRef, Q, Value

from hub.tenancy import TenantModel
from orders.models import AT_MALL, Order
from orders.models.batches import BatchState
from orders.search import SHIPMENT

Rows = Callable[[Sequence[int]], Q]
Old = Callable[[datetime], Q]


@dataclass(frozen=True, kw_only=True)
class Table:
    """What becomes of a table's columns. `empty` columns lose their value; of a JSON object in `kept` only the named keys stay;
    in each object of a list in `blank` the named texts are emptied.

    `of`: the rows of these orders. `older`: further rows, by their age alone. `delete`: the rows go as a whole. `harmless` columns
    hold nothing about a buyer or recipient, for the reason in `why`. `stamped` rows say when they were erased (`erased_at`); `shared`
    ones may belong to several orders.
    """

    model: str
    why: str
    of: Rows | None = None
    older: Old | None = None
    empty: tuple[str, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blank: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delete: bool = False
    stamped: bool = False
    shared: bool = False
    harmless: tuple[str, ...] = ()

    @property
    def rows(self) -> type[TenantModel]:
        found: type[TenantModel] = apps.get_model(self.model)
        return found

    @property
    def erases(self) -> bool:
        return self.of is not None or self.older is not None

    def nothing(self) -> dict[str, Any]:
        """Return what the emptied columns hold afterwards."""
        columns = {column.attname: column for column in self.rows._meta.concrete_fields}
        return {name: _nothing(columns[name]) for name in self.empty}

    def values(self) -> dict[str, Any]:
        """Return what is written: nothing, and of some JSON objects the keys that stay."""
        return {**self.nothing(), **{name: Only(F(name), Value(list(keys))) for name, keys in self.kept.items()}}

    def full(self) -> Q:
        """Return the rows that still hold something; of a table whose rows go as a whole, all."""
        if self.stamped:
            return Q(erased_at__isnull=True)
        found = Q()
        for name, value in self.values().items():
            found |= ~Q(**{name: value}) if value is not None else Q(**{f"{name}__isnull": False})
        return found


class Only(Func):
    """The JSON object with these keys alone."""

    template = (
        "(SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}'::jsonb) FROM jsonb_each(%(expressions)s::text[]))"
    )
    arg_joiner = ") AS e WHERE e.key = ANY("
    output_field = JSONField()


def _nothing(column: models.Field[Any, Any]) -> Any:
    if column.null:
        return None
    if isinstance(column, models.BinaryField):
        return b""
    if isinstance(column, models.CharField | models.TextField):
        return ""
    return column.get_default()


def by(lookup: str) -> Rows:
    """Return the rows whose column (through a reference, where it says so) names one of the orders."""
    return lambda ids: Q(**{f"{lookup}__in": list(ids)})


def before(column: str) -> Old:
    """Return the rows that are older."""
    return lambda moment: Q(**{f"{column}__lt": moment})


_OVER = Q(state__in=[BatchState.DONE, BatchState.CANCELLED])


def _batches_of(ids: Sequence[int]) -> Q:
    return _OVER & Q(order_ids__overlap=list(ids))


def _rejections_of(ids: Sequence[int]) -> Q:
    return Q(Exists(Order.objects.filter(pk__in=list(ids), shop=OuterRef("shop"), number=OuterRef("number"))))


def _issues_of(ids: Sequence[int]) -> Q:
    requests = apps.get_model("warehouses.WarehouseRequest").objects.filter(parcel__order_id__in=list(ids))
    return Q(reference__in=requests.values("reference"))


OURS = "the tenant's own words and settings"
CODES = "codes, numbers of rows and words of the program"
CATALOGUE = "goods as the shop sells them"
SOON_GONE = "the rows themselves go within days"
STAFF = "people of the tenant, not its buyers"

TABLES: tuple[Table, ...] = (
    # What goes with an order.
    Table(
        model="orders.Order", why="number, dates, amounts, statuses and the prefecture stay", of=by("pk"), stamped=True,
        empty=("buyer_name", "buyer_kana", "buyer_email", "buyer_phone", "buyer_postal_code", "buyer_city", "buyer_street", "remarks",
               "remark_left", "memo", "mall_fields", "edited_fields", "address_doubt", "snapshot_hash"),
        blank={"coupons": ("code", "name")},
        harmless=("number", "phase", "mall_state", "mall_code", "mall_sub_status", "mall_block", "buyer_prefecture", "payment_method",
                  "payment_name", "payment_state", "delivery_method", "delivery_name", "order_kind", "wish_time", "tax", "confirm_state"),
    ),
    Table(
        model="orders.Parcel", why="prefecture, carrier, states and tracking numbers at the mall stay", of=by("order_id"), stamped=True,
        empty=("name", "kana", "phone", "postal_code", "city", "street", "address_doubt", "drop_off", "noshi", "pick_up", "edited_fields"),
        kept={"mall_fields": (AT_MALL,)},
        harmless=("mall_parcel_key", "prefecture", "wish_time", "delivery_method", "carrier", "state", "ship_fault"),
    ),
    Table(
        model="orders.OrderLine", why=CATALOGUE, of=by("order_id"), empty=("options", "gift"), kept={"mall_fields": ("variation",)},
        harmless=("mall_line_key", "mall_parcel_key", "sku", "name"),
    ),
    Table(model="orders.MallSnapshot", why="", of=by("order_id"), delete=True),
    Table(model="orders.OrderSearch", why="found by its number", of=by("order_id"), empty=("phone_rev", "grams"), harmless=("number_rev",)),
    Table(model="orders.SearchPhone", why="", of=lambda ids: Q(order_id__in=list(ids)) & ~Q(phone_rev__begins=SHIPMENT), delete=True),
    Table(
        model="orders.TaskMark", why=CODES, of=by("order_id"), empty=("reason", "detail"),
        harmless=("opened_by_kind", "closed_by_kind"),
    ),
    Table(
        model="orders.RejectedPayload", why=CODES, of=_rejections_of, older=before("last_at"), empty=("params", "body"),
        harmless=("number", "path", "reason"),
    ),
    Table(
        model="orders.Batch", why=CODES, shared=True, of=_batches_of, older=lambda moment: _OVER & Q(created_at__lt=moment),
        kept={"params": ("status", "tag", "task", "template", "again", "add", "override", "accept_fee", "restock", "warehouse", "method",
                         "carrier", "day", "batch")},
        harmless=("action", "client_key", "actor_kind", "state"),
    ),
    Table(
        model="warehouses.WarehouseRequest", why=CODES, of=by("parcel__order_id"), empty=("detail",),
        harmless=("reference", "answer", "reason"),
    ),
    Table(
        model="warehouses.ResultIssue", why=CODES, of=_issues_of, older=before("found_at"), empty=("params",),
        harmless=("reference", "reason"),
    ),
    Table(
        model="mailer.Message", why="which template, when and from where stays", of=by("order_id"), empty=("recipient", "subject", "body"),
        harmless=("occasion", "sender", "message_id"),
    ),
    Table(model="hub.EffectTry", why="", of=by("effect__order_id"), delete=True),
    Table(
        model="hub.Effect", why=CODES, of=by("order_id"), empty=("result", "reason_params"),
        kept={"payload": ("order", "number", "parcel", "report", "request", "reference", "template", "occasion", "mall_parcel_key", "rows",
                          "restock", "accept_fee", "was")},
        harmless=("kind", "lane", "key", "state", "hold_reason", "reason"),
    ),
    Table(
        model="hub.AuditDetail", why="", of=by("entry__order_id"), delete=True,
        older=lambda moment: Q(entry__order_id__isnull=True, entry__verb__begins="search.", entry__at__lt=moment),
    ),
    # What goes by its age.
    Table(
        model="hub.AccessRow", why="who, what and how many stays", older=before("at"), empty=("filter",), harmless=("actor_kind", "what"),
    ),
    Table(
        model="documents.FileJob", why=CODES, older=lambda moment: ~Q(state="waiting") & Q(created_at__lt=moment),
        empty=("asked", "report"), harmless=("kind", "params", "actor_kind", "client_key", "state", "reason"),
    ),
    # What stays.
    Table(
        model="hub.AuditEntry", why="who did what; words typed by hand stand in the details", harmless=("actor_kind", "actor_name", "verb",
        "params", "xid", "digest"),
    ),
    Table(model="hub.AuditSeal", why="hashes", harmless=("from_xid", "to_xid", "hash")),
    Table(model="hub.StoredFile", why=SOON_GONE, harmless=("name", "content_type", "body")),
    Table(model="hub.IdempotencyKey", why=SOON_GONE, harmless=("key", "body_hash", "answer")),
    Table(model="hub.RetentionRun", why="numbers of rows", harmless=("counts",)),
    Table(model="hub.ApiToken", why=STAFF, harmless=("name", "secret_hash", "last_four", "scopes")),
    Table(model="hub.Invitation", why=STAFF, harmless=("email", "role", "secret_hash")),
    Table(model="hub.Member", why=STAFF, harmless=("role",)),
    Table(model="hub.Breaker", why=CODES, harmless=("lane", "function", "reason")),
    Table(model="hub.Lane", why=CODES, harmless=("name",)),
    Table(model="hub.StageLease", why=CODES, harmless=("stage",)),
    Table(model="hub.Throttle", why=CODES, harmless=("account",)),
    Table(model="orders.BatchIssue", why=CODES, harmless=("kind", "reason", "params")),
    Table(model="orders.MallReport", why=CODES, harmless=("mall_parcel_key", "cause")),
    Table(model="orders.TrackingNumber", why="part of the skeleton", harmless=("carrier", "number", "number_rev", "mall_row_key")),
    Table(model="orders.OrderNumber", why=CODES, harmless=("number", "state", "error")),
    Table(model="orders.OrderTag", why=OURS),
    Table(model="orders.PollWindow", why=CODES, harmless=("state", "why", "names_hash")),
    Table(model="orders.ReconcileBreak", why=CODES, harmless=("number", "kind")),
    Table(model="orders.StatusDelta", why="numbers"),
    Table(model="orders.Product", why=CATALOGUE, harmless=("sku", "name", "barcode", "temperature", "shelf")),
    Table(model="orders.Listing", why=CATALOGUE, harmless=("key", "name", "variation")),
    Table(model="orders.PaymentName", why=OURS, harmless=("channel", "name", "method")),
    Table(model="orders.DeliveryName", why=OURS, harmless=("channel", "name", "method")),
    Table(model="orders.SavedSearch", why=OURS, harmless=("name", "condition", "columns")),
    Table(
        model="orders.Shop", why=OURS,
        harmless=("name", "mark", "colour", "channel", "account", "credentials", "key_hint", "test_result", "mode", "confirm_by",
                  "next_day_name", "harmless_remarks", "signature", "covered", "blind_reason", "unknown_fields"),
    ),
    Table(
        model="orders.Warehouse", why=OURS,
        harmless=("name", "kind", "credentials", "settings", "cutoffs", "results_cursor", "collect_error"),
    ),
    Table(model="orders.StatusGroup", why=OURS, harmless=("name", "phase")),
    Table(model="orders.Status", why=OURS, harmless=("name", "colour", "memo", "default_for")),
    Table(model="orders.Tag", why=OURS, harmless=("name", "colour", "key")),
    Table(model="orders.Task", why=OURS, harmless=("key", "name", "what_to_do", "condition", "colour", "broken")),
    Table(model="warehouses.RequestLine", why="numbers"),
    Table(model="automation.RuleGroup", why=OURS, harmless=("name", "when", "phases")),
    Table(model="automation.Rule", why=OURS, harmless=("name", "condition", "actions", "broken")),
    Table(model="automation.RuleVersion", why=OURS, harmless=("name", "condition", "actions")),
    Table(model="automation.RuleMark", why="numbers"),
    Table(
        model="mailer.MailAccount", why=OURS,
        harmless=("name", "host", "security", "user", "password", "sender", "sender_name"),
    ),
    Table(model="mailer.MailTemplate", why=OURS, harmless=("name", "occasion", "subject", "body")),
    Table(model="documents.DocumentTemplate", why=OURS, harmless=("layout", "texts")),
)  # fmt: skip
