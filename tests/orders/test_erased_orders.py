"""An erased order stays erased: what people and programs do to it is refused in words, and it is shown with empty fields and its day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from documents import making, papers
from documents.exports import Layout, rows_of
from documents.models import FileJob, FileKind
from hub.ids import encode
from hub.models import AuditEntry, Tenant
from hub.operations import SCOPES, create_token
from hub.problems import say
from hub.tenancy import tenant_transaction
from mailer.models import MailTemplate, Message
from mailer.operations import queue_message
from orders import batches
from orders.channels import BadPayload
from orders.fields import FIELDS
from orders.intake import save_mall_orders
from orders.models import Order, OrderNumber, Parcel, RejectedPayload, Tag, Task, TaskMark, Warehouse
from orders.operations.leaving import take_back
from orders.operations.shipments import NotRecordable, Package, record_shipment
from orders.operations.undo import undo_entries
from orders.polling import MALL
from orders.queries import facts_of
from orders.retention import running
from orders.search import look_up
from tests.api.conftest import Caller
from tests.conftest import NOW, TESTER
from tests.factories import make_shop, mall_order, take_in
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")
ERASED = say("erased", {}, "ja")


@pytest.fixture
def gone(tenant: Tenant) -> Order:
    """An order that was shipped long ago and erased; a memo was written on it, which can no longer be undone."""
    take_in(tenant, make_shop(tenant), mall_order(remarks="玄関先へ"))
    with tenant_transaction(tenant.pk):
        order: Order = Order.objects.get()
        batches.act(
            "memo", [order.pk], {"text": "佐藤様より電話", "add": True}, by=TESTER, now=NOW - timedelta(days=200)
        )
        Parcel.objects.update(state="shipped")
        moment = NOW - timedelta(days=200)
        Order.objects.update(phase="done", shipped_at=moment, status_at=moment, unreported=False, ours=True)
    running.run_to_end(tenant.pk)
    with tenant_transaction(tenant.pk):
        order.refresh_from_db()
        assert order.erased_at == NOW
        return order


@pytest.fixture
def call(tenant: Tenant) -> Caller:
    with tenant_transaction(tenant.pk):
        return Caller(create_token(name="連携", scopes=list(SCOPES), by=TESTER, now=NOW).secret)


def unchanged(tenant: Tenant, order: Order) -> bool:
    with tenant_transaction(tenant.pk):
        now = Order.objects.filter(pk=order.pk).values().get()
    return bool(now == {name: getattr(order, name) for name in now})


@pytest.mark.parametrize(
    ("act", "values"),
    [
        ("memo", {"memo": "佐藤様"}), ("hold", {"reason": "佐藤様"}), ("want", {}), ("read-again", {}), ("remark-read", {}),
        ("give-up", {"verb": "delete"}), ("record-shipment", {"carrier": "yamato", "number": "1", "shipped_on": "2026-11-22"}),
    ],
)  # fmt: skip
def test_acts_of_the_page_are_refused_in_words(tenant: Tenant, gone: Order, act: str, values: dict[str, str]) -> None:
    told = browser(tenant).post(f"/orders/{encode(gone.pk)}/{act}/", values, follow=True).content.decode()

    assert ERASED in told
    assert unchanged(tenant, gone)
    with tenant_transaction(tenant.pk):
        assert not TaskMark.objects.filter(order=gone.pk, reason="佐藤様").exists()


def test_its_address_cannot_be_edited_by_page_or_program(tenant: Tenant, gone: Order, call: Caller) -> None:
    with tenant_transaction(tenant.pk):
        parcel = encode(Parcel.objects.get().pk)
    page = browser(tenant)

    form = page.get(f"/parcels/{parcel}/address/")
    told = page.post(f"/parcels/{parcel}/address/", {"name": "佐藤"}, follow=True).content.decode()
    body = {"memo": "佐藤", "parcels": [{"id": parcel, "recipient": {"name": "佐藤"}}]}
    answer = call("PATCH", f"orders/{encode(gone.pk)}", body, If_Match=str(gone.revision))

    assert form.status_code == 409
    assert ERASED in told
    assert (answer.status_code, answer.json()["code"]) == (409, "erased")
    assert unchanged(tenant, gone)


@pytest.mark.parametrize("action", [action for action in batches.ACTIONS if action != "change"])
def test_no_bulk_act_touches_it_and_the_others_go_on(tenant: Tenant, gone: Order, action: str) -> None:
    with tenant_transaction(tenant.pk):
        tag, task = Tag.objects.filter(key="").first(), Task.objects.get(key="hold")
        status = Order.objects.values_list("status", flat=True).get(pk=gone.pk)
        params: dict[str, Any] = {
            "tag": tag.pk if tag else Tag.objects.create(name="目印").pk, "task": task.pk, "status": status, "text": "佐藤", "reason": "佐藤",
            "method": "mail", "day": "2026-12-01",
        }  # fmt: skip
        if action == "cancel-at-mall":
            params["reason"] = "customer_cancel"
        if action == "choose-warehouse":
            params["warehouse"] = Warehouse.objects.values_list("pk", flat=True)[0]
        outcome = batches.act(action, [gone.pk], params, by=TESTER, now=NOW)

    assert [(issue.order_id, issue.reason) for issue in outcome.issues] == [(gone.pk, "erased")]
    assert unchanged(tenant, gone)


def test_no_mail_goes_to_its_buyer(tenant: Tenant, gone: Order) -> None:
    with tenant_transaction(tenant.pk):
        template = MailTemplate.objects.all()[0]
        outcome = queue_message([gone.pk], template=template, occasion="", by=TESTER, now=NOW, manual=True)

        assert [issue.reason for issue in outcome.issues] == ["erased"]
        assert not Message.objects.exists()
    assert browser(tenant).get(f"/mail/compose/{encode(gone.pk)}/").status_code == 409


def test_no_paper_is_made_of_it_and_the_report_names_it(tenant: Tenant, gone: Order) -> None:
    with tenant_transaction(tenant.pk):
        job = making.start(FileKind.PACKING_SLIPS, [gone.pk], {}, client_key="k", by=TESTER)

    making.work(tenant.pk, job.pk)

    with tenant_transaction(tenant.pk):
        job = FileJob.objects.get()
        assert (job.state, job.reason, [row["number"] for row in job.report]) == ("refused", "erased", [gone.number])
        assert papers.slips_of([]) == []


def test_no_shipment_is_recorded_and_none_of_its_changes_undone(tenant: Tenant, gone: Order) -> None:
    with tenant_transaction(tenant.pk):
        package = Package(carrier="yamato", number="123456789012", shipped_on=NOW.date())
        with pytest.raises(NotRecordable, match="erased"):
            record_shipment(Parcel.objects.get().pk, packages=[package], by=TESTER, now=NOW, replace=True)
        entry = AuditEntry.objects.get(verb="order.memo")
        assert undo_entries([entry.pk], by=TESTER, now=NOW).changed == []
    told = browser(tenant).post("/orders/undo/", {"entry": encode(entry.pk)}, follow=True).content.decode()
    assert ERASED in told
    assert unchanged(tenant, gone)


def test_a_removed_order_that_was_erased_does_not_come_back(tenant: Tenant, gone: Order) -> None:
    with tenant_transaction(tenant.pk):
        Order.objects.filter(pk=gone.pk).update(deleted_at=NOW)
        assert [issue.reason for issue in take_back([gone.pk], by=TESTER, now=NOW).issues] == ["erased"]


def test_what_the_mall_sends_unreadably_of_it_is_not_kept(tenant: Tenant, gone: Order) -> None:
    bad = BadPayload(number=gone.number, path="x", reason="missing", payload="見本 花子".encode())

    saved = save_mall_orders(tenant.pk, gone.shop_id, [bad], by=MALL, now=NOW)

    assert saved.rejected == []
    with tenant_transaction(tenant.pk):
        assert not RejectedPayload.objects.exists()
        assert OrderNumber.objects.get().state == "fetched"


def test_list_search_csv_and_api_show_empty_fields_and_the_day(tenant: Tenant, gone: Order, call: Caller) -> None:
    client = browser(tenant)
    with tenant_transaction(tenant.pk):
        assert look_up("見本").how in ("nothing", "text")
        assert not Order.objects.filter(look_up("見本").q).exists()
        assert list(Order.objects.filter(look_up(gone.number[-8:]).q)) == [gone]
        columns = ("number", "buyer_name", "buyer_prefecture", "total_yen", "remarks", "erased_at")
        ((_, _, cells),) = rows_of([gone.pk], Layout(columns=columns, profile="machine", encoding="utf-8"))
        assert FIELDS["erased_at"].value(facts_of([gone.pk])[gone.pk]) == NOW
    listed = client.get("/orders/").content.decode()
    page = client.get(f"/orders/{encode(gone.pk)}/").content.decode()
    shown = call("GET", f"orders/{encode(gone.pk)}").json()

    assert (cells[0], cells[1], cells[2], cells[3], cells[4]) == (gone.number, "", "東京都", "1000", "")
    assert cells[5].startswith("2026/11/22")
    assert "消去済み" in listed
    assert "個人情報は保存期間を過ぎたため消去しました" in page
    assert "花子" not in page
    assert (shown["erased_at"][:10], shown["number"], shown["total_yen"]) == ("2026-11-22", gone.number, 1000)
    assert (shown["buyer"]["name"], shown["remarks"], shown["memo"], shown["mall"]["fields"]) == ("", "", "", {})
    assert [(parcel["recipient"]["name"], parcel["recipient"]["prefecture"]) for parcel in shown["parcels"]] == [
        ("", "東京都")
    ]


def test_the_feed_of_changes_names_it(tenant: Tenant, gone: Order, call: Caller) -> None:
    items = call("GET", "orders?after=").json()["items"]

    assert [(item["id"], item["erased_at"] is not None) for item in items] == [(encode(gone.pk), True)]
