"""Remark: twelve texts and what comes of each; what a person has read stays read until the mall's text changes."""

from __future__ import annotations

import pytest

from automation.engine import work as judge
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Task, TaskMark
from tests.factories import changed, make_shop, mall_order, take_in, the_order
from tests.orders.test_remarks import HARMLESS, TWELVE
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")


def remark_is_open(tenant: Tenant) -> bool:
    with tenant_transaction(tenant.pk):
        return TaskMark.objects.filter(task__name="備考あり", closed_at__isnull=True).exists()


@pytest.mark.feature("F062")
def test_each_of_the_twelve_flows_or_is_held_as_expected(tenant: Tenant) -> None:
    shop = make_shop(tenant, harmless_remarks=HARMLESS)
    orders = {name: mall_order(remarks=text) for name, (text, _) in TWELVE.items()}

    take_in(tenant, shop, *orders.values())
    judge(tenant.pk)

    assert len(orders) == 12
    found = {name: the_order(tenant, order.number) for name, order in orders.items()}
    came = {name: (order.status.name, order.held) for name, order in found.items()}
    assert came == {name: ("確認待", True) if left else ("発送待ち", False) for name, (_, left) in TWELVE.items()}


@pytest.mark.feature("F062")
def test_a_cash_on_delivery_order_flows_and_one_with_a_remark_does_not(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    free = mall_order(payment_method="cod", payment_name="代金引換", payment_state="collect")
    told = mall_order(payment_method="cod", payment_name="代金引換", payment_state="collect", remarks="時間厳守")

    take_in(tenant, shop, free, told)
    judge(tenant.pk)

    assert the_order(tenant, free.number).status.name == "発送待ち"
    assert the_order(tenant, told.number).status.name == "確認待"


@pytest.mark.feature("F062", "F072")
def test_read_clears_the_task_until_the_malls_text_changes(tenant: Tenant) -> None:
    shop, order = make_shop(tenant), mall_order(remarks="急いでください")
    take_in(tenant, shop, order)
    judge(tenant.pk)
    first = remark_is_open(tenant)
    pk = encode(the_order(tenant, order.number).pk)

    browser(tenant, "staff").post(f"/orders/{pk}/remark-read/")
    judge(tenant.pk)
    take_in(tenant, shop, changed(order, sub_status="changed elsewhere"))
    judge(tenant.pk)
    read = remark_is_open(tenant)
    take_in(tenant, shop, changed(order, remarks="やはり急ぎません"))
    judge(tenant.pk)

    assert (first, read, remark_is_open(tenant)) == (True, False, True)
    assert the_order(tenant, order.number).held


@pytest.mark.feature("F063")
def test_a_bank_transfer_goes_to_waiting_for_payment_by_itself(tenant: Tenant) -> None:
    order = mall_order(
        payment_method="bank", payment_name="銀行振込", payment_state="open", state="processing", blocks=("payment",)
    )

    take_in(tenant, make_shop(tenant), order)
    judge(tenant.pk)

    row = the_order(tenant, order.number)
    assert (row.status.name, row.phase) == ("入金待ち", "payment")
    with tenant_transaction(tenant.pk):
        assert Order.objects.get().taskmark_set.filter(task=Task.objects.get(key="mall_payment")).exists()


@pytest.mark.feature("F017")
def test_the_order_page_names_what_holds_it_in_checking_and_it_is_counted_there(tenant: Tenant) -> None:
    order = mall_order()
    take_in(tenant, make_shop(tenant), order, mapped=False)
    judge(tenant.pk)
    client = browser(tenant)

    page = client.get(f"/orders/{encode(the_order(tenant, order.number).pk)}/").content.decode()
    counts = client.get("/orders/").content.decode()

    assert the_order(tenant, order.number).status.name == "確認待"
    assert "未マッピング" in page
    assert "1点のうち1点" in page
    assert counts.count("確認待") >= 1
