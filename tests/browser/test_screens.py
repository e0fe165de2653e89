"""Every screen opens at 1440 and at 390 pixels, says nothing on the console and does not scroll sideways.

With `SHOTS=docs/pictures` in the environment (`make shots`) it keeps a picture of each, in Japanese and English, light and dark.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from automation.engine import work as judge
from hub.audit import Actor
from hub.ids import encode
from hub.models import Clock, Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from orders.channels import Coupon, TaxRow
from orders.models import Order, Shop
from orders.operations.holds import hold
from orders.operations.labels import set_memo
from tests.conftest import NOW
from tests.factories import BUYER, make_shop, mall_line, mall_order, take_in
from warehouses.requesting import work as request

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery staple"
STAFF = Actor(kind="member", id=1, name="見本 係長")
SHOTS = os.environ.get("SHOTS", "")
SCREENS = {
    "home": "/", "order-list": "/orders/", "removed": "/orders/removed/", "attention": "/attention/", "errors": "/attention/errors/",
    "effects": "/attention/effects/", "shipping": "/shipping/", "paste-tracking": "/orders/tracking/", "rules": "/rules/", "rule-new": "/rules/new/",
    "products": "/products/", "listings": "/products/listings/", "mail": "/mail/", "mail-templates": "/mail/templates/",
    "settings": "/settings/", "shops": "/settings/shops/", "shop-new": "/settings/shops/new/", "statuses": "/settings/statuses/",
    "tags": "/settings/tags/", "tasks": "/settings/tasks/", "warehouses": "/settings/warehouses/", "mall-words": "/settings/mall-words/",
    "members": "/settings/members/", "tokens": "/settings/tokens/", "outgoing": "/settings/outgoing/", "account": "/account/",
}  # fmt: skip


def furnish(tenant: Tenant) -> tuple[str, str]:
    """Fill a shop with a day's orders of many kinds; return the ids of the richest order and of the shop, as the outside sees them."""
    shop = make_shop(tenant, name="見本タオル本店 楽天市場店", mark="楽", warehouse="own")
    names = ["見本 花子", "架空 一郎", "佐藤 健太", "髙﨑 𠮷郎", "長い名前の株式会社見本商事 第二営業部 御担当 例示様"]
    orders = []
    for n in range(60):
        buyer = replace(BUYER, name=names[n % len(names)])
        state = "processing" if n % 7 == 3 else "ready"
        orders.append(
            mall_order(
                placed_at=NOW - timedelta(minutes=13 * n + 31),
                buyer=buyer,
                lines=tuple(
                    mall_line(str(k), quantity=1 + n % 3, price_yen=980 + 110 * k) for k in range(1, 2 + n % 3)
                ),
                state=state,
                payment_state="open" if state == "processing" else "settled",
                blocks=("payment",) if state == "processing" else (),
                next_day=n % 9 == 0,
                remarks="[配送日時指定:]\n\n\n不在の時は宅配ボックスへお願いします。" if n % 8 == 5 else "",
                wish_on=(NOW + timedelta(days=3)).date() if n % 6 == 2 else None,
                wish_time="14-16" if n % 6 == 2 else "",
                gift=n % 10 == 4,
                coupons=(Coupon(payer="shop", code="AAAA", name="架空クーポン", yen=100),) if n % 5 == 0 else (),
                tax=(TaxRow(percent=10, base_yen=2000, tax_yen=200),),
            )
        )
    take_in(tenant, shop, *orders)
    take_in(tenant, shop, mall_order(lines=(mall_line("未対応の商品"),)), mapped=False)
    take_in(
        tenant,
        shop,
        mall_order(placed_at=NOW - timedelta(minutes=4), state="new", payment_state="open", blocks=("unconfirmed",)),
    )
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        some = list(Order.objects.filter(phase="ready").order_by("pk")[:4])
        hold([some[0].pk], reason="のしの表書きを電話で確認中", by=STAFF, now=NOW)
        set_memo([order.pk for order in some], text="常連のお客様", add=True, by=STAFF, now=NOW)
    judge(tenant.pk)
    request(tenant.pk)
    with tenant_transaction(tenant.pk):
        rich = Order.objects.filter(held=True, phase="ready").order_by("pk").first()
        assert rich is not None
        return encode(rich.pk), encode(Shop.objects.get(pk=shop.pk).pk)


@pytest.fixture
def signed_in(page: Page, tenant: Tenant) -> Page:
    Clock.objects.all().delete()
    Clock.objects.create(real_start=NOW, business_start=NOW, speed=0.0)
    user = User.objects.create_user(f"owner{tenant.pk}@example.com", PASSWORD)
    user.name = "見本 店長"
    user.save(update_fields=["name"])
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.OWNER)
    page.goto("/sign-in/")
    page.get_by_label("メールアドレス").fill(user.email)
    page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="サインイン").click()
    page.wait_for_url("**/")
    return page


def visit(page: Page, path: str, name: str) -> list[str]:
    """Open a screen at both widths; return what is wrong with it."""
    wrong: list[str] = []
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            wrong.append(f"{name} at {width}: answered {answer.status if answer else 'nothing'}")
            continue
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wrong.append(f"{name} at {width}: {over} pixels sideways")
        if SHOTS:
            shoot(page, f"{name}-{width}")
    if SHOTS and not name.startswith("empty"):
        in_english(page, name)
    return wrong


def in_english(page: Page, name: str) -> None:
    """Keep a picture of the screen in English too, and go back to Japanese."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.context.add_cookies([{"name": "django_language", "value": "en", "domain": "127.0.0.1", "path": "/"}])
    page.reload()
    page.screenshot(path=Path(SHOTS) / f"{name}-1440-en.png")
    page.context.add_cookies([{"name": "django_language", "value": "ja", "domain": "127.0.0.1", "path": "/"}])


def shoot(page: Page, name: str) -> None:
    folder = Path(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(300)  # the colours change within 150 ms
        page.screenshot(path=folder / f"{name}-{theme}.png")
    page.emulate_media(color_scheme="light")


def test_every_screen_opens_quietly_at_both_widths(signed_in: Page, tenant: Tenant) -> None:
    order, shop = furnish(tenant)
    said: list[str] = []
    signed_in.on("pageerror", lambda error: said.append(f"{signed_in.url}: {error}"))
    signed_in.on(
        "console", lambda message: said.append(f"{signed_in.url}: {message.text}") if message.type == "error" else None
    )
    screens = {**SCREENS, "order": f"/orders/{order}/", "shop": f"/settings/shops/{shop}/"}

    wrong = [fault for name, path in screens.items() for fault in visit(signed_in, path, name)]

    assert wrong + said == []
    Clock.objects.all().delete()


def test_screens_of_an_empty_tenant_teach_instead_of_being_blank(signed_in: Page, tenant: Tenant) -> None:
    wrong = (
        [fault for name, path in SCREENS.items() for fault in visit(signed_in, path, f"empty-{name}")]
        if not SHOTS
        else []
    )

    assert wrong == []
    Clock.objects.all().delete()
