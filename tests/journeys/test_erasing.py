"""Canaries through the whole life of orders, then retention: no table holds them any more (reliability, row 73), nothing brings them back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection

from automation.judge import judge
from documents.models import FileJob
from hub import secrets, sessions
from hub.clock import business_now, true_now
from hub.ids import encode
from hub.models import AccessRow, Effect, EffectTry, IdempotencyKey, RetentionRun, StoredFile, Tenant
from hub.operations import SCOPES, create_token
from hub.secrets import SEALED, Unreadable
from hub.tenancy import GLOBAL_TABLES, tenant_models, tenant_transaction
from mailer.models import MailTemplate, Message
from orders.channels import BadPayload
from orders.intake import save_mall_orders
from orders.models import Batch, MallSnapshot, Order, OrderNumber, Parcel, RejectedPayload, Shop
from orders.polling import MALL
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from tests.api.conftest import Caller
from tests.conftest import TESTER
from tests.features.steps import open_mail
from tests.journeys.conftest import World
from tests.journeys.world_steps import account_of, connect, map_all, run
from tests.mailer.conftest import server, sink
from tests.pages import browser
from warehouses.models import ResultIssue, WarehouseRequest

__all__ = ["server", "sink"]

PREFECTURE = "東京都"


class Canary:
    """A person whose every word is found again: `word` in names, remarks and all that is typed, a mail address, a phone."""

    def __init__(self, word: str, latin: str, phone: tuple[str, str, str]) -> None:
        self.word, self.latin, self.phone = word, latin, phone
        digits, self.second = "".join(phone), f"070-{phone[1]}-{phone[2]}"
        self.traces = (word, quote(word), json.dumps(word)[1:-1], latin, digits, digits[::-1], "-".join(phone), self.second,
                       self.second.replace("-", ""), self.second.replace("-", "")[::-1])  # fmt: skip

    def address(self) -> dict[str, str]:
        return {
            "familyName": f"{self.word}姓", "firstName": f"{self.word}名", "familyNameKana": self.word, "firstNameKana": f"{self.word}メイ",
            "zipCode1": "100", "zipCode2": "0001", "prefecture": PREFECTURE, "city": "千代田区", "subAddress": f"千代田1-1 {self.word}ビル",
            **{f"phoneNumber{place}": part for place, part in enumerate(self.phone, start=1)},
        }  # fmt: skip

    def wish(self) -> dict[str, Any]:
        """An order of this person at the mall."""
        return {
            "kind": "card",
            "override": {
                "OrdererModel": {**self.address(), "emailAddress": f"{self.latin}@example.com"}, "remarks": f"{self.word}の備考です",
                "memo": f"{self.word}は常連", "operator": f"{self.word}担当", "mailPlugSentence": f"{self.word}様へ",
                "PackageModelList": [{
                    "noshi": f"{self.word}のし", "dropOffLocation": f"{self.word}の玄関", "SenderModel": self.address(),
                }],
            },
        }  # fmt: skip


SHIPPED = Canary("ヤマガラ", "yamagara", ("080", "1111", "2222"))
CANCELLED = Canary("ルリビタキ", "ruribitaki", ("080", "3333", "4444"))
OPEN = Canary("キセキレイ", "kisekirei", ("080", "5555", "6666"))


# Looking for them.


def traces_in_tables(tenant: Tenant, canary: Canary) -> set[str]:
    """Return the tables that hold any trace: every row as text, bytes as what they say, boxes opened, sessions unpacked."""
    found = set()
    with tenant_transaction(tenant.pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            tables = [row[0] for row in cursor.fetchall()]
        known = {model._meta.db_table for model in tenant_models()}
        assert set(tables) == known | (GLOBAL_TABLES & set(tables)), "a table that nobody looks into"
        for table in tables:
            if any(trace in text for text in texts_of(table) for trace in canary.traces):
                found.add(table)
        for model in tenant_models():
            if any(trace in text for text in boxes_of(model) for trace in canary.traces):
                found.add(f"{model._meta.db_table} (sealed)")
    return found


def texts_of(table: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'bytea'", [table]
        )
        raw = [row[0] for row in cursor.fetchall()]
        cursor.execute(f'SELECT t::text FROM "{table}" t')
        yield from (row[0] for row in cursor.fetchall())
        for column in raw:
            cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
            yield from (bytes(row[0]).decode("utf-8", "replace") for row in cursor.fetchall())
        if table == "django_session":
            cursor.execute("SELECT session_data FROM django_session")
            from django.contrib.sessions.backends.db import SessionStore

            yield from (str(SessionStore().decode(row[0])) for row in cursor.fetchall())


def boxes_of(model: type[Any]) -> Iterator[str]:
    for sealed in SEALED:
        if sealed.model != model._meta.label or sealed.inside:
            continue
        for row in model.objects.all():
            box, owner = bytes(getattr(row, sealed.column)), sealed.owner.format(pk=row.pk, **vars(row))
            if not box:
                continue
            try:
                yield secrets.unseal_text(box, owner=owner).decode("utf-8", "replace")
            except (Unreadable, ValueError, Exception):  # noqa: BLE001  credentials are no texts
                yield secrets.unseal(box, owner=owner).decode("utf-8", "replace")


# Their life.


@pytest.fixture
def lived(world: World, tenant: Tenant, server: SmtpServer, sink: MailSink) -> dict[str, int]:
    """Three orders taken in from the mall and worked on by hand: one shipped and counted, one cancelled, one still open."""
    shop_id = connect(world, tenant)
    open_mail(tenant, server)
    wishes = [person.wish() for person in (SHIPPED, CANCELLED, OPEN)]
    placed = world.post(world.mall_url, "orders", {"shop": account_of(tenant, shop_id), "orders": wishes})
    numbers = [order["number"] for order in placed["orders"]]
    for number, person in zip(numbers, (SHIPPED, CANCELLED, OPEN), strict=True):
        engrave(world, number, person.word)
    found: dict[str, int] = {}
    while len(found) < len(numbers):
        world.pass_time(minutes=2)
        run("poll", "poll")
        with tenant_transaction(tenant.pk):
            found = dict(Order.objects.values_list("number", "pk"))
    shipped, cancelled, open_one = (found[number] for number in numbers)
    bad = BadPayload(number=numbers[0], path="remarks", reason="wrong_type", params={"found": SHIPPED.word},
                     payload=f'{{"remarks": ["{SHIPPED.word}"]}}'.encode())  # fmt: skip
    save_mall_orders(tenant.pk, shop_id, [bad], by=MALL, now=world.clocks[0].now())
    with tenant_transaction(tenant.pk):
        OrderNumber.objects.update(state="fetched", tries=0)
    by_hand(tenant, shipped, SHIPPED)
    by_hand(tenant, cancelled, CANCELLED)
    map_all(tenant)
    for minutes in (*[10] * 8, *[60] * 18):
        world.pass_time(minutes=minutes)
        run(rounds=2)
        let_go(tenant, shipped)
        with tenant_transaction(tenant.pk):
            if Order.objects.get(pk=shipped).phase == "done":
                break
    client = browser(tenant)
    client.post(f"/orders/{encode(shipped)}/memo/", {"memo": f"{SHIPPED.word}様は満足"})
    client.post(f"/orders/{encode(cancelled)}/give-up/", {"verb": "not_here"})
    with tenant_transaction(tenant.pk):
        orders = {order.pk: order for order in Order.objects.all()}
        assert [orders[pk].phase for pk in (shipped, cancelled)] == ["done", "cancelled"]
        assert orders[open_one].is_open
        assert Message.objects.filter(order=shipped, sent_at__isnull=False).exists()
        assert Effect.objects.filter(order_id=shipped, kind="warehouse.send", state="done").exists()
        left = Effect.objects.filter(order_id__in=[shipped, cancelled]).exclude(state__in=["done", "dropped"])
        assert not left.exists(), list(left.values())
        _echo(shipped, SHIPPED.word)
    return {"shipped": shipped, "cancelled": cancelled, "open": open_one, "shop": shop_id}


def engrave(world: World, number: str, word: str) -> None:
    """Let each item of an order carry the buyer's choice of words."""
    order = next(shop.orders[number] for shop in world.mall.shops.values() if number in shop.orders)
    model = order.read()
    for item in (item for package in model["PackageModelList"] for item in package["ItemModelList"]):
        item["selectedChoice"] = f"名入れ:{word}"
    order.write(model)


