"""An order for the tests of pages, and how pages are read there."""

from __future__ import annotations

from html import unescape

from django.test import Client

from hub.audit import Actor
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order

BY = Actor(kind="member", name="鈴木 一郎")


def path(order: Order, end: str = "") -> str:
    return f"/orders/{encode(order.pk)}/{end}"


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return unescape(answer.content.decode())


def page_of(client: Client, order: Order) -> str:
    return read(client, path(order))


def again(tenant: Tenant, order: Order) -> Order:
    with tenant_transaction(tenant.pk):
        found: Order = Order.objects.select_related("status").get(pk=order.pk)
        return found
