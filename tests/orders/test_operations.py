"""Operations: what may not be jumped over, what is undone, and that each leaves its entry (promises G22, G25 to G27)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.audit import Actor
from hub.models import AuditDetail, AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders import batches
from orders.channels import CancelReason
from orders.models import Batch, BatchIssue, Order, OrderTag, Parcel, Shop, Status, Tag, Warehouse
from orders.operations import edits, holds, labels, leaving, parcels, status, undo
from orders.operations.door import Changed
from tests.conftest import NOW
from tests.factories import make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


@pytest.fixture
def ids(tenant: Tenant, shop: Shop) -> list[int]:
    take_in(tenant, shop, *(mall_order() for _ in range(3)))
    with tenant_transaction(tenant.pk):
        return list(Order.objects.order_by("pk").values_list("pk", flat=True))


OPERATIONS: dict[str, Callable[[list[int]], Changed]] = {
    "order.status": lambda ids: status.set_status(ids, status=status.default_status("check"), by=STAFF, now=NOW),
    "order.tag_added": lambda ids: labels.add_tag(ids, tag=Tag.objects.get(name="急ぎ"), by=STAFF, now=NOW),
    "order.memo": lambda ids: labels.set_memo(ids, text="電話した", add=True, by=STAFF, now=NOW),
    "order.held": lambda ids: holds.hold(ids, reason="確認中", by=STAFF, now=NOW),
    "order.remark_read": lambda ids: holds.read_remark(ids, by=STAFF, now=NOW),
    "order.warehouse": lambda ids: edits.choose_warehouse(
        ids, warehouse=Warehouse.objects.get(name="自社倉庫"), by=STAFF, now=NOW
    ),
    "order.delivery": lambda ids: edits.set_delivery(ids, method="mail", by=STAFF, now=NOW),
    "parcel.wanted": lambda ids: parcels.want_shipment(ids, by=STAFF, now=NOW),
    "order.let_go": lambda ids: leaving.cancel_here(ids, by=STAFF, now=NOW),
    "order.deleted": lambda ids: leaving.delete(ids, by=STAFF, now=NOW),
}


@pytest.mark.feature("R14")
@pytest.mark.parametrize("verb", OPERATIONS)
def test_operation_that_changed_something_leaves_an_entry_for_each_order_and_none_when_repeated(
    tenant: Tenant, ids: list[int], verb: str
) -> None:
    for _ in range(2):
        with tenant_transaction(tenant.pk):
            OPERATIONS[verb](ids)

    with tenant_transaction(tenant.pk):
        entries = AuditEntry.objects.filter(verb=verb).order_by("order_id")
        assert list(entries.values_list("order_id", "actor_kind", "actor_name")) == [
            (pk, "member", "試験係") for pk in ids
        ]


@pytest.mark.parametrize("verb", OPERATIONS)
def test_operation_takes_the_same_number_of_statements_for_one_order_and_for_three(
    tenant: Tenant, ids: list[int], verb: str
) -> None:

    counts = []
    for part in (ids[:1], ids[1:]):
        with tenant_transaction(tenant.pk), CaptureQueriesContext(connection) as queries:
            OPERATIONS[verb](part)
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_revision_rises_by_one_for_each_change_and_is_unique_in_the_audit(tenant: Tenant, ids: list[int]) -> None:
    with tenant_transaction(tenant.pk):
        before = Order.objects.get(pk=ids[0]).revision
        labels.set_memo(ids[:1], text="a", add=False, by=STAFF, now=NOW)
        labels.set_memo(ids[:1], text="b", add=False, by=STAFF, now=NOW)
        assert Order.objects.get(pk=ids[0]).revision == before + 2
        entries = AuditEntry.objects.filter(order_id=ids[0], verb="order.memo").order_by("revision")
        details = {d.entry_id: (d.before, d.after) for d in AuditDetail.objects.all()}
        assert [details[entry.pk] for entry in entries] == [
            ({"memo": ""}, {"memo": "a"}),
            ({"memo": "a"}, {"memo": "b"}),
        ]


@pytest.mark.feature("F051")
@pytest.mark.parametrize(
    ("phase", "why"),
    [
        ("shipping", "held"),
        ("shipped", "needs_tracking"),
        ("done", "needs_tracking"),
        ("cancelled", "cancel_is_an_act"),
    ],
)
def test_illegal_jumps_are_refused_with_the_reason(tenant: Tenant, ids: list[int], phase: str, why: str) -> None:
    with tenant_transaction(tenant.pk):
        told = status.set_status(ids[:1], status=status.default_status(phase), by=STAFF, now=NOW)
        assert ([issue.reason for issue in told.issues], told.changed) == ([why], [])


def test_retired_status_is_refused_by_name(tenant: Tenant, ids: list[int]) -> None:
    with tenant_transaction(tenant.pk):
        retired = Status.objects.get(name="確認待")
        retired.retired_at = NOW
        with pytest.raises(status.StatusRetired, match="確認待"):
            status.set_status(ids, status=retired, by=STAFF, now=NOW)


@pytest.mark.feature("F039")
def test_stale_address_edit_is_a_conflict_with_both_values(tenant: Tenant, ids: list[int]) -> None:
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order_id=ids[0])
        seen = Order.objects.get(pk=ids[0]).revision
        edits.edit_parcel(parcel.pk, values={"street": "一番乗り"}, by=STAFF, now=NOW, seen_revision=seen)
        with pytest.raises(edits.Conflict) as conflict:
            edits.edit_parcel(parcel.pk, values={"street": "二番手"}, by=STAFF, now=NOW, seen_revision=seen)
        assert (conflict.value.theirs, conflict.value.yours) == ({"street": "一番乗り"}, {"street": "二番手"})
        assert Parcel.objects.get(pk=parcel.pk).street == "一番乗り"


def test_undo_of_one_change_sets_back_what_still_stands(tenant: Tenant, ids: list[int]) -> None:
    with tenant_transaction(tenant.pk):
        was = Order.objects.get(pk=ids[0]).status_id
        status.set_status(ids[:2], status=status.default_status("check"), by=STAFF, now=NOW)
        entries = AuditEntry.objects.filter(verb="order.status").order_by("order_id")
        status.set_status(ids[1:2], status=status.default_status("ready"), by=STAFF, now=NOW)

        told = undo.undo_entries(
            list(entries.filter(order_id__in=ids[:2]).values_list("pk", flat=True)[:2]), by=STAFF, now=NOW
        )

        assert (told.changed, [(i.order_id, i.reason) for i in told.issues]) == ([ids[0]], [(ids[1], "changed_since")])
        assert Order.objects.get(pk=ids[0]).status_id == was


@pytest.mark.feature("F053")
def test_batch_of_a_thousand_resumes_and_is_undone_but_for_those_changed_since(tenant: Tenant, shop: Shop) -> None:
    for _ in range(12):
        take_in(tenant, shop, *(mall_order() for _ in range(100)))
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
        tag = Tag.objects.get(name="急ぎ")
        batch = batches.start("memo", ids, {"text": "一括", "add": False}, client_key="k1", by=STAFF)
        again = batches.start("memo", ids, {"text": "一括", "add": False}, client_key="k1", by=STAFF)
        assert batch.pk == again.pk

    batches.work(tenant.pk, batch.pk)

    with tenant_transaction(tenant.pk):
        done = Batch.objects.get(pk=batch.pk)
        assert (done.state, done.changed, done.skipped) == ("done", 1200, 0)
        labels.set_memo(ids[:10], text="手で変えた", add=False, by=STAFF, now=NOW)
        labels.add_tag(ids[10:12], tag=tag, by=STAFF, now=NOW)
        undoing = batches.start_undo(done, by=STAFF)
    batches.work(tenant.pk, undoing.pk)
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(memo="").count() == 1190
        assert set(BatchIssue.objects.filter(batch=undoing).values_list("order_id", "reason")) == {
            (pk, "changed_since") for pk in ids[:10]
        }
        assert OrderTag.objects.filter(tag=tag).count() == 2


def test_cancel_at_the_mall_of_orders_that_are_not_ours_is_refused(tenant: Tenant) -> None:
    shop = make_shop(tenant, live=False)
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        told = leaving.cancel_at_mall(
            [Order.objects.get().pk], reason=CancelReason.UNPAID, restock=False, by=STAFF, now=NOW
        )
        assert [issue.reason for issue in told.issues] == ["not_ours"]
