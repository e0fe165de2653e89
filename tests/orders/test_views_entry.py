"""手動受注登録: a telephone order entered on one page, row by row, mended where it is wrong, copied, and entered once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from automation.engine import work as judge
from hub.clock import business_now
from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.tenancy import tenant_transaction
from orders.manual import tax_within
from orders.models import Order, OrderLine, Parcel, Product, Shop
from orders.views.entry import changed
from tests.browsing import text_of
from tests.orders.making import make_order, make_shop
from tests.pages import browser

BUYER = {
    "b-name": "電話 太郎", "b-phone": "０３-１２３４-５６７８", "b-postal_code": "１５００００１", "b-prefecture": "東京都", "b-city": "渋谷区",
    "b-street": "神宮前1-2-3", "b-email": "taro@example.com",
}  # fmt: skip


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        Product.objects.create(sku="T-1", name="タオル")
        return make_shop("本店")


def form(shop: Shop, **more: str) -> dict[str, str]:
    return {
        "key": "00ff11aa", "parcels": "1", "p0-lines": "1", "p0-same": "on", "o-shop": encode(shop.pk), "o-payment": "cod",
        "o-postage_yen": "５００円", **BUYER,
        "p0-l0-item": "t-1", "p0-l0-quantity": "3", "p0-l0-unit_price_yen": "1,100", "p0-l0-tax_rate": "10", **more,
    }  # fmt: skip


def orders(tenant: Tenant) -> list[Order]:
    with tenant_transaction(tenant.pk):
        return list(Order.objects.order_by("pk"))


@pytest.mark.feature("F018")
@pytest.mark.feature("F018")
def test_a_telephone_order_is_entered_and_goes_by_the_same_rules(tenant: Tenant, shop: Shop) -> None:
    answer = browser(tenant, "staff").post("/orders/new/", form(shop))

    (order,) = orders(tenant)
    assert answer.headers["Location"] == f"/orders/{encode(order.pk)}/"
    assert re.fullmatch(r"M\d{6}-00FF11", order.number)
    assert (order.total_yen, order.subtotal_yen, order.postage_yen, order.payment_state, order.mall_state) == (
        3800,
        3300,
        500,
        "collect",
        "none",
    )
    assert order.tax == [{"percent": 10, "base_yen": 3800, "tax_yen": 345}]
    with tenant_transaction(tenant.pk):
        line, parcel = OrderLine.objects.get(), Parcel.objects.get()
        assert (line.product.sku, line.quantity, line.unit_price_yen) == ("T-1", 3, 1100)
        assert (parcel.name, parcel.postal_code, parcel.phone, parcel.address_doubt) == (
            "電話 太郎",
            "150-0001",
            "03-1234-5678",
            "",
        )
        assert AuditEntry.objects.get(verb="order.entered").actor_kind == "member"
    judge(tenant.pk, 0)
    assert orders(tenant)[0].phase == "ready", "a cash-on-delivery order without a remark is free, as a mall's would be"


def test_a_form_sent_twice_enters_one_order(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)

    first = client.post("/orders/new/", form(shop))
    second = client.post("/orders/new/", form(shop))

    assert len(orders(tenant)) == 1
    assert first.headers["Location"] == second.headers["Location"]
    assert "もう登録してあります" in client.get("/orders/").content.decode()


def test_every_fault_is_said_beside_its_field_and_nothing_is_entered(tenant: Tenant, shop: Shop) -> None:
    bad = {
        "b-name": "", "b-postal_code": "150", "b-phone": "12", "b-email": "taro", "p0-l0-item": "", "p0-l0-quantity": "0",
        "p0-l0-unit_price_yen": "たくさん", "p0-wish_on": "2020-01-01", "o-postage_yen": "-1",
    }  # fmt: skip

    answer = browser(tenant).post("/orders/new/", form(shop, **bad))

    assert answer.status_code == 422
    words = text_of(answer)
    for said in (
        "お名前を入れてください。", "7桁の郵便番号を入れてください。", "市外局番から入れてください。", "メールアドレスの形になっていません。", "商品を入れてください。",
        "1から100,000までの数を入れてください。", "数字だけを入れてください。", "過ぎた日です。", "0以上の数を入れてください。",
    ):  # fmt: skip
        assert said in words, said
    assert 'value="たくさん"' in answer.content.decode(), "what was typed is kept"
    assert orders(tenant) == []


def test_a_recipient_of_their_own_needs_an_address_and_the_buyer_does_not(tenant: Tenant, shop: Shop) -> None:
    asked = {key: value for key, value in form(shop).items() if key not in (*BUYER, "p0-same")} | {
        "b-name": "電話 太郎"
    }
    client = browser(tenant)

    refused = client.post("/orders/new/", asked)
    there = {
        "p0-r-name": "受取 花子",
        "p0-r-postal_code": "5300001",
        "p0-r-prefecture": "大阪府",
        "p0-r-city": "大阪市北区",
        "p0-r-street": "梅田1-1",
        "p0-r-phone": "0612345678",
    }
    client.post("/orders/new/", {**asked, **there})

    assert refused.status_code == 422
    assert "番地まで入れてください。" in text_of(refused)
    with tenant_transaction(tenant.pk):
        assert Parcel.objects.get().name == "受取 花子"
        assert Order.objects.get().buyer_name == "電話 太郎"


def test_several_recipients_and_a_line_that_is_no_product(tenant: Tenant, shop: Shop) -> None:
    second = {
        "parcels": "2", "p1-same": "on", "p1-lines": "2", "p1-wish_time": "午前中", "p1-noshi": "内祝", "p1-l0-item": "名前だけの品",
        "p1-l0-unit_price_yen": "1080", "p1-l0-quantity": "1", "p1-l0-tax_rate": "8", "p1-l1-item": "", "o-discount_yen": "380",
    }  # fmt: skip

    browser(tenant).post("/orders/new/", form(shop, **second))

    (order,) = orders(tenant)
    with tenant_transaction(tenant.pk):
        parcels = list(Parcel.objects.order_by("position").values_list("wish_time", "noshi"))
        lines = list(
            OrderLine.objects.order_by("position").values_list("name", "quantity", "product__sku", "tax_percent")
        )
    assert parcels == [("", ""), ("午前中", "内祝")]
    assert lines == [("タオル", 3, "T-1", 10), ("名前だけの品", 1, None, 8)], "the empty line is left out"
    assert (order.total_yen, order.unmapped_lines) == (3300 + 1080 + 500 - 380, 1)
    assert sum(row["base_yen"] for row in order.tax) == order.total_yen


def test_rows_are_added_and_taken_away_and_what_is_typed_stays(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)

    more = client.post("/orders/new/", {**form(shop), "do": "add_line:0"}).content.decode()
    wider = client.post("/orders/new/", {**form(shop), "do": "add_parcel"}).content.decode()

    assert 'name="p0-l1-item"' in more
    assert 'value="電話 太郎"' in more
    assert 'name="p1-l0-item"' in wider
    assert 'role="alert"' not in more, "adding a row finds no fault with what is not typed yet"
    assert orders(tenant) == []


@pytest.mark.parametrize(
    ("act", "parcels"),
    [
        ("drop_line:0:0", [["b"], ["c"]]), ("drop_parcel:0", [["c"]]), ("add_line:1", [["a", "b"], ["c", None]]),
        ("add_parcel", [["a", "b"], ["c"], [None]]), ("drop_line:9:9", [["a", "b"], ["c"]]), ("drop_line:1:0", [["a", "b"], ["c"]]),
        ("nonsense", [["a", "b"], ["c"]]), ("drop_parcel:x", [["a", "b"], ["c"]]),
    ],
)  # fmt: skip
def test_rows_change_as_asked_and_never_below_one(act: str, parcels: list[list[Any]]) -> None:
    values = {"parcels": [{"lines": [{"item": "a"}, {"item": "b"}]}, {"lines": [{"item": "c"}]}]}

    found = changed(values, act)["parcels"]

    assert [[line.get("item") for line in parcel["lines"]] for parcel in found] == parcels


def test_sums_follow_what_is_typed(tenant: Tenant, shop: Shop) -> None:
    asked = {
        **form(shop),
        "do": "sums",
        "p0-lines": "2",
        "p0-l1-unit_price_yen": "１０８",
        "p0-l1-tax_rate": "8",
        "o-fee_yen": "あ",
    }

    words = text_of(browser(tenant).post("/orders/new/", asked))

    for said in (
        "商品 3,408円",
        "送料 500円",
        "請求 3,908円",
        "うち消費税 10% 345円 / 3,800円",
        "うち消費税 8% 8円 / 108円",
    ):
        assert said in words, (said, words)


@pytest.mark.parametrize(
    ("sums", "extra", "discount", "wanted"),
    [
        ({10: 1100}, 0, 0, [(10, 1100, 100)]), ({8: 1080}, 0, 0, [(8, 1080, 80)]), ({8: 1080}, 110, 0, [(10, 110, 10), (8, 1080, 80)]),
        ({10: 1000, 8: 500}, 0, 300, [(10, 800, 72), (8, 400, 29)]), ({10: 100, 8: 101}, 0, 3, [(10, 99, 9), (8, 99, 7)]), ({}, 0, 5, []),
        ({10: 100}, 0, 500, []), ({0: 100}, 0, 0, [(0, 100, 0)]),
    ],
)  # fmt: skip
def test_tax_that_amounts_contain(
    sums: dict[int, int], extra: int, discount: int, wanted: list[tuple[int, int, int]]
) -> None:
    found = [
        (row["percent"], row["base_yen"], row["tax_yen"])
        for row in tax_within(sums, extra_yen=extra, discount_yen=discount)
    ]

    assert found == wanted


def test_a_copy_begins_with_everything_but_the_number(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        product = Product.objects.get()
        order = make_order(
            shop, at=business_now(), recipients=[{}, {"name": "別の人", "street": "神宮前9-9"}],
            lines=[{"product": product, "quantity": 2}, {"parcel": 1, "name": "名前だけ", "unit_price_yen": 300, "tax_percent": 8}],
        )  # fmt: skip
    client = browser(tenant)

    page = unescape(client.get(f"/orders/new/?from={encode(order.pk)}").content.decode())
    values = dict(re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', page))

    assert f"{order.number} の写しです" in page
    assert (values["b-name"], values["p0-l0-item"], values["p0-l0-quantity"]) == ("佐藤 花子", "T-1", "2")
    assert (values["p1-l0-item"], values["p1-l0-unit_price_yen"], values["p1-r-name"]) == ("名前だけ", "300", "別の人")
    assert values["o-postage_yen"] == "500"
    assert order.number not in values.values()


def test_products_and_places_are_found_while_typing(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, lines=[{"product": Product.objects.get(), "unit_price_yen": 1200, "tax_percent": 8}])
        Product.objects.create(sku="T-OLD", name="昔のタオル", retired_at=business_now())
    client = browser(tenant)

    found = client.post("/orders/new/products/", {"p0-l0-item": "タオ"}).content.decode()
    item = unescape(client.post("/orders/new/item/", {"p0-l0-item": "Ｔ-1"}).content.decode())
    odd = client.post("/orders/new/item/", {"p0-l0-item": "なにか"}).content.decode()
    place = unescape(client.get("/orders/new/place/", {"b-postal_code": "150-0001"}).content.decode())

    assert order.pk
    assert re.findall(r'value="([^"]+)"', found) == ["T-1"]
    assert "前回 1,200円" in item
    assert '"id_p0-l0-tax_rate": 8' in item
    assert "未マッピング" in odd
    assert "東京都渋谷区神宮前" in place
    assert '"id_b-city": "渋谷区"' in place


def test_it_needs_a_shop_and_the_right(tenant: Tenant) -> None:
    assert browser(tenant).get("/orders/new/").headers["Location"] == "/settings/shops/"
    assert browser(tenant, "packing").get("/orders/new/").status_code == 403


def test_an_own_number_is_kept_and_a_taken_one_refused(tenant: Tenant, shop: Shop) -> None:
    client = browser(tenant)

    client.post("/orders/new/", form(shop, **{"o-number": "FAX-１"}))
    again = client.post("/orders/new/", form(shop, **{"o-number": "FAX-1"}))

    assert [order.number for order in orders(tenant)] == ["FAX-1"]
    assert again.status_code == 409
    assert "この番号の受注がもうあります" in text_of(again)
