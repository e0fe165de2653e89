"""Every page of the product that can be looked at, taken from its URLs: a new page is looked at without being named here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.models import Effect, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Parcel, Task
from tests.test_urls import NO_ROW_OF_ITS_OWN, SHUT, WHOSE_ID
from tests.test_urls import Page as Address

PARTS = {
    "orders:news", "orders:peek", "orders:history", "orders:remarks", "automation:rule_count", "hub:jobs", "mailer:template_preview",
    "mailer:gate", "orders:bulk", "orders:record_shipment", "orders:choose_warehouse", "orders:new_place",
}  # fmt: skip
"""They answer a piece of a page; what opens them is looked at in `test_opened.py`."""
NOT_A_PAGE = {
    "hub:effects",
    "orders:file",
    "orders:search_save",
    "orders:download",
    "orders:packing_slip",
    "orders:packing_slips",
}
SHORT = {"hub": "", "orders": "", "mailer": "mail-", "automation": "", "warehouses": "warehouse-"}
NAMES = {
    "orders:list": "order-list", "orders:detail": "order", "automation:rules": "rules", "automation:rule": "rule", "mailer:messages": "mail",
    "mailer:message": "mail-message", "warehouses:list": "warehouses",
}  # fmt: skip
LISTS = {
    "home", "order-list", "attention", "errors", "shipping", "products", "listings", "mail", "shops", "members", "tokens", "tags",
    "removed", "warehouses", "search", "statuses", "tasks", "rules", "mail-templates", "mail-accounts",
}  # fmt: skip
"""Screens that are kept with no, with one and with fifty rows as well."""


def name_of(address: Address) -> str:
    """Return the name that the screen's pictures bear."""
    namespace, name = address.name.split(":")
    return NAMES.get(address.name) or (SHORT[namespace] + name).replace("_", "-")


SCREENS = {
    name_of(address): address
    for address in SHUT
    if "GET" in address.view.methods and address.name not in PARTS | NOT_A_PAGE | NO_ROW_OF_ITS_OWN
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A screen of a tenant."""

    name: str
    path: str


def place_of(name: str, tenant: Tenant) -> Place | None:
    """Return where the tenant's screen is; None without a row to show."""
    address = SCREENS[name]
    if not address.has_id:
        return Place(name=name, path=address.url(0) + ("?q=見本" if name == "search" else ""))
    with tenant_transaction(tenant.pk):
        row = _row(WHOSE_ID[address.name])
    return None if row is None else Place(name=name, path=address.url(row))


def _row(model: Any) -> int | None:
    """Return the richest row of a kind."""
    rows = model.objects.order_by("pk")
    if model is Order:
        rows = model.objects.order_by("-memo", "pk")
    if model is Effect:
        rows = model.objects.filter(state="stopped").order_by("pk")
    if model is Task:
        rows = model.objects.filter(key="").order_by("pk")
    if model is Parcel:
        rows = model.objects.filter(state="draft").order_by("pk")
    found: int | None = rows.values_list("pk", flat=True).first()
    return found
