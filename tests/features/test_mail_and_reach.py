"""Mails by template and by order, one list for all channels, and what reaches every order: address checks, rules applied afterwards, money held up."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from automation.engine import work as judge
from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from mailer.models import MailAccount, MailTemplate, Message
from orders.models import MallReport, Order, OrderTag, Parcel, Product, Tag, Task
from orders.operations.edits import set_delivery
from tests.api.conftest import caller_of
from tests.browsing import text_of
from tests.conftest import NOW, TESTER
from tests.factories import BUYER, changed, make_shop, mall_order, take_in, the_order
from tests.orders.making import make_order
from tests.orders.making import make_shop as open_shop
from tests.orders.test_addresses import WRONG
from tests.pages import browser


@pytest.fixture
def account(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        MailAccount.objects.create(name="口", host="127.0.0.1", port=1, security="none", sender="shop@example.jp")


@pytest.mark.feature("F137")
@pytest.mark.usefixtures("at_now", "account")
def test_each_new_order_gets_one_thanks_mail_and_a_rule_may_hold_it_back(tenant: Tenant) -> None:
    shop, call = make_shop(tenant), caller_of(tenant)
    group = next(one for one in call.get("rule-groups").json()["items"] if one["name"] == "受付")["id"]
    rules = [one["id"] for one in call.get("rules").json()["items"] if one["group"] == group]
    gift = {"field": "gift", "op": "is", "value": True}
    made = call.post(
        "rules", {"group": group, "name": "贈答には送らない", "condition": gift, "actions": [{"do": "stop"}]}
    )
    call.put("rules/order", {"ids": [made.json()["id"], *rules]})
    plain, kept = mall_order(), mall_order(gift=True)

    take_in(tenant, shop, plain, kept)
    for _ in range(3):
        judge(tenant.pk)
        take_in(tenant, shop, changed(plain, sub_status=f"{_}"))

    with tenant_transaction(tenant.pk):
        assert list(Message.objects.values_list("order__number", "occasion")) == [(plain.number, "thanks")]


@pytest.mark.feature("F139")
@pytest.mark.usefixtures("account")
def test_the_four_kinds_are_templates_and_go_from_the_list(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(open_shop(), at=business_now(), status="shipped", shipped_at=business_now())
        Parcel.objects.filter(order=order).update(state="shipped")
        templates = dict(MailTemplate.objects.values_list("name", "pk"))
    client = browser(tenant, "staff")

    for name in ("注文確認", "入金確認", "発送準備", "発送完了"):
        found = next(
            pk for title, pk in templates.items() if name in title or (name == "発送完了" and "発送連絡" in title)
        )
        values = {
            "orders": encode(order.pk),
            "ask": "mail",
            "template": encode(found),
            "confirmed": "1",
            "client_key": name,
        }
        client.post("/orders/bulk/", values)

    with tenant_transaction(tenant.pk):
        assert Message.objects.values("template").distinct().count() == 4


@pytest.mark.feature("F142")
@pytest.mark.usefixtures("account")
def test_words_written_for_one_order_are_in_its_mail_alone_and_in_the_preview(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = open_shop()
        first, second = make_order(shop), make_order(shop)
        template = (
            encode(MailTemplate.objects.get(name="発送準備").pk)
            if MailTemplate.objects.filter(name="発送準備").exists()
            else encode(MailTemplate.objects.filter(occasion="").earliest("pk").pk)
        )
    client = browser(tenant, "staff")
    own = {"subject": "お知らせ", "body": "{buyer_name} 様\n色は藍でご用意しました。"}

    look = client.post(f"/mail/compose/{encode(first.pk)}/?template={template}", {**own, "do": "look"})
    client.post(f"/mail/compose/{encode(first.pk)}/?template={template}", {**own, "do": "send"})
    values = {"orders": encode(second.pk), "ask": "mail", "template": template, "confirmed": "1", "client_key": "k"}
    client.post("/orders/bulk/", values)

    assert "佐藤 花子 様" in text_of(look)
    assert "色は藍でご用意しました。" in text_of(look)
    with tenant_transaction(tenant.pk):
        bodies = dict(Message.objects.values_list("order_id", "body"))
    assert "色は藍で" in bodies[first.pk]
    assert "色は藍で" not in bodies[second.pk]


@pytest.mark.feature("F023")
@pytest.mark.usefixtures("at_now")
def test_orders_of_every_shop_and_telephone_orders_are_one_list_with_one_search(tenant: Tenant) -> None:
    shops = [make_shop(tenant, name="本店"), make_shop(tenant, name="二号店")]
    placed = [mall_order() for _ in shops]
    for shop, order in zip(shops, placed, strict=True):
        take_in(tenant, shop, order)
    with tenant_transaction(tenant.pk):
        product = Product.objects.create(sku="T-9", name="タオル")
    body = {
        "shop": encode(shops[0].pk), "buyer": {"name": "見本 電話", "phone": "03-1111-2222"}, "payment": {"method": "cod"},
        "parcels": [{
            "recipient": {"name": "見本 電話", "postal_code": "1000001", "prefecture": "東京都", "city": "千代田区", "street": "千代田1-1"},
            "lines": [{"product": encode(product.pk), "quantity": 1, "unit_price_yen": 1000}],
        }],
    }  # fmt: skip
    call = caller_of(tenant)
    entered = call.post("orders", body).json()["number"]
    judge(tenant.pk)

    page = browser(tenant).get("/orders/", {"q": "見本"}).content.decode()

    for number in (*(order.number for order in placed), entered):
        assert f'aria-label="{number}"' in page
    assert {the_order(tenant, number).status.name for number in (placed[0].number, placed[1].number, entered)} == {
        "発送待ち"
    }


@pytest.mark.feature("F082", "F084")
@pytest.mark.usefixtures("at_now")
def test_no_wrong_address_of_the_labelled_set_reaches_ready_before_a_person_has_accepted_it(tenant: Tenant) -> None:
    wrong = [line.split(" ") for line in WRONG.strip().splitlines()]
    orders = []
    for _, code, prefecture, city, *street in wrong:
        order = mall_order()
        to = replace(BUYER, postal_code=code, prefecture=prefecture, city=city, street=" ".join(street))
        orders.append(changed(order, parcels=(replace(order.parcels[0], recipient=to),)))
    take_in(tenant, make_shop(tenant), *orders)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        passed = Order.objects.exclude(status__name="確認待", held=True).count()
        task = encode(Task.objects.get(name="住所が違う可能性").pk)
    number = orders[0].number
    client, url = browser(tenant), f"/orders/{encode(the_order(tenant, number).pk)}/"

    client.post(f"{url}release/", {"task": task})
    judge(tenant.pk)

    assert (passed, len(wrong) >= 60) == (0, True)
    accepted = the_order(tenant, number)
    assert (accepted.status.name, accepted.held) == ("発送待ち", False), "it goes on by itself"
    with tenant_transaction(tenant.pk):
        assert Order.objects.filter(status__name="発送待ち").count() == 1
    moved = replace(orders[0].parcels[0].recipient, street="番地なし")
    take_in(
        tenant,
        the_order(tenant, number).shop,
        changed(orders[0], parcels=(replace(orders[0].parcels[0], recipient=moved),)),
    )
    judge(tenant.pk)
    assert the_order(tenant, number).held, "another address is asked about anew"


@pytest.mark.feature("K09")
@pytest.mark.slow
@pytest.mark.usefixtures("at_now", "account")
def test_a_rule_applied_to_a_thousand_open_orders_does_what_its_preview_says_and_keeps_hand_edits(
    tenant: Tenant,
) -> None:
    shop, call = make_shop(tenant), caller_of(tenant)
    for _ in range(10):
        take_in(
            tenant,
            shop,
            *(mall_order(state="processing", payment_state="open", blocks=("payment",)) for _ in range(100)),
        )
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
        set_delivery(ids[:100], method="cool", by=TESTER, now=NOW)
        tag = encode(Tag.objects.get(name="急ぎ").pk)
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        mails = Message.objects.count()
    group = call.post("rule-groups", {"name": "あとから", "phases": ["intake", "payment", "ready"]}).json()["id"]
    condition = {"field": "payment_state", "op": "is", "value": "open"}
    actions = [{"do": "set_delivery", "method": "mail"}, {"do": "add_tag", "tag": tag}]

    made = call.post("rules", {"group": group, "name": "まとめて", "condition": condition, "actions": actions}).json()
    judge(tenant.pk)
    with tenant_transaction(tenant.pk):
        untouched = OrderTag.objects.count()
    call.patch(f"rules/{made['id']}", {"apply": True})
    for _ in range(2):
        judge(tenant.pk)

    with tenant_transaction(tenant.pk):
        tagged = OrderTag.objects.filter(tag__name="急ぎ").count()
        delivery = dict.fromkeys(("cool", "mail"), 0)
        for method in Order.objects.values_list("delivery_method", flat=True):
            delivery[method] += 1
        assert (made["matching"], untouched, tagged) == (1000, 0, 1000)
        assert delivery == {"cool": 100, "mail": 900}
        assert Message.objects.count() == mails


@pytest.mark.feature("F157")
def test_what_is_shipped_and_not_counted_is_listed_with_the_money_it_holds_up(tenant: Tenant) -> None:
    now = business_now()
    with tenant_transaction(tenant.pk):
        shop = open_shop()
        for yen in (7_000, 1_200):
            order = make_order(shop, status="shipped", unreported=True, total_yen=yen, shipped_at=now)
            MallReport.objects.create(order=order, parcel=Parcel.objects.get(order=order), shipment=1, created_at=now)
        make_order(shop, status="done", total_yen=99, shipped_at=now)
    client = browser(tenant)

    home, page = client.get("/").content.decode(), client.get("/orders/?unreported=1").content.decode()

    assert "8,200円" in home
    assert [words in page for words in ("7,000円", "1,200円")] == [True, True]
    assert len(re.findall(r'<td class="c-number">', page)) == 2
