"""An order that cannot be saved when it is read again stops only itself: it and the others of its answer wait as usual (promise G3)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.channels import MallOrder, Same
from orders.models import Order, RejectedPayload, Shop
from orders.rereading import _one_call
from tests.conftest import NOW
from tests.factories import changed, make_shop, mall_order, take_in

pytestmark = pytest.mark.usefixtures("at_now")


class Mall:
    """A mall with one answer."""

    fetch_size = 100

    def __init__(self, *answer: MallOrder | Same) -> None:
        self.answer = answer

    def fetch(self, *, numbers: Sequence[str], stored: Mapping[str, bytes]) -> list[Any]:
        return [item for item in self.answer if item.number in numbers]


def test_what_the_database_refuses_does_not_stay_due_nor_do_the_others(tenant: Tenant) -> None:
    shop = make_shop(tenant)
    bad, well, same = mall_order(), mall_order(), mall_order()
    take_in(tenant, shop, bad, well, same)
    token = uuid.uuid4()
    with tenant_transaction(tenant.pk):
        Order.objects.update(reread_at=NOW - timedelta(minutes=1), mall_read_at=NOW - timedelta(minutes=40))
        Shop.objects.filter(pk=shop.pk).update(reread_token=token)
    mall: Any = Mall(changed(bad, total_yen=10**20), changed(well, total_yen=7), Same(number=same.number))

    _one_call(tenant.pk, shop.pk, mall, token)

    with tenant_transaction(tenant.pk):
        assert [row.number for row in RejectedPayload.objects.all()] == [bad.number]
        assert Order.objects.get(number=well.number).total_yen == 7
        assert not Order.objects.filter(reread_at__lte=NOW).exists(), "asked again at once, for ever"
        assert Order.objects.get(number=same.number).mall_read_at == NOW