def by_hand(tenant: Tenant, order_id: int, canary: Canary) -> None:
    """What people and programs do to an order, with the canary in every word they type."""
    client, page, word = browser(tenant), f"/orders/{encode(order_id)}/", canary.word
    with tenant_transaction(tenant.pk):
        parcel = Parcel.objects.get(order=order_id)
        template = MailTemplate.objects.exclude(occasion="thanks").first()
        secret = create_token(name="連携", scopes=list(SCOPES), by=TESTER, now=business_now()).secret
        revision = Order.objects.get(pk=order_id).revision
    assert template is not None
    call = Caller(secret)
    answer = call("PATCH", f"orders/{encode(order_id)}", {"memo": f"{word}の電話"}, If_Match=str(revision))
    assert answer.status_code == 200, answer.content
    address = {
        "name": f"{word}太郎", "kana": word, "phone": canary.second, "postal_code": "100-0001", "prefecture": PREFECTURE,
        "city": "千代田区", "street": f"千代田1-1 {word}荘",
    }  # fmt: skip
    client.post(f"/parcels/{encode(parcel.pk)}/address/", address)
    client.post(f"{page}hold/", {"reason": f"{word}様からの返事待ち"})
    client.post(f"{page}remark-read/")
    client.post(
        "/orders/bulk/", {"ask": "memo", "orders": encode(order_id), "text": f"{word}と話した", "confirmed": "1"}
    )
    ref = {"orders": [{"id": encode(order_id)}], "params": {"text": f"{word}の件", "add": True}, "batch": True}
    assert call("POST", "orders/actions/memo", ref).status_code == 202
    run("batch")
    client.get("/search/", {"q": word})
    client.get("/orders/", {"q": word})
    client.post(
        "/orders/csv/",
        {"orders": encode(order_id), "columns": ["number", "buyer_name"], "profile": "machine", "encoding": "utf-8"},
    )
    run("file")
    client.post(
        f"/mail/compose/{encode(order_id)}/", {"subject": f"{word}様へ", "body": f"{word}様、こんにちは", "do": "send"}
    )


