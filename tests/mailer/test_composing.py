"""What a mail says is said to the buyer: in Japanese, whatever language the person who writes it reads."""

from __future__ import annotations

from django.utils import translation

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.composing import values_of
from orders.models import Order
from tests.orders.making import make_order, make_shop


def test_a_way_of_paying_is_named_in_the_language_of_the_buyer(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop("本店"), payment_name="", payment_method="bank")
        order = Order.objects.select_related("shop").get(pk=order.pk)

        with translation.override("en"):
            values = values_of([order])[order.pk]

    assert values["payment"] == "銀行振込"
    assert all("Rakuten" not in value for value in values.values())
