"""Packing slips and exports: content by order and parcel, gifts without prices, text that stays text, encodings, jobs that resume."""

import csv
import io
import re
import zlib
from typing import Any

import pytest

from documents import exports, making, papers
from documents.models import DocumentTemplate, FileJob, FileKind
from hub.audit import Actor
from hub.http import InTransaction
from hub.models import AccessRow, StoredFile, Tenant
from hub.tenancy import tenant_transaction
from orders.fields import FIELDS
from orders.models import Order, OrderLine, Parcel, Shop
from tests.mailer.conftest import make_order


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        made: Shop = Shop.objects.create(
            name="テスト商店", channel="rakuten", mode="live", signature="東京都千代田区\nTEL 03-0000-0000"
        )
        return made


def pages(pdf: bytes) -> int:
    """Count the pages of a PDF: page objects, in plain or in compressed object streams."""
    streams = [zlib.decompress(m[1]) for m in re.finditer(rb"/ObjStm.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.S)]
    return len(re.findall(rb"/Type\s*/Page\b", b"".join([pdf, *streams])))


@pytest.mark.feature("F147", "N04", "R11")
def test_slip_says_the_parcel_and_a_gift_has_no_prices(tenant: Tenant, shop: Shop) -> None:
    tax = [{"percent": 10, "base_yen": 4510, "tax_yen": 410}]
    with tenant_transaction(tenant.pk):
        DocumentTemplate.objects.create(
            layout="packing_slip", texts={"greeting": "ありがとうございます", "registration_number": "T1"}
        )
        plain, gift = make_order(shop, tax=tax), make_order(shop, gift=True, tax=tax)
        Parcel.objects.filter(order=gift).update(noshi="御祝", drop_off="玄関前")
        OrderLine.objects.filter(order=gift).update(gift={"wrapping": "リボン"})
        slips = papers.slips_of([gift.pk, plain.pk])
    pdf = papers.render(slips)

    assert [slip["number"] for slip in slips] == [gift.number, plain.number]
    assert slips[0]["prices"] is False
    assert (slips[0]["sums"], slips[0]["total"], slips[0]["tax"], slips[0]["registration"]) == ([], "", [], "")
    assert slips[0]["wishes"] == [
        ["お届け希望", "2026年11月28日 午前中"],
        ["置き場所", "玄関前"],
        ["のし", "御祝"],
        ["ラッピング", "リボン"],
    ]
    assert slips[1]["total"] == "4,510円"
    assert slips[1]["tax"] == [["10%対象", "4,510円（内消費税 410円）"]]
    assert slips[1]["buyer"] == "佐藤 花子 様"
    assert slips[1]["lines"][0] == {
        "sku": "CUP-1", "name": "マグカップ", "options": "色:青", "quantity": 2, "price": "1,980円", "amount": "3,960円", "reduced": False,
    }  # fmt: skip
    assert pdf.startswith(b"%PDF")
    assert pages(pdf) == 2


def test_each_parcel_has_its_slip_and_long_ones_go_on(tenant: Tenant, shop: Shop) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        second = Parcel.objects.create(order=order, name="二人目", position=2, postal_code="5100075")
        OrderLine.objects.bulk_create(
            [
                OrderLine(order=order, parcel=second, sku=f"S-{n}", name=f"商品 {n}", quantity=1, position=n)
                for n in range(200)
            ]
        )
        slips = papers.slips_of([order.pk])
    pdf = papers.render(slips)

    assert [(slip["parcel"], slip["recipient"], len(slip["lines"])) for slip in slips] == [
        ("1 / 2", "山田 太郎", 1), ("2 / 2", "二人目", 200),
    ]  # fmt: skip
    assert slips[1]["sums"] == []
    assert pages(pdf) > 3


def test_markup_in_a_name_stays_text(tenant: Tenant, shop: Shop) -> None:
    evil = '#eval("panic()") #include "/etc/passwd" *x* $1$ \\ ] [ "'
    with tenant_transaction(tenant.pk):
        order = make_order(shop, buyer_name=evil)
        Parcel.objects.filter(order=order).update(name=evil, street=evil)
        OrderLine.objects.filter(order=order).update(name=evil, options=evil)
        slips = papers.slips_of([order.pk])

    assert papers.render(slips).startswith(b"%PDF")


def test_nothing_is_set_inside_a_transaction(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk), pytest.raises(InTransaction):
        papers.render([])


def cells_of(body: bytes, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(encoding), newline="")))


def ask(tenant: Tenant, by: Actor, kind: FileKind, ids: list[int], **params: Any) -> FileJob:
    with tenant_transaction(tenant.pk):
        job = making.start(kind, ids, params, client_key=f"{kind}-{ids}-{sorted(params)}", by=by, asked={"status": "x"})
    making.work(tenant.pk, job.pk)
    with tenant_transaction(tenant.pk):
        done: FileJob = FileJob.objects.select_related("file").get(pk=job.pk)
    return done


def made_by(job: FileJob) -> bytes:
    assert job.file is not None, (job.state, job.reason)
    return bytes(job.file.body)