def let_go(tenant: Tenant, order_id: int) -> None:
    """Release what holds the order, with a typed reason where a person asks."""
    from orders.models import TaskMark
    from orders.operations.holds import close_mark

    with tenant_transaction(tenant.pk):
        for mark in TaskMark.objects.filter(order_id=order_id, closed_at__isnull=True, task__holds=True).select_related(
            "task"
        ):
            close_mark(
                [order_id],
                task=mark.task,
                reason=f"{SHIPPED.word}様が了承",
                override=True,
                by=TESTER,
                now=business_now(),
            )


def _echo(order_id: int, word: str) -> None:
    """Plant what counterparts may repeat in their answers, and what a file's filter was."""
    request = WarehouseRequest.objects.get(parcel__order_id=order_id)
    WarehouseRequest.objects.filter(pk=request.pk).update(detail=f"{word}様の住所を確認")
    EffectTry.objects.create(
        effect_id=request.effect_id, act="call", request={"name": word}, answer={"text": word}, outcome="done"
    )
    Effect.objects.filter(pk=request.effect_id).update(result={"said": word}, reason_params={"detail": word})
    for reference in (request.reference, f"unknown-{order_id}"):
        ResultIssue.objects.create(
            warehouse_id=request.warehouse_id, reference=reference, reason="late_result", params={"to": word}, found_at=business_now()
        )  # fmt: skip
    FileJob.objects.update(asked={"query": word}, report=[{"characters": word}], created_at=business_now())


# The test.


