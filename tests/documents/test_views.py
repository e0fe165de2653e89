"""Files over orders: packing slips and CSV made as jobs for one member; pasted tracking numbers checked and then recorded."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents import making
from documents.models import FileJob
from hub.clock import business_now
from hub.ids import encode
from hub.models import AccessRow, StoredFile, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Shop, TrackingNumber
from tests.orders.making import make_shop, order_in
from tests.pages import browser, make_member, signed_in


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop("本店")


def only_job(tenant: Tenant) -> FileJob:
    with tenant_transaction(tenant.pk):
        return FileJob.objects.get()


def test_a_csv_is_made_for_its_member_alone_and_leaves_an_access_row(tenant: Tenant, shop: Shop) -> None:
    wanted, _other = order_in(tenant, shop, payment_method="cod", buyer_name="=1+1"), order_in(tenant, shop)
    client, colleague = browser(tenant, "staff"), browser(tenant, "staff")
    form = client.get("/orders/csv/?pay=cod")
    assert form.status_code == 200
    with tenant_transaction(tenant.pk):
        assert not FileJob.objects.exists(), "looking makes nothing"
    values = {
        "all": "1",
        "query": "pay=cod",
        "columns": ["number", "buyer_name"],
        "profile": "spreadsheet",
        "encoding": "utf-8",
    }

    asked = client.post("/orders/csv/", values)
    job = only_job(tenant)
    assert asked.headers["Location"] == f"/orders/files/{encode(job.pk)}/"
    assert "作っています" in client.get(asked.headers["Location"]).content.decode()
    making.work(tenant.pk, job.pk)

    page = client.get(asked.headers["Location"]).content.decode()
    url = re.search(r'href="([^"]+/download/)"', page).group(1)  # type: ignore[union-attr]
    body = client.get(url).content.decode("utf-8-sig")
    assert body == f"受注番号,注文者名\r\n{wanted.number},'=1+1\r\n"
    assert colleague.get(url).status_code == colleague.get(asked.headers["Location"]).status_code == 404
    with tenant_transaction(tenant.pk):
        row, taken = AccessRow.objects.order_by("pk")
        assert (row.what, row.count, row.filter["query"]) == ("orders_csv", 1, "pay=cod")
        assert (taken.what, taken.count, taken.filter) == ("download.orders_csv", 1, {"file": encode(job.pk)})
        StoredFile.objects.update(
            created_at=business_now() - timedelta(hours=1), expires_at=business_now() - timedelta(minutes=1)
        )
    assert client.get(url).status_code == 404, "15 minutes are over"
    assert browser(tenant, "packing").get("/orders/csv/").status_code == 403


def test_who_took_out_a_pasted_list_is_told_with_the_numbers_that_were_pasted(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    client = browser(tenant)
    numbers = " ".join([order.number, *(f"338866-20250101-{one:010}" for one in range(50))])
    said = client.post("/search/keep/", {"q": numbers}).content.decode()

    client.post("/orders/packing-slips/", {"all": "1", "query": f"q={said}"})

    job = only_job(tenant)
    assert job.order_ids == [order.pk]
    assert job.asked["query"] == f"q={said}"
    assert job.asked["words"].startswith(f"{order.number} 338866-20250101-0000000000")


def test_a_csv_of_the_selection(tenant: Tenant, shop: Shop) -> None:
    first, _second = order_in(tenant, shop), order_in(tenant, shop)
    client = browser(tenant)
    panel = client.post(
        "/orders/csv/", {"orders": encode(first.pk), "export": "csv"}, headers={"hx-request": "true"}
    ).content.decode()
    assert f'name="orders" value="{encode(first.pk)}"' in panel

    client.post(
        "/orders/csv/",
        {"orders": encode(first.pk), "columns": ["number"], "profile": "machine", "encoding": "utf-8"},
        headers={"hx-request": "true"},
    )

    assert only_job(tenant).order_ids == [first.pk]


def test_packing_slips_are_a_pdf(tenant: Tenant, shop: Shop) -> None:
    orders = [order_in(tenant, shop) for _ in range(2)]
    client = browser(tenant, "packing")

    watched = client.post(
        "/orders/packing-slips/", {"orders": ",".join(encode(o.pk) for o in orders)}, headers={"hx-request": "true"}
    )
    assert "作っています" in watched.content.decode()
    making.work(tenant.pk, only_job(tenant).pk)

    answer = client.get(f"/orders/files/{encode(only_job(tenant).pk)}/download/")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_opening_the_address_of_a_slip_makes_nothing(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)

    assert client.get(f"/orders/{encode(order.pk)}/packing-slip/").status_code == 200
    with tenant_transaction(tenant.pk):
        assert not FileJob.objects.exists()
    client.post(f"/orders/{encode(order.pk)}/packing-slip/")

    assert only_job(tenant).order_ids == [order.pk]


def test_a_pasted_list_is_checked_before_anything_is_recorded_and_twice_changes_nothing(
    tenant: Tenant, shop: Shop
) -> None:
    first, second = order_in(tenant, shop), order_in(tenant, shop)
    client = browser(tenant, "packing")
    text = f"{first.number}\t400000000000\n{second.number}\t400000000011\n338866-20200101-0000000009\t1\n"
    values = {"text": text, "carrier": "yamato", "shipped_on": "2026-11-22", "step": "check"}

    page = unescape(client.post("/orders/tracking/", values).content.decode())
    assert "記録する 2件" in page
    assert "できない 1件" in page
    assert "この受注番号はありません" in page
    with tenant_transaction(tenant.pk):
        assert not TrackingNumber.objects.exists()
    token = re.search(r'name="token" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    for _ in range(2):
        client.post("/orders/tracking/", {"token": token, "step": "record"})

    with tenant_transaction(tenant.pk):
        assert sorted(TrackingNumber.objects.values_list("number", flat=True)) == ["400000000000", "400000000011"]
        assert set(Order.objects.values_list("phase", flat=True)) == {"shipped"}
    again = unescape(client.post("/orders/tracking/", values).content.decode())
    assert "すでに同じ 2件" in again


def test_a_list_without_a_carrier_is_mended_without_pasting_it_again(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)
    stray = "こんにちは" * 200
    values = {"text": f"{order.number}\t400000000000\n{stray}\n", "shipped_on": "2026-11-22", "step": "check"}

    page = unescape(client.post("/orders/tracking/", values).content.decode())
    assert "「戻って直す」から選んでください" in page
    assert stray not in page, "a stray line does not push the reasons out of sight"
    token = re.search(r'name="token" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    form = client.post("/orders/tracking/", {"token": token, "step": "again"}).content.decode()

    assert f"{order.number}\t400000000000" in form
    assert 'value="2026-11-22"' in form
    assert client.post("/orders/tracking/", {"token": "x", "step": "again"}).status_code == 302


def test_a_list_may_be_a_file_of_old_windows(tenant: Tenant, shop: Shop) -> None:
    order = order_in(tenant, shop)
    upload = SimpleUploadedFile(
        "list.csv", f"受注番号,運送会社,送り状番号\r\n{order.number},ヤマト運輸,400000000000\r\n".encode("cp932")
    )

    page = (
        browser(tenant)
        .post("/orders/tracking/", {"upload": upload, "carrier": "", "shipped_on": "", "step": "check"})
        .content.decode()
    )

    assert "記録する 1件" in page


def test_a_forged_list_is_refused(tenant: Tenant, shop: Shop) -> None:
    answer = (
        browser(tenant).post("/orders/tracking/", {"token": "forged", "step": "record"}, follow=True).content.decode()
    )

    assert "もう一度貼り付けてください" in answer


def test_the_selection_may_be_taken_to_the_list(tenant: Tenant, shop: Shop) -> None:
    order, client = order_in(tenant, shop), browser(tenant)

    sent = client.post("/orders/bulk/", {"orders": encode(order.pk), "ask": "tracking"})

    assert f"{order.number}\t" in client.get(sent.headers["Location"]).content.decode()


def test_a_file_of_another_member_is_nobodys(tenant: Tenant, shop: Shop) -> None:
    order, owner = order_in(tenant, shop), make_member(tenant)
    with tenant_transaction(tenant.pk):
        job = FileJob.objects.create(kind="orders_csv", order_ids=[order.pk], client_key="k", member=owner)

    assert signed_in(owner).get(f"/orders/files/{encode(job.pk)}/").status_code == 200
    assert browser(tenant).get(f"/orders/files/{encode(job.pk)}/").status_code == 404
