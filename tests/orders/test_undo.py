"""Undo refuses what the act itself would refuse, and asks for the same right (promises G22, G25, G26)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from automation.engine import work as judge
from automation.models import RuleMark
from hub.audit import Actor
from hub.clock import true_now
from hub.ids import encode
from hub.models import AuditEntry, Effect, Tenant
from hub.operations import create_token
from hub.tenancy import tenant_transaction
from orders import batches
from orders.models import Batch, Order, Parcel, Shop
from orders.operations.door import Changed
from orders.operations.leaving import cancel_here, delete, take_back
from orders.operations.parcels import want_shipment
from orders.operations.status import default_status, set_status
from orders.operations.undo import undo_entries
from tests.api.conftest import Caller
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_order, take_in
from tests.pages import browser, make_member
from warehouses.requesting import work as request

pytestmark = pytest.mark.usefixtures("at_now")
STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant, warehouse="rsl")


def entry_of(tenant: Tenant, verb: str) -> int:
    """Return the latest entry with this verb."""
    with tenant_transaction(tenant.pk):
        return int(AuditEntry.objects.filter(verb=verb).order_by("-pk").values_list("pk", flat=True)[0])


def undone(tenant: Tenant, verb: str) -> Changed:
    """Undo the latest entry with this verb."""
    entry = entry_of(tenant, verb)
    with tenant_transaction(tenant.pk):
        return undo_entries([entry], by=STAFF, now=NOW)


def taken_out_and_back(tenant: Tenant, shop: Shop) -> tuple[int, Batch]:
    """Return an order that was deleted and, by a bulk act, taken back."""
    take_in(tenant, shop, mall_order())
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        delete([pk], by=STAFF, now=NOW)
        batch = batches.start("take-back", [pk], {}, client_key="back", by=STAFF)
        return pk, batches.finish_here(batch.pk, now=NOW)


def test_a_requested_order_cannot_be_undone_out_of_the_hub(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order()
    take_in(tenant, shop, mall)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        delete([pk], by=STAFF, now=NOW)
        take_back([pk], by=STAFF, now=NOW)
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        want_shipment([pk], by=STAFF, now=NOW)
    request(tenant.pk)

    told = undone(tenant, "order.taken_back")

    assert (told.changed, [issue.reason for issue in told.issues]) == ([], ["shipment_started"])
    with tenant_transaction(tenant.pk):
        assert (Parcel.objects.get().state, Order.objects.get().deleted_at) == ("requested", None)
        assert Effect.objects.filter(kind="warehouse.send").exists()


def test_undo_of_a_deletion_and_of_a_return_are_those_acts_and_name_what_they_undo(tenant: Tenant, shop: Shop) -> None:
    taken_out_and_back(tenant, shop)
    first = entry_of(tenant, "order.taken_back")

    assert undone(tenant, "order.taken_back").changed
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().deleted_at == NOW
        assert AuditEntry.objects.filter(verb="order.deleted").latest("pk").params == {"undoes": first}
    assert undone(tenant, "order.deleted").changed

    with tenant_transaction(tenant.pk):
        assert Order.objects.get().deleted_at is None


def test_staff_may_not_delete_by_undoing_a_return(tenant: Tenant, shop: Shop) -> None:
    pk, batch = taken_out_and_back(tenant, shop)
    undo_batch, result = (reverse(f"orders:{name}", args=[batch.pk]) for name in ("batch_undo", "batch"))
    undo_entry = f"{reverse('orders:undo')}?entry={encode(entry_of(tenant, 'order.taken_back'))}"
    staff, admin = browser(tenant, "staff"), browser(tenant, "admin")

    assert (staff.post(undo_batch).status_code, staff.post(undo_entry).status_code) == (403, 403)

    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=pk).deleted_at is None
    assert (undo_batch in staff.get(result).content.decode(), undo_batch in admin.get(result).content.decode()) == (
        False,
        True,
    )
    admin.post(undo_batch)
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=pk).deleted_at is not None


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("admin", 202)])
def test_a_token_deletes_and_undoes_a_return_only_with_its_makers_right(
    tenant: Tenant, shop: Shop, role: str, status: int
) -> None:
    pk, batch = taken_out_and_back(tenant, shop)
    maker = make_member(tenant, role)
    with tenant_transaction(tenant.pk):
        made = create_token(name="連携", scopes=("orders:write",), by=STAFF, now=true_now(), member=maker)
    call = Caller(made.secret)

    undo = call.post(f"batches/{encode(batch.pk)}/undo")
    out = call.post("orders/actions/delete", {"orders": [encode(pk)]})

    assert undo.status_code == status
    assert out.status_code == (200 if status == 202 else 403)
    if status == 403:
        assert (undo.json()["code"], out.json()["code"]) == ("role_needed", "role_needed")


def test_an_order_cancelled_at_the_mall_is_not_brought_back_by_undo(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order()
    take_in(tenant, shop, mall)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        cancel_here([Order.objects.get().pk], by=STAFF, now=NOW)
    take_in(tenant, shop, changed(mall, state="cancelled", code="900"))

    told = undone(tenant, "order.let_go")

    assert [issue.reason for issue in told.issues] == ["cancelled"]
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().phase == "cancelled"


def test_undo_of_a_status_does_not_pass_a_payment_that_came_open(tenant: Tenant, shop: Shop) -> None:
    mall = mall_order()
    take_in(tenant, shop, mall)
    with tenant_transaction(tenant.pk):
        pk = Order.objects.get().pk
        set_status([pk], status=default_status("ready"), by=STAFF, now=NOW)
        set_status([pk], status=default_status("check"), by=STAFF, now=NOW)
    take_in(tenant, shop, changed(mall, blocks=("payment",), payment_state="open"))

    told = undone(tenant, "order.status")

    assert [issue.reason for issue in told.issues] == ["payment_open"]


def test_an_order_whose_status_was_undone_is_judged_again_and_ships(tenant: Tenant, shop: Shop) -> None:
    take_in(tenant, shop, mall_order())
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        memo = Order.objects.get().memo
        set_status([Order.objects.get().pk], status=default_status("check"), by=STAFF, now=NOW)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        acts = RuleMark.objects.count()

    undone(tenant, "order.status")
    judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        order = Order.objects.get()
        assert (order.phase, order.judged_revision, order.memo) == ("ready", order.revision, memo)
        assert RuleMark.objects.count() == acts, "no rule acts a second time"
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().state == "requested"