@pytest.mark.feature("R15")
def test_no_table_holds_a_canary_after_retention_and_the_open_order_keeps_all(
    world: World, tenant: Tenant, lived: dict[str, int]
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=7)
    assert traces_in_tables(tenant, SHIPPED) >= {
        "orders_order", "orders_parcel", "orders_orderline", "orders_mallsnapshot (sealed)", "orders_rejectedpayload (sealed)",
        "orders_taskmark", "orders_batch", "hub_effect", "hub_auditdetail", "hub_accessrow", "mailer_message", "hub_idempotencykey",
        "orders_searchphone", "hub_effecttry", "warehouses_warehouserequest", "warehouses_resultissue", "documents_filejob", "hub_storedfile",
    }  # fmt: skip
    assert "hub_auditentry" not in traces_in_tables(tenant, SHIPPED), (
        "typed words stand in details, which can be erased"
    )
    before = traces_in_tables(tenant, OPEN)

    world.pass_time(days=9)
    sessions.clear(true_now() + timedelta(days=30))
    run("keep")
    told = StringIO()
    call_command("retain", tenant=tenant.pk, stdout=told)

    assert traces_in_tables(tenant, SHIPPED) == set()
    assert traces_in_tables(tenant, CANCELLED) == set()
    assert traces_in_tables(tenant, OPEN) == before
    with tenant_transaction(tenant.pk):
        assert [bytes(body) for body in StoredFile.objects.values_list("body", flat=True)] == [b""] * 2
        assert not IdempotencyKey.objects.exists()
        assert MallSnapshot.objects.filter(order_id=lived["open"]).exists()
        assert set(Order.objects.filter(erased_at__isnull=False).values_list("pk", flat=True)) == {
            lived["shipped"],
            lived["cancelled"],
        }
        assert AccessRow.objects.exists()
    assert "orders.Order" in told.getvalue()


def test_nothing_that_reads_the_mall_brings_a_person_back(world: World, tenant: Tenant, lived: dict[str, int]) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=7)
    world.pass_time(days=9)
    judged = faults(world, tenant)
    sessions.clear(true_now() + timedelta(days=30))
    run("keep", "retain")
    assert faults(world, tenant) == judged, "the judge needs no person to compare the hub with its counterparts"
    with tenant_transaction(tenant.pk):
        assert Order.objects.get(pk=lived["shipped"]).erased_at is not None
        before = Order.objects.filter(pk=lived["shipped"]).values().get()
        OrderNumber.objects.update(state="named", tries=0)
        Order.objects.update(reread_at=business_now())
        Shop.objects.update(next_poll_at=business_now())

    run("poll", "reread", "judge", "poll", "reread", "judge", "keep", "retain")

    assert traces_in_tables(tenant, SHIPPED) == set()
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(pk=lived["shipped"]).values().get() == before
        assert not MallSnapshot.objects.filter(order_id=lived["shipped"]).exists()
        assert not RejectedPayload.objects.exclude(body=b"").exists()


def test_the_dry_run_says_what_the_run_does_and_writes_nothing(
    world: World, tenant: Tenant, lived: dict[str, int]
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(retention_days=7)
    world.pass_time(days=9)
    before, dry, real = checksum(tenant), StringIO(), StringIO()

    call_command("retain", tenant=tenant.pk, dry_run=True, stdout=dry)
    after = checksum(tenant)
    call_command("retain", tenant=tenant.pk, stdout=real)

    assert after == before
    assert "would be erased" in dry.getvalue()
    assert dry.getvalue().replace("would be erased", "erased") == real.getvalue()
    assert checksum(tenant) != before
    with tenant_transaction(tenant.pk):
        assert RetentionRun.objects.get().finished_at is not None
        assert Batch.objects.exists()


def faults(world: World, tenant: Tenant) -> set[str]:
    """Return the invariants that the judge finds broken."""
    judgement = judge(now=business_now(), true_now=true_now(), ledgers=world.folder, tenant_ids=[tenant.pk])
    return {verdict.invariant for verdict in judgement.verdicts if not verdict.holds}


def checksum(tenant: Tenant) -> dict[str, str]:
    """Return a hash of every table, as this tenant sees it."""
    found = {}
    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t")
            row = cursor.fetchone()
            assert row is not None
            found[table] = row[0]
    return found