def test_spreadsheet_cannot_run_what_a_stranger_wrote(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop, buyer_name='=HYPERLINK("http://evil.example")', total_yen=-50, memo="+1")
        ids = [order.pk]
    job = ask(tenant, by, FileKind.ORDERS_CSV, ids, columns=["number", "buyer_name", "total_yen"])
    machine = ask(tenant, by, FileKind.ORDERS_CSV, ids, columns=["number", "buyer_name"], profile="machine")
    with tenant_transaction(tenant.pk):
        access = AccessRow.objects.order_by("pk").first()

    assert made_by(job).startswith(b"\xef\xbb\xbf")
    rows = cells_of(made_by(job), "utf-8-sig")
    assert rows[1] == [order.number, '\'=HYPERLINK("http://evil.example")', "-50"]
    assert cells_of(made_by(machine), "utf-8")[0] == ["number", "buyer_name"]
    assert cells_of(made_by(machine), "utf-8")[1][1].startswith("=HYPERLINK")
    assert access is not None
    assert (access.what, access.count, access.filter["status"]) == ("orders_csv", 1, "x")


def test_characters_that_windows_lacks_are_shown_before_anything_is_made(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        bad, good = make_order(shop, buyer_name="𠮷田 🎁"), make_order(shop, buyer_name="髙﨑 ①㈱")
        ids = [bad.pk, good.pk]
    refused = ask(tenant, by, FileKind.ORDERS_CSV, ids, columns=["number", "buyer_name"], encoding="cp932")
    made = ask(tenant, by, FileKind.ORDERS_CSV, ids, columns=["number", "buyer_name"], encoding="cp932", replace=True)

    assert (refused.state, refused.reason, refused.file) == ("refused", "not_in_encoding", None)
    [row] = refused.report
    assert (row["order_id"], row["number"], row["characters"]) == (bad.pk, bad.number, "𠮷🎁")
    assert [cells[1] for cells in cells_of(made_by(made), "cp932")[1:]] == ["吉田 〓", "髙﨑 ①㈱"]


def test_order_of_rows_is_the_order_asked_for(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        orders = [make_order(shop) for _ in range(3)]
    job = ask(tenant, by, FileKind.ORDERS_CSV, [o.pk for o in reversed(orders)], columns=["number"])

    assert [row[0] for row in cells_of(made_by(job), "utf-8-sig")[1:]] == [o.number for o in reversed(orders)]


@pytest.mark.parametrize("params", [{"columns": ["no_such"]}, {"profile": "x"}, {"encoding": "latin-1"}])
def test_unknown_column_or_layout_is_refused_when_asked(tenant: Tenant, by: Actor, params: dict[str, Any]) -> None:
    with tenant_transaction(tenant.pk), pytest.raises(exports.UnknownColumn):
        making.start(FileKind.ORDERS_CSV, [1], params, client_key="x", by=by)


def test_same_key_is_one_job_and_foreign_orders_are_left_out(
    tenant: Tenant, other_tenant: Tenant, shop: Shop, by: Actor
) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        first = making.start(FileKind.PACKING_SLIPS, [order.pk], {}, client_key="k", by=by)
        second = making.start(FileKind.PACKING_SLIPS, [order.pk], {}, client_key="k", by=by)
    assert first.pk == second.pk
    assert making.work(tenant.pk, first.pk) is True
    assert making.work(tenant.pk, first.pk) is False
    foreign = ask(other_tenant, by, FileKind.PACKING_SLIPS, [order.pk])
    assert (foreign.state, foreign.reason) == ("refused", "nothing_to_print")
    with tenant_transaction(other_tenant.pk):
        assert not StoredFile.objects.exists()
        assert Order.objects.count() == 0


def test_job_that_kills_its_worker_is_given_up(tenant: Tenant, shop: Shop, by: Actor) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(shop)
        job = making.start(FileKind.PACKING_SLIPS, [order.pk], {}, client_key="k", by=by)
        FileJob.objects.filter(pk=job.pk).update(tries=3)
    making.work(tenant.pk, job.pk)
    with tenant_transaction(tenant.pk):
        job.refresh_from_db()

    assert (job.state, job.reason) == ("refused", "file_interrupted")


@pytest.mark.parametrize("name", ["=1+1", "＝1+1", "\u200b=1+1", " @x", "\u3000=1+1", "\x00=1", "\u00a0-1", "\t=1"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_no_spelling_of_a_formula_is_run_by_a_spreadsheet(name: str, encoding: str) -> None:
    layout = exports.Layout(columns=("buyer_name",), encoding=encoding)
    field = FIELDS["buyer_name"]

    assert written(exports._cell(name, field, layout), layout).startswith("'")
    assert exports._cell("山田 太郎-1", field, layout) == "山田 太郎-1"
    machine = exports.Layout(columns=("buyer_name",), profile="machine", encoding=encoding)
    assert not exports._cell(name, field, machine).startswith("'")


@pytest.mark.parametrize("name", ["\u20131+1", "\u20111+1", "♡=1+1", "\ufe0f+1", "\u200b♡\u2011x"])
def test_what_windows_makes_a_formula_of_is_not_run_either(name: str) -> None:
    layout = exports.Layout(columns=("buyer_name",), encoding="cp932")

    assert written(exports._cell(name, FIELDS["buyer_name"], layout), layout)[:2] in ("'=", "'+", "'-")


def written(cell: str, layout: exports.Layout) -> str:
    """The cell as a program reads it from the file."""
    text = exports.encode([[cell]], layout).decode(layout.encoding)
    ((found,),) = csv.reader(io.StringIO(text, newline=""))
    return found
