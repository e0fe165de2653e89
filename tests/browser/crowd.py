"""A tenant with far too much of everything: fifty rows in each list, names of forty characters without a space among them.

Orders come in as a mall would send them; what surrounds them is written in bulk, so that the crowd stands within seconds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from automation.models import Rule, RuleGroup
from hub.models import ApiToken, Effect, Invitation, Member, Role, StoredFile, Tenant, User
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate, Message
from orders.channels import Address
from orders.models import (
    Batch,
    BatchIssue,
    Listing,
    MallReport,
    Order,
    OrderTag,
    Parcel,
    Product,
    RejectedPayload,
    SavedSearch,
    Shop,
    Status,
    StatusGroup,
    Tag,
    Task,
    TaskMark,
    Warehouse,
)  # fmt: skip
from orders.operations.holds import hold
from orders.operations.leaving import delete
from tests.browser.scenes import KEEPER, NOON, TODAY
from tests.conftest import make_tenant
from tests.factories import BUYER, mall_line, mall_order, take_in

ROWS = 54
SHOPS = 16
LONG = "北海道十勝産とうもろこしとあずきの詰合せ冷凍便限定送料無料特選ギフト用化粧箱入り"
"""A name as malls are full of them: forty characters, and nowhere to break the line but between any two."""
CODE = "HOKKAIDO_TOKACHI_AZUKI_TSUMEAWASE_2026FW"
"""The same as a code, which breaks nowhere by itself."""
COLOURS = ("grey", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink")
PAYMENTS = ("クレジットカード", "銀行振込", "コンビニエンスストア決済前払・後払併用ご利用可能お支払い方法", "商品代引")


def name(kind: str, n: int) -> str:
    """Return the n-th name of a kind: every third fills its place to the edge."""
    return f"{(LONG + kind)[:37]}{n:03d}" if n % 3 == 1 else f"{kind} {n:02d}"


def make_crowd() -> Tenant:
    """Make the tenant; its clock is that of the other scenes."""
    tenant = make_tenant(f"{LONG[:34]}株式会社本店")
    users = User.objects.bulk_create(
        User(email=f"{'a-rather-long-address' if n % 3 == 1 else 'member'}.{n}.{tenant.pk}@crowd.midoriya.example", name=name("係", n))
        for n in range(ROWS)
    )  # fmt: skip
    with tenant_transaction(tenant.pk):
        _people(users)
        houses = Warehouse.objects.bulk_create(
            Warehouse(name=name("倉庫", n), kind="rsl" if n % 2 else "own", position=n, next_collect_at=NOON + timedelta(days=1),
                      paused_at=NOON if n % 9 == 4 else None, collect_error="no_answer" if n % 7 == 3 else "")
            for n in range(ROWS)
        )  # fmt: skip
        shops = _shops(houses)
        _labels()
    _take_in_orders(tenant, shops)
    with tenant_transaction(tenant.pk):
        _goods(shops, houses)
        _rules(shops)
        _mail(shops)
        _hold_and_delete()
        _ship(houses)
        _troubles(shops)
        _jobs()
    return tenant


def _people(users: list[User]) -> None:
    Member.objects.bulk_create(Member(user=user, role=list(Role)[n % 5]) for n, user in enumerate(users))
    Invitation.objects.bulk_create(
        Invitation(email=f"{'someone-with-a-long-name' if n % 3 == 1 else 'new'}.{n}@partner-company.midoriya.example", role=Role.STAFF,
                   secret_hash=f"crowd {n}".encode(), expires_at=NOON + timedelta(days=n % 7, hours=1))
        for n in range(ROWS)
    )  # fmt: skip
    ApiToken.objects.bulk_create(
        ApiToken(name=name("連携", n), secret_hash=f"crowd {n}".encode(), last_four=f"{n:04x}", expires_at=NOON + timedelta(days=10 + n),
                 scopes=["orders.read", "orders.write", "products.write"][: 1 + n % 3], last_used_at=NOON - timedelta(hours=n))
        for n in range(ROWS)
    )  # fmt: skip


def _shops(houses: list[Any]) -> list[Shop]:
    made: list[Shop] = Shop.objects.bulk_create(
        Shop(name=name("店", n), mark="店北"[n % 2], colour=COLOURS[n % 10], channel="rakuten", account=f"8{n:05d}", mode="live", polling=n % 5 != 4,
             live_from=NOON - timedelta(days=9), wanted_from=NOON - timedelta(days=9), last_poll_at=NOON - timedelta(minutes=n), next_poll_at=NOON + timedelta(minutes=1), warehouse=houses[0],
             position=n, blind_since=NOON - timedelta(hours=3) if n % 6 == 5 else None, blind_reason="wrong_key" if n % 6 == 5 else "")
        for n in range(SHOPS)
    )  # fmt: skip
    return made


def _labels() -> None:
    groups = list(StatusGroup.objects.order_by("position"))
    Status.objects.bulk_create(
        Status(group=groups[n % len(groups)], name=name("段階", n), colour=COLOURS[n % 10], position=20 + n, memo=LONG if n % 4 == 1 else "",
               limit_minutes=240 if n % 3 else None, not_ours=n % 8 == 1)
        for n in range(ROWS)
    )  # fmt: skip
    Tag.objects.bulk_create(Tag(name=name("札", n), colour=COLOURS[n % 10], position=20 + n) for n in range(ROWS))
    every: dict[str, Any] = {"all": [{"field": "buyer_name", "op": "contains", "value": LONG[:30]}]}
    Task.objects.bulk_create(
        Task(name=name("仕事", n), what_to_do=f"{LONG}を確かめてください。", condition=every, position=20 + n, colour=COLOURS[n % 10], holds=n % 2 == 0,
             enabled=n % 7 != 6, broken="all.0: unknown_field" if n % 11 == 6 else "")
        for n in range(ROWS)
    )  # fmt: skip
    SavedSearch.objects.bulk_create(
        SavedSearch(name=name("検索", n), shared=True, condition=every, position=n) for n in range(18)
    )


def _take_in_orders(tenant: Tenant, shops: list[Shop]) -> None:
    for at, shop in enumerate(shops[:4]):
        orders = [
            mall_order(
                f"{shop.account}-20261124-{n:010d}",
                placed_at=NOON - timedelta(minutes=7 * n + at),
                buyer=_person(n),
                payment_name=PAYMENTS[n % 4],
                remarks=f"[備考] {LONG}" if n % 5 == 2 else "",
                lines=tuple(
                    mall_line(f"{CODE}-{n % 20}-{part}" if n % 3 == 1 else f"S-{n}-{part}", name=name("見本の品", n), quantity=1 + n % 4,
                              price_yen=980 + 100 * n, price_incl_yen=1078 + 110 * n)
                    for part in range(1 + n % 3)
                ),
            )
            for n in range(40)
        ]  # fmt: skip
        take_in(tenant, shop, *orders, now=NOON, mapped=at != 3)


def _person(n: int) -> Address:
    """Return the n-th buyer: some have a long name, some live at a long address."""
    person = f"見本{LONG[:38]}" if n % 6 == 1 else f"見本 {n:02d}郎"
    street = f"千代田{n}-1-{LONG}ビルディング" if n % 7 == 1 else f"千代田{n}-1"
    return replace(BUYER, name=person, street=street, phone=f"0900000{n:04d}")


def _goods(shops: list[Shop], houses: list[Any]) -> None:
    products = Product.objects.bulk_create(
        Product(sku=f"{CODE}-{n:02d}" if n % 3 == 1 else f"SKU-{n:03d}", name=name("商品", n), warehouse=houses[n] if n % 4 == 1 else None)
        for n in range(ROWS)
    )  # fmt: skip
    Listing.objects.bulk_create(
        Listing(shop=shops[n % SHOPS], key=f"{CODE.lower()}-{n}" if n % 3 == 1 else f"item-{n}", name=name("モールの商品", n),
                variation="色:北欧風くすみブルー サイズ:特大" if n % 2 else "", product=products[n % ROWS] if n >= ROWS else None)
        for n in range(2 * ROWS)
    )  # fmt: skip


def _rules(shops: list[Shop]) -> None:
    tag = Tag.objects.get(name="急ぎ")
    condition = {
        "all": [
            {"field": "total_yen", "op": "gte", "value": 30000},
            {"field": "buyer_name", "op": "contains", "value": LONG[:36]},
        ]
    }
    groups = RuleGroup.objects.bulk_create(
        RuleGroup(name=name("仕分け", n), position=10 + n, enabled=n != 3, shop=shops[n] if n % 2 else None)
        for n in range(6)
    )
    Rule.objects.bulk_create(
        Rule(group=groups[n % 6], name=name("規則", n), condition=condition, position=n, enabled=n % 5 != 3,
             actions=[{"do": "add_tag", "tag": tag.pk}], broken="all.0: unknown_field" if n % 13 == 6 else "")
        for n in range(ROWS)
    )  # fmt: skip


def _mail(shops: list[Shop]) -> None:
    templates = MailTemplate.objects.bulk_create(
        MailTemplate(name=name("文面", n), subject=f"【{LONG}】ご注文ありがとうございます", body="見本", enabled=n % 4 != 3,
                     shop=shops[n % SHOPS] if n % 2 else None)
        for n in range(ROWS)
    )  # fmt: skip
    accounts = MailAccount.objects.bulk_create(
        MailAccount(name=name("送信口", n), host=f"smtp.{'long-host-name.' * 3 if n % 3 == 1 else ''}shop.example", shop=shops[n % SHOPS],
                    sender=f"{'a-rather-long-sender-name' if n % 3 == 1 else 'shop'}-{n}@shop.example")
        for n in range(ROWS)
    )  # fmt: skip
    orders = list(Order.objects.order_by("-pk")[:ROWS])
    effects = Effect.objects.bulk_create(
        Effect(kind="mail.send", lane=f"mail:{accounts[n].pk}", key=f"mail crowd {n}", decided_at=NOON, order_id=order.pk, shop_id=order.shop_id,
               state=("done", "done", "waiting", "stopped", "unsure")[n % 5], reason="refused_by_server" if n % 5 == 3 else "",
               due_at=NOON + timedelta(hours=1), settled_at=None if n % 5 == 2 else NOON - timedelta(minutes=n))
        for n, order in enumerate(orders)
    )  # fmt: skip
    Message.objects.bulk_create(
        Message(order=order, shop_id=order.shop_id, template=templates[n], account=accounts[n], recipient=f"{'b' * (8 + n % 30)}@pc.fw.example",
                sender=accounts[n].sender, subject=templates[n].subject, body="見本", message_id=f"<crowd-{n}@shop.example>",
                effect_id=effects[n].pk, occurred_at=NOON, queued_at=NOON - timedelta(minutes=n),
                sent_at=NOON if effects[n].state == "done" else None)
        for n, order in enumerate(orders)
    )  # fmt: skip


def _hold_and_delete() -> None:
    ids = list(Order.objects.filter(is_open=True).order_by("pk").values_list("pk", flat=True))
    hold(ids[:ROWS], reason=f"{LONG}の件で折り返しのお電話を待っています", by=KEEPER, now=NOON - timedelta(hours=5))
    tasks = list(Task.objects.filter(key="", retired_at__isnull=True, enabled=True).order_by("pk"))
    TaskMark.objects.bulk_create(
        TaskMark(task=task, order_id=pk, opened_at=NOON - timedelta(hours=n % 90, minutes=9), reason="見本")
        for n, task in enumerate(tasks)
        for pk in ids[n % 40 : n % 40 + 4]
    )
    tags = list(Tag.objects.filter(key="").order_by("pk"))
    OrderTag.objects.bulk_create(
        OrderTag(order_id=pk, tag=tags[(n * 5 + k) % len(tags)]) for n, pk in enumerate(ids[:80]) for k in range(n % 7)
    )
    delete(ids[-ROWS:], by=KEEPER, now=NOON - timedelta(minutes=30))


def _ship(houses: list[Any]) -> None:
    parcels = list(Parcel.objects.filter(order__deleted_at__isnull=True, order__held=False).order_by("pk")[:40])
    for n, parcel in enumerate(parcels):
        parcel.warehouse = houses[n % len(houses)]
        parcel.state, parcel.state_at = ("shipped", NOON) if n < 25 else ("requested", NOON)
        parcel.shipped_on = TODAY.date() if n < 25 else None
    Parcel.objects.bulk_update(parcels, ["warehouse", "state", "state_at", "shipped_on"])
    Order.objects.filter(pk__in=[parcel.order_id for parcel in parcels[:25]]).update(unreported=True)
    MallReport.objects.bulk_create(
        MallReport(order_id=parcel.order_id, parcel=parcel, shipment=1, created_at=NOON - timedelta(hours=n), sent_at=NOON if n % 3 else None,
                   seen_at=NOON if n % 3 == 1 else None)
        for n, parcel in enumerate(parcels[:25])
    )  # fmt: skip


def _troubles(shops: list[Shop]) -> None:
    orders = list(Order.objects.filter(deleted_at__isnull=True).order_by("pk")[:ROWS])
    Effect.objects.bulk_create(
        Effect(kind=("mall.confirm", "warehouse.send", "mall.report")[n % 3], lane=f"shop:{order.shop_id}", key=f"crowd {n}", order_id=order.pk,
               shop_id=order.shop_id, state="stopped" if n % 4 else "unsure", decided_at=NOON - timedelta(hours=n),
               reason=("wrong_state", "refused", "killed_worker")[n % 3], settled_at=NOON - timedelta(minutes=20 + n))
        for n, order in enumerate(orders)
    )  # fmt: skip
    RejectedPayload.objects.bulk_create(
        RejectedPayload(shop=shops[n % SHOPS], number=f"{shops[n % SHOPS].account}-20261124-{900 + n:010d}", reason="missing",
                        path="PackageModelList[0].ItemModelList[12].SkuModelList[0].merchantDefinedSkuId", first_at=NOON - timedelta(hours=n),
                        last_at=NOON - timedelta(minutes=n))
        for n in range(ROWS)
    )  # fmt: skip


def _jobs() -> None:
    ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    batches = Batch.objects.bulk_create(
        Batch(action="set-status", params={}, order_ids=ids, client_key=f"crowd {n}", state="done", changed=len(ids) - ROWS, skipped=ROWS,
              finished_at=NOON)
        for n in range(ROWS)
    )  # fmt: skip
    BatchIssue.objects.bulk_create(
        BatchIssue(batch=batches[0], order_id=pk, kind="skipped", reason="shipment_started") for pk in ids[:ROWS]
    )
    StoredFile.objects.bulk_create(
        StoredFile(
            name=f"{name('一覧', n)}.csv",
            content_type="text/csv",
            body=b"a",
            created_at=NOON,
            expires_at=NOON + timedelta(days=7),
        )
        for n in range(ROWS)
    )
