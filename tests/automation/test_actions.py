"""What a rule can do: each of its actions leaves its mark on an order, and none overrules a person."""

from __future__ import annotations

from typing import Any

import pytest

from automation.actions import ACTIONS
from automation.engine import work
from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate, Message
from orders.models import Order, Parcel, Shop, Status, Tag, Warehouse
from orders.operations.edits import choose_warehouse
from tests.automation.test_engine import STAFF, add_rule
from tests.conftest import NOW
from tests.factories import make_shop, mall_order, take_in, the_order

pytestmark = pytest.mark.usefixtures("at_now")
EVERY_ORDER: dict[str, Any] = {"all": []}


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    return make_shop(tenant)


def named(tenant: Tenant) -> dict[str, int]:
    """Make what the actions name; return the ids."""
    with tenant_transaction(tenant.pk):
        MailAccount.objects.create(name="口", host="127.0.0.1", port=1, security="none", sender="shop@example.jp")
        return {
            "status": Status.objects.get(name="確認待").pk,
            "new": Tag.objects.create(name="新しい札").pk,
            "old": Tag.objects.create(name="古い札").pk,
            "warehouse": Warehouse.objects.create(name="南の倉庫", kind="own").pk,
            "template": MailTemplate.objects.create(name="ご案内", subject="ご案内", body="{buyer_name} 様").pk,
        }


@pytest.mark.feature("F062")
def test_each_action_does_what_it_says_and_stop_ends_its_group(tenant: Tenant, shop: Shop) -> None:
    ids = named(tenant)
    does: list[dict[str, Any]] = [
        {"do": "set_status", "status": ids["status"]},
        {"do": "add_tag", "tag": ids["new"]},
        {"do": "add_tag", "tag": ids["old"]},
        {"do": "remove_tag", "tag": ids["old"]},
        {"do": "set_delivery", "method": "宅配便", "carrier": "sagawa"},
        {"do": "choose_warehouse", "warehouse": ids["warehouse"]},
        {"do": "want_shipment"},
        {"do": "send_mail", "template": ids["template"]},
        {"do": "add_memo", "text": "規則が書いた"},
        {"do": "stop"},
    ]
    assert {one["do"] for one in does} == ACTIONS.keys(), "every action is tried"
    add_rule(tenant, EVERY_ORDER, does)
    add_rule(tenant, EVERY_ORDER, [{"do": "add_memo", "text": "止まった先"}], name="あとの規則")
    order = mall_order(remarks="保留になる備考")
    take_in(tenant, shop, order)

    work(tenant.pk)

    row = the_order(tenant, order.number)
    assert (row.status.name, row.memo, row.delivery_method) == ("確認待", "規則が書いた", "宅配便")
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get()
        assert (parcel.warehouse_id, parcel.carrier, parcel.ship_wanted_at) == (ids["warehouse"], "sagawa", NOW)
        assert set(Tag.objects.filter(ordertag__order=row).values_list("name", flat=True)) == {"新しい札"}
        assert Message.objects.filter(order=row, template=ids["template"]).count() == 1
        assert Effect.objects.filter(kind="mail.send", order_id=row.pk).exists()


@pytest.mark.feature("F062")
def test_a_rule_leaves_the_warehouse_that_a_person_chose(tenant: Tenant, shop: Shop) -> None:
    ids = named(tenant)
    order = mall_order()
    take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        chosen = Warehouse.objects.create(name="北の倉庫", kind="own")
        choose_warehouse([Order.objects.get().pk], warehouse=chosen, by=STAFF, now=NOW)
    add_rule(tenant, EVERY_ORDER, [{"do": "choose_warehouse", "warehouse": ids["warehouse"]}])

    work(tenant.pk)

    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().warehouse_id == chosen.pk
