"""A caller with a token, and a tenant that has something of everything; the other tenant has the same."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from automation.models import Rule, RuleGroup
from hub.audit import Actor
from hub.clock import true_now
from hub.effects import enqueue
from hub.ids import encode
from hub.models import ApiToken, Effect, Member, Tenant, User
from hub.operations import SCOPES, create_token, invite
from hub.tenancy import tenant_models, tenant_transaction
from mailer.models import MailTemplate
from orders.batches import start
from orders.models import Listing, Order, Parcel, Product, SavedSearch, Shop, Status, StatusGroup, Tag, Task, Warehouse
from tests.conftest import NOW, TESTER
from tests.orders.making import make_order, make_shop
from warehouses.models import WarehouseRequest

ALL = tuple(SCOPES)
ANSWERS = ("hub_apitoken", "hub_idempotencykey", "hub_accessrow")
"""Tables that a refused call may touch: the token's last use, and nothing else."""


@dataclass
class Caller:
    """Calls the API with one token."""

    secret: str
    language: str = "ja"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        raw: bytes | None = None,
        **headers: str,
    ) -> Any:
        """Call; `key` None sends no idempotency key, empty makes a new one for a write."""
        named = {"Authorization": f"Bearer {self.secret}", "Accept-Language": self.language}
        named.update({name.replace("_", "-"): value for name, value in headers.items()})
        if key is not None and method in ("POST", "PATCH", "PUT", "DELETE"):
            named["Idempotency-Key"] = key or str(uuid.uuid4())
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        with_slots(self.secret)
        return self.client.generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            data,
            content_type="application/json",
            headers=named,
        )

    def get(self, path: str, **headers: Any) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self("POST", path, {} if body is None else body, **kwargs)

    def patch(self, path: str, body: Any, **kwargs: Any) -> Any:
        return self("PATCH", path, body, **kwargs)

    def put(self, path: str, body: Any, **kwargs: Any) -> Any:
        return self("PUT", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self("DELETE", path, **kwargs)


SLOTS: dict[str, tuple[int, int]] = {}


def with_slots(secret: str) -> None:
    """Give the token its burst back, so that tests other than that of the limit do not wait."""
    if secret in SLOTS:
        tenant_id, token_id = SLOTS[secret]
        with tenant_transaction(tenant_id):
            ApiToken.objects.filter(pk=token_id).update(window_start=None)


def caller_of(tenant: Tenant, *scopes: str, slots: bool = True) -> Caller:
    """A token of the tenant with these scopes (all, if none are named)."""
    with tenant_transaction(tenant.pk):
        made = create_token(name="試験", scopes=scopes or ALL, by=TESTER, now=true_now())
    if slots:
        SLOTS[made.secret] = (tenant.pk, made.token.pk)
    return Caller(made.secret)


@pytest.fixture
def call(tenant: Tenant) -> Caller:
    return caller_of(tenant)


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop()


@pytest.fixture
def order(tenant: Tenant, shop: Shop) -> Order:
    with tenant_transaction(tenant.pk):
        return make_order(shop, remarks="のし希望", memo="常連")


def canary(tenant: Tenant) -> str:
    """A text that stands in the tenant's rows and nowhere else."""
    return f"カナリア{tenant.pk}番"


def furnish(tenant: Tenant) -> dict[str, str]:
    """Give a tenant one of everything the API has; return a path of each, by what is in its place in the route."""
    by = Actor(kind="member", name="家具")
    with tenant_transaction(tenant.pk):
        shop = make_shop(f"店{uuid.uuid4().hex[:6]}")
        order = make_order(shop, buyer_name=canary(tenant), memo=canary(tenant))
        user = User.objects.create_user(f"{uuid.uuid4().hex[:10]}@example.com")
        member = Member.objects.create(user=user, role="owner")
        invitation = invite(
            email=f"{uuid.uuid4().hex[:8]}@example.com", role="staff", inviter=member, by=by, now=NOW
        ).invitation
        token = create_token(name="別の鍵", scopes=["orders:read"], by=by, now=true_now()).token
        product = Product.objects.create(sku="秘-1", name=f"{canary(tenant)}の商品")
        listing = Listing.objects.create(shop=shop, key="secret-key", name=f"{canary(tenant)}の出品")
        effect = enqueue("mail.send", lane="mail:1", key=f"t:{uuid.uuid4()}", payload={}, now=NOW, order_id=order.pk)
        assert effect is not None
        Effect.objects.filter(pk=effect.pk).update(state="stopped", reason="mail_refused")
        search = SavedSearch.objects.create(name=f"{canary(tenant)}の検索", shared=True)
        batch = start("add-tag", [order.pk], {"tag": Tag.objects.all()[0].pk}, client_key=str(uuid.uuid4()), by=by)
        parcel = Parcel.objects.filter(order=order).get()
        warehouse = Warehouse.objects.all()[0]
        request = WarehouseRequest.objects.create(
            parcel=parcel,
            warehouse=warehouse,
            reference=str(uuid.uuid4()),
            parcel_revision=1,
            asked_at=NOW,
            ended_at=NOW,
            answer="refused",
        )
        rows: dict[str, int] = {
            "shops": shop.pk, "orders": order.pk, "parcels": parcel.pk, "statuses": Status.objects.order_by("pk")[0].pk,
            "status-groups": StatusGroup.objects.order_by("pk")[0].pk, "tags": Tag.objects.filter(key="")[0].pk,
            "tasks": Task.objects.filter(key="")[0].pk, "saved-searches": search.pk, "products": product.pk, "listings": listing.pk,
            "batches": batch.pk, "rules": Rule.objects.order_by("pk")[0].pk, "rule-groups": RuleGroup.objects.order_by("pk")[0].pk,
            "warehouses": warehouse.pk, "warehouse-requests": request.pk, "mail-templates": MailTemplate.objects.order_by("pk")[0].pk,
            "effects": effect.pk, "members": member.pk, "invitations": invitation.pk, "tokens": token.pk,
        }  # fmt: skip
    return {name: encode(pk) for name, pk in rows.items()}


def checksum(tenant: Tenant) -> dict[str, tuple[int, str]]:
    """Return count and hash of every tenant table, but for those a refused call may touch."""
    found = {}
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        for model in tenant_models():
            table = model._meta.db_table
            if table in ANSWERS:
                continue
            cursor.execute(
                f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t.id)), '') FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()
    return found


@pytest.fixture
def second_connection(django_db_setup: None) -> Any:
    """Another session that notes something in an order's history and commits only when it is left."""

    @contextmanager
    def open_one(tenant: Tenant) -> Iterator[Callable[[int], None]]:
        params = connection.get_connection_params()
        params.pop("cursor_factory", None)
        params.pop("context", None)
        with psycopg.connect(**params) as other:
            other.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant.pk)])

            def note(order_id: int) -> None:
                other.execute(
                    "INSERT INTO hub_auditentry (tenant_id, order_id, at, actor_kind, actor_name, verb, params) "
                    "VALUES (%s, %s, now(), 'system', '', 'order.noted', '{}')",
                    [tenant.pk, order_id],
                )

            yield note

    return open_one
