"""Each kind of form brought to where it is refused: what was typed, and the words that then stand on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from playwright.sync_api import Page

from hub.audit import Actor
from hub.clock import business_now
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Parcel, PaymentName, Product, Warehouse
from orders.operations.edits import edit_parcel

COLLEAGUE = Actor(kind="member", name="田辺 翔")
BAD_CONDITION = '{"all": [{"field": "total_yen", "op": "gte", "value": "たくさん"}]}'
Bring = Callable[[Page, Tenant], str]
"""Opens the form, fills it in and sends it; returns what was typed and must still be there."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A form that was refused: its name in the pictures, how it is brought there, and words that say why."""

    name: str
    bring: Bring
    words: str
    at: str = ".field .error"
    status: int = 422


def send(page: Page, path: str, **fields: str) -> str:
    """Fill in the fields by name and send the page's form past the browser's own checks; return the first value."""
    page.goto(path)
    for name, value in fields.items():
        page.locator(f"main form [name={name}]").first.fill(value)
    submit(page)
    return next(iter(fields.values()), "")


def submit(page: Page) -> None:
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    with page.expect_navigation():
        page.locator("main form .button.primary").last.click()


def _taken_product(page: Page, tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        sku = Product.objects.order_by("pk").values_list("sku", flat=True).first()
    return send(page, reverse("orders:product_new"), sku=str(sku), name="今治フェイスタオル")


def _bad_address(page: Page, tenant: Tenant) -> str:
    page.goto(reverse("hub:members"))
    page.locator("[data-open=invite]").click()
    page.locator("#invite [name=email]").fill("tanabe(at)midoriya")
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    with page.expect_navigation():
        page.locator("#invite .button.primary").click()
    return "tanabe(at)midoriya"


def _bad_rule(page: Page, tenant: Tenant) -> str:
    page.goto(reverse("automation:rule_new"))
    page.locator("#rule-name").fill("高額は確かめる")
    page.evaluate("text => { document.querySelector('[name=condition]').value = text }", BAD_CONDITION)
    submit(page)
    return "高額は確かめる"


def _meanwhile(page: Page, tenant: Tenant) -> str:
    """Let a colleague change the address while the form is open."""
    with tenant_transaction(tenant.pk):
        pk = Parcel.objects.filter(state="draft", order__is_open=True).earliest("pk").pk
    page.goto(reverse("orders:edit_address", args=[pk]))
    street = page.locator("main [name=street]")
    street.fill("神宮前1-2-3 見本荘201")
    with tenant_transaction(tenant.pk):
        values = {name: getattr(Parcel.objects.get(pk=pk), name) for name in ("postal_code", "prefecture", "city")}
        edit_parcel(
            pk, values={**values, "street": f"{Parcel.objects.get(pk=pk).street} 2階"}, by=COLLEAGUE, now=business_now()
        )
    page.locator("main form .button.primary").last.click()
    page.locator(".versus").wait_for()
    return "神宮前1-2-3 見本荘201"


def _wrong_key(page: Page, tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        house = Warehouse.objects.filter(kind="rsl").first()
        house = house or Warehouse.objects.create(name="外の倉庫", kind="rsl")
        Warehouse.objects.filter(pk=house.pk).update(collect_error="wrong_key")
    page.goto(reverse("warehouses:edit", args=[house.pk]))
    return str(house.name)


def _unknown_meaning(page: Page, tenant: Tenant) -> str:
    with tenant_transaction(tenant.pk):
        PaymentName.objects.get_or_create(channel="rakuten", name="銀聯カード", defaults={"method": "unknown"})
    page.goto(reverse("orders:mall_words"))
    choice = page.locator("main select").first
    choice.evaluate("select => { select.append(new Option('?', 'no_such')); select.value = 'no_such' }")
    submit(page)
    return ""


REFUSED = (
    Refused(name="tag-new", bring=lambda page, _: send(page, reverse("orders:tag_new"), name="要連絡"), words="名前"),
    Refused(
        name="status-new", bring=lambda page, _: send(page, reverse("orders:status_new"), name="待機"), words="名前"
    ),
    Refused(
        name="task-new",
        bring=lambda page, _: send(page, reverse("orders:task_new"), name="離島"),
        words="条件がありません",
    ),
    Refused(name="product-new", bring=_taken_product, words="すでに使われています"),
    Refused(
        name="token-new",
        bring=lambda page, _: send(page, reverse("hub:token_new"), name="在庫連携"),
        words="必須",
    ),
    Refused(name="invite", bring=_bad_address, words="メールアドレス"),
    Refused(
        name="mail-template-new",
        bring=lambda page, _: send(
            page,
            reverse("mailer:template_new"),
            name="お礼",
            subject="ご注文",
            body="{buyr_name} 様\nありがとうございます",
        ),
        words="{buyr_name} という差し込み語はありません",
    ),
    Refused(
        name="mail-account-new",
        bring=lambda page, _: send(
            page, reverse("mailer:account_new"), name="送信口", host="smtp.shop.example", port="99999", sender="shop"
        ),
        words="メールアドレス",
    ),
    Refused(
        name="warehouse-new",
        bring=lambda page, _: send(page, f"{reverse('warehouses:new')}?kind=rsl", name="外の倉庫"),
        words="必須",
    ),
    Refused(name="rule-new", bring=_bad_rule, words="数", at=".form-error"),
    Refused(name="edit-address", bring=_meanwhile, words="同時に変更されました", at="h1", status=409),
    Refused(name="warehouse-edit", bring=_wrong_key, words="鍵が違います", at=".alert", status=200),
    Refused(name="mall-words", bring=_unknown_meaning, words="", at=".toast[data-tone=stop]", status=200),
    Refused(
        name="password",
        bring=lambda page, _: send(page, reverse("hub:password"), old="ちがう") and "",
        words="いまのパスワードが違います",
    ),
)
