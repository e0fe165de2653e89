"""Shops to look at: one that is lived in, one with a single order, one on its first day. All of it came in through the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from django.utils import timezone

from hub import stages
from hub.audit import Actor
from hub.clock import JAPAN
from hub.models import ApiToken, Clock, Effect, Invitation, Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from mailer.settings import save_account
from orders.models import Batch, Listing, Order, Product, RejectedPayload, Shop, Tag, Warehouse
from orders.operations.holds import hold
from orders.operations.labels import add_tag, set_memo
from orders.operations.products import map_listing
from simulators.ledger import Ledger
from simulators.mail import MailSink
from simulators.mail.session import SmtpServer
from simulators.rakuten import catalogue
from tests.conftest import make_tenant
from tests.factories import mall_line, mall_order
from tests.factories import take_in as take_in_past
from tests.journeys.conftest import World, open_world
from tests.journeys.world_steps import STAGES, account_of, connect, place, run

_owners = count(1)
PASSWORD = "correct horse battery staple"
KEEPER = Actor(kind="member", id=1, name="佐久間 店長")
TODAY = datetime(2026, 11, 24, tzinfo=JAPAN)
"""The Tuesday that the pictures show."""
NOON = TODAY + timedelta(hours=14, minutes=10)
OPENED = TODAY - timedelta(hours=12)
SHOPS = (("みどりや 楽天市場店", "緑", "green"), ("北欧雑貨フィーカ 楽天市場店", "フ", "indigo"))
LOOKS = [TODAY + timedelta(hours=hours) for hours in (-10, -8.7, -4.7, 0.2, 6, 9, 11, 13.4)]
"""When the hub's stages ran."""
CURVE = (2, 1, 0, 0, 0, 1, 2, 4, 6, 8, 10, 9, 11, 7, 2)
"""Orders an hour, from midnight to the moment of the picture, in both shops together."""
LAST_WEEK = (1, 1, 0, 0, 0, 2, 2, 4, 5, 6, 8, 9, 8, 7, 6, 7, 6, 6, 8, 10, 11, 11, 7, 3)
EVERYDAY = {
    "card": 40, "cod": 14, "apple_pay": 4, "next_day": 9, "wished": 8, "points": 5, "multi_line": 7, "mixed_tax": 3, "same_buyer": 3,
    "gift": 3, "remark_free": 6, "bank_paid": 2, "bank_never": 4, "convenience_paid": 2, "zip_mismatch": 4, "several_destinations": 2,
    "special_characters": 2, "drop_off": 3, "cancel_unconfirmed": 1, "unmapped_part": 4, "review": 1,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """The tenants to look at."""

    full: Tenant
    one: Tenant
    empty: Tenant
    troubled: Tenant


@contextmanager
def open_scenes(folder: Path) -> Iterator[Scenes]:
    """Open all of them in one world: a day of a lived-in tenant, one order, none, and one whose shop cannot be seen."""
    with open_world(folder) as world:
        sink = MailSink(ledger=Ledger(folder / "mail.jsonl"))
        server = SmtpServer(sink)
        try:
            scenes = Scenes(
                full=make_tenant("株式会社みどりや"),
                one=make_tenant("ひとつ屋"),
                empty=make_tenant("はじめての店"),
                troubled=make_tenant("こまった商店"),
            )
            _play(world, scenes, sink, server.port)
            yield scenes
        finally:
            server.close()


def _play(world: World, scenes: Scenes, sink: MailSink, smtp_port: int) -> None:
    begin = {"real_start": datetime.now(UTC).isoformat(), "business_start": OPENED.isoformat(), "speed": 1.0}
    world.post(world.mall_url, "clock", begin)  # set back by its own door, so that its nights begin anew
    world.at(OPENED)
    shops = [connect(world, scenes.full, since=OPENED) for _ in SHOPS]
    with tenant_transaction(scenes.full.pk):
        _name(shops)
        _mail(smtp_port)
        _map_catalogue(shops)
    _last_week(scenes.full, shops[0])
    _buy(world, scenes.full, shops)
    for moment in LOOKS:
        world.at(moment)
        _look()
    single = connect(world, scenes.one, since=NOON - timedelta(hours=1))
    place(world, scenes.one, single, n=1, kinds=["remark_free"], **_period(NOON - timedelta(minutes=40), NOON))
    sink.faults.replace({"faults": [{"kind": "refuse_550", "function": "rcpt", "count": 2}]})
    world.post(world.warehouse_url, "faults", {"faults": [{"kind": "status_400", "count": 2}]})
    unseen = connect(world, scenes.troubled, since=NOON - timedelta(hours=1))
    place(world, scenes.troubled, unseen, n=8, mix=EVERYDAY, **_period(NOON - timedelta(minutes=50), NOON))
    world.at(NOON - timedelta(minutes=6))
    _look()
    _touch(scenes.full)
    world.post(world.mall_url, "keys", {"shop": account_of(scenes.troubled, unseen), "revoke_old": True})
    world.at(NOON)
    _look()


def _look() -> None:
    """Let the stages run until no shop is behind."""
    for _ in range(50):
        if not stages.tick("poll").due:
            break
    run(*STAGES[1:], rounds=2)


def _name(shops: list[int]) -> None:
    keeper, *spare = Warehouse.objects.filter(kind="rsl").order_by("pk")
    for shop_id, (name, mark, colour) in zip(shops, SHOPS, strict=True):
        Shop.objects.filter(pk=shop_id).update(name=name, mark=mark, colour=colour, warehouse=keeper)
    Warehouse.objects.filter(pk__in=[one.pk for one in spare]).delete()
    Warehouse.objects.filter(pk=keeper.pk).update(name="楽天スーパーロジスティクス")


def _buy(world: World, tenant: Tenant, shops: list[int]) -> None:
    for shop_id in shops:
        place(world, tenant, shop_id, n=12, mix=EVERYDAY, **_period(OPENED, TODAY - timedelta(minutes=30)))
    for hour, n in enumerate(CURVE):
        start = TODAY + timedelta(hours=hour, minutes=3)
        until = min(start + timedelta(minutes=56), NOON - timedelta(minutes=3))
        for shop_id, share in zip(shops, (n - n // 3, n // 3), strict=True):
            if share:
                place(world, tenant, shop_id, n=share, mix=EVERYDAY, **_period(start, until))


def _period(start: datetime, until: datetime) -> dict[str, str]:
    return {"from": start.isoformat(), "until": until.isoformat()}


def _map_catalogue(shops: list[int]) -> None:
    for product in catalogue.products():
        for sku in product.skus:
            if product.unmapped:
                continue
            key = sku.merchant_id or f"{product.manage_number}/{sku.variant_id}"
            ours, _ = Product.objects.get_or_create(sku=key.replace("/", "-"), defaults={"name": product.name})
            for shop_id in shops:
                listing = Listing.objects.create(shop_id=shop_id, key=key, name=product.name)
                map_listing(listing, product=ours, units=1, by=KEEPER, now=OPENED)


def _mail(port: int) -> None:
    for shop in Shop.objects.all():
        values = {
            "name": f"{shop.name} 送信口", "host": "127.0.0.1", "port": port, "security": "none", "user": "", "password": "",
            "sender": f"shop-{shop.account}@shop.example", "sender_name": shop.name,
        }  # fmt: skip
        save_account(values, by=KEEPER, now=OPENED, shop_id=shop.pk)


def _last_week(tenant: Tenant, shop_id: int) -> None:
    """Orders of the same weekday a week ago, long shipped, as the first reading of a shop brings them."""
    with tenant_transaction(tenant.pk):
        shop = Shop.objects.get(pk=shop_id)
    orders = [
        mall_order(
            f"{shop.account}-20261117-{hour:04d}{n:06d}",
            placed_at=TODAY - timedelta(days=7) + timedelta(hours=hour, minutes=3 * n),
            lines=(mall_line("TWL-3-BL", name="今治フェイスタオル 3枚組", price_yen=2980, price_incl_yen=2980),),
            state="settled",
            code="700",
        )
        for hour, count in enumerate(LAST_WEEK)
        for n in range(count)
    ]
    take_in_past(tenant, shop, *orders, now=OPENED)


def _touch(tenant: Tenant) -> None:
    """What people did this morning: labels, memos, one hold, a bulk act; colleagues, a key, a file."""
    with tenant_transaction(tenant.pk):
        held = Order.objects.filter(phase="intake", held=True).order_by("placed_at").values_list("pk", flat=True)
        some = list(held[:3])
        add_tag(some[:2], tag=Tag.objects.get(name="要連絡"), by=KEEPER, now=NOON)
        set_memo(
            some[:1], text="10:20 お電話。のしの表書きは「内祝 見本」。折り返し待ち。", add=True, by=KEEPER, now=NOON
        )
        hold(some[:1], reason="のしの表書きを電話で確認中", by=KEEPER, now=NOON)
        Batch.objects.create(
            action="memo",
            params={"text": "のし確認"},
            order_ids=some,
            client_key="memo",
            state="done",
            changed=3,
        )
        for name, role in (("田辺 翔", Role.ADMIN), ("水野 彩花", Role.STAFF), ("Nguyễn Thị Hà", Role.PACKING)):
            user = User.objects.create_user(f"member{next(_owners)}@midoriya.example", None)
            User.objects.filter(pk=user.pk).update(name=name)
            Member.objects.create(user=user, role=role)
        Invitation.objects.create(
            email="new@midoriya.example", role=Role.STAFF, secret_hash=b"scene", expires_at=NOON + timedelta(days=6)
        )
        ApiToken.objects.create(
            name="在庫連携",
            secret_hash=b"scene",
            last_four="7f3c",
            scopes=["orders.read"],
            expires_at=NOON + timedelta(days=300),
        )
        shop = Shop.objects.earliest("pk")
        RejectedPayload.objects.create(
            shop=shop, number=f"{shop.account}-20261124-0960319999", path="PackageModelList[0].SenderModel.zipCode1", reason="missing",
            first_at=NOON - timedelta(hours=2), last_at=NOON - timedelta(minutes=8),
        )  # fmt: skip
        Effect.objects.filter(state="stopped").update(settled_at=NOON - timedelta(minutes=6))


def freeze(moment: datetime) -> None:
    """Stop the business clock, so that a picture looks the same tomorrow."""
    Clock.objects.all().delete()
    Clock.objects.create(real_start=timezone.now(), business_start=moment, speed=0.0)


def owner_of(tenant: Tenant, name: str = "佐久間 恵") -> User:
    """Return a new owner of the tenant, by whose words a page greets."""
    user = User.objects.create_user(f"owner{next(_owners)}@midoriya.example", PASSWORD)
    User.objects.filter(pk=user.pk).update(name=name)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.OWNER)
    return user
