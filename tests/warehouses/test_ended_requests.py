"""A request that has ended says nothing more: not by another try, not by a person, and not about the request after it (promise G5)."""

from __future__ import annotations

import pytest

from automation.engine import work as judge
from hub.audit import Actor
from hub.effects import deliver, operations, troubles
from hub.ids import encode
from hub.models import Effect, Lane, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel
from orders.operations.status import default_status, set_status
from orders.operations.wishes import ask_again
from tests.conftest import NOW
from tests.pages import browser
from warehouses.models import WarehouseRequest
from warehouses.operations import answer_withdrawal, ask_withdrawal, refuse
from warehouses.requesting import work

pytestmark = pytest.mark.usefixtures("at_now")

STAFF = Actor(kind="member", id=1, name="試験係")


@pytest.fixture
def asked_again(tenant: Tenant, requested: int) -> Effect:
    """The stopped effect of a request that was refused; its parcel was asked for again and is requested anew."""
    with tenant_transaction(tenant.pk):
        refuse(WarehouseRequest.objects.get(), now=NOW, reason="warehouse_refused", detail="E104")
        effect = Effect.objects.get(kind="warehouse.send")
        Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="warehouse_refused")
        ask_again(requested, by=STAFF, now=NOW)
        set_status([Order.objects.get().pk], status=default_status("ready"), by=STAFF, now=NOW)
    judge(tenant.pk)
    work(tenant.pk)
    with tenant_transaction(tenant.pk):
        assert list(WarehouseRequest.objects.order_by("pk").values_list("answer", flat=True)) == ["refused", "open"]
    return effect


def test_an_effect_of_an_ended_request_is_not_offered_and_not_sent_again(tenant: Tenant, asked_again: Effect) -> None:
    with tenant_transaction(tenant.pk):
        [row] = troubles.SOURCES[0].rows(NOW, 10)
        refused = operations.send_again([asked_again.pk], by=STAFF, now=NOW)

    assert [act.value for act in row.acts] == ["done", "drop"]
    assert "受注のページから荷物をもう一度依頼" in row.cause
    assert refused == operations.Changed(unchanged={asked_again.pk: "request_ended"})

    client, page = browser(tenant), f"/attention/effects/{encode(asked_again.pk)}/"
    assert "もう一度送る" not in client.get(page).content.decode()
    client.post(f"{page}act/", {"act": "again"})
    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=asked_again.pk).state == "stopped"


def test_an_effect_that_still_waits_when_its_request_ends_never_leaves(tenant: Tenant, asked_again: Effect) -> None:
    with tenant_transaction(tenant.pk):
        newer = Effect.objects.filter(kind="warehouse.send").exclude(pk=asked_again.pk)
        newer.update(hold_reason="test")
        Effect.objects.filter(pk=asked_again.pk).update(state="waiting", reason="")
        lane = Lane.objects.get(name=asked_again.lane)

    deliver.work(tenant.pk, lane.pk)

    with tenant_transaction(tenant.pk):
        effect = Effect.objects.get(pk=asked_again.pk)
        assert (effect.state, effect.reason, effect.sent_at) == ("dropped", "ended", None)


def test_a_late_answer_to_an_ended_request_leaves_the_next_one_alone(tenant: Tenant, asked_again: Effect) -> None:
    with tenant_transaction(tenant.pk):
        operations.mark_done([asked_again.pk], proof="電話", by=STAFF, now=NOW)

    with tenant_transaction(tenant.pk):
        assert Effect.objects.get(pk=asked_again.pk).state == "done"
        assert Parcel.objects.get().state == "requested"
        assert list(WarehouseRequest.objects.order_by("pk").values_list("answer", flat=True)) == ["refused", "open"]


def test_a_late_withdrawal_of_an_ended_request_leaves_the_next_one_alone(tenant: Tenant, asked_again: Effect) -> None:
    with tenant_transaction(tenant.pk):
        ended, live = WarehouseRequest.objects.order_by("pk")
        ask_withdrawal(live.parcel_id, accept_fee=False, reason="", by=STAFF, now=NOW)
        answer_withdrawal(ended, "agreed", fee_yen=0, now=NOW)
        refuse(ended, now=NOW, reason="warehouse_refused", detail="")

        assert Parcel.objects.get().state == "cancel_asked"
        assert WarehouseRequest.objects.get(pk=ended.pk).answer == "refused"
        assert WarehouseRequest.objects.get(pk=live.pk).ended_at is None
