"""The judge is tested by planting each kind of bug into a finished run, in its rows or in a copy of its ledgers: each is caught by name."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import override_settings

from automation.judge import judge
from hub.clock import true_now
from hub.models import Effect
from hub.tenancy import tenant_transaction
from orders.models import Order, OrderLine, OrderNumber, Parcel, Product, Shop
from tests.automation.finished_run import GAP, Finished, Line, change, finished_run, found
from tests.journeys.conftest import START
from warehouses.models import RequestLine


@pytest.fixture(scope="module")
def finished(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    with finished_run(tmp_path_factory.mktemp("run")) as run:
        yield run


def test_a_clean_run_holds(finished: Finished) -> None:
    judgement = finished.judge()

    assert judgement.holds, [verdict.line() for verdict in judgement.verdicts if not verdict.holds]
    assert judgement.sums == {"lost": 0, "twice": 0, "unreported": 0, "wrong": 0, "mails_twice": 0}
    assert {verdict.invariant for verdict in judgement.verdicts} == {f"J{number}" for number in range(1, 13)}
    nothing_seen = [verdict.line() for verdict in judgement.verdicts if not verdict.looked_at]
    assert [line for line in nothing_seen if line[:3] not in ("J6 ", "J10")] == []


def test_it_also_runs_without_ledgers_and_writes_nothing(finished: Finished) -> None:
    with override_settings(MALL_GAP_SECONDS=GAP):
        judgement = judge(now=finished.now, true_now=true_now(), tenant_ids=[finished.tenant.pk])

    assert judgement.holds
    skipped = {verdict.invariant for verdict in judgement.verdicts if verdict.skipped}
    assert {"J9", "J11"} <= skipped


def test_a_lost_order_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)

    def never_taken_in(line: Line) -> list[Line]:
        return [line, {**line, "number": line["number"][:-1] + "X"}]

    for kind in ("order_placed", "order_visible"):
        change(ledgers / "mall.jsonl", kind=kind, to=never_taken_in)

    judgement = finished.judge(ledgers)
    assert judgement.sums["lost"] == 1
    assert "lost" in found(judgement, "J1")


def test_an_order_shown_for_less_than_15_minutes_is_not_lost_yet(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    just_now = (finished.now - timedelta(minutes=14)).isoformat()

    def just_shown(line: Line) -> list[Line]:
        return [line, {**line, "number": line["number"][:-1] + "X", "at": just_now}]

    for kind in ("order_placed", "order_visible"):
        change(ledgers / "mall.jsonl", kind=kind, to=just_shown)

    assert finished.judge(ledgers).sums["lost"] == 0


def test_a_number_named_and_forgotten_is_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        forgotten = OrderNumber.objects.create(
            shop=Shop.objects.get(), number="1-1-forgotten", state="named", named_at=finished.now - timedelta(hours=1)
        )
    try:
        assert "named and not fetched" in found(finished.judge(), "J1")
    finally:
        with tenant_transaction(finished.tenant.pk):
            forgotten.delete()


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("PackageModelList", 0, "SenderModel", "subAddress"), "別の町9-9-9"),
        (("PackageModelList", 0, "ItemModelList", 0, "units"), 99),
        (("OrdererModel", "phoneNumber3"), "9999"),
        (("requestPrice",), 1),
        (("remarks",), "別の備考"),
        *(((*whose, name), "違う") for whose in (("OrdererModel",), ("PackageModelList", 0, "SenderModel"))
          for name in ("familyName", "firstName", "familyNameKana", "firstNameKana", "phoneNumber1", "zipCode1", "zipCode2", "prefecture",
                       "city", "subAddress")),
        (("OrdererModel", "emailAddress"), "other@example.jp"),
        (("orderDatetime",), "2026-11-20T10:00:00+0900"),
        (("SettlementModel", "settlementMethod"), "別の支払い"),
        *(((name,), 1) for name in ("postagePrice", "deliveryPrice", "paymentCharge", "additionalFeeOccurAmountToUser",
                                    "couponShopPrice", "couponOtherPrice")),
        (("PointModel", "usedPoint"), 7_777),
        (("PackageModelList", 0, "postagePrice"), 1),
        (("PackageModelList", 0, "noshi"), "御祝"),
        (("PackageModelList", 0, "dropOffLocation"), "物置の上"),
        *((("PackageModelList", 0, "ItemModelList", 0, name), value) for name, value in (
            ("itemName", "別の商品"), ("selectedChoice", "色:別"), ("price", 1), ("priceTaxIncl", 1), ("taxRate", 0.05))),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_field_that_differs_is_caught(
    finished: Finished, tmp_path: Path, where: tuple[Any, ...], value: object
) -> None:
    ledgers = finished.copy(tmp_path)

    def otherwise(line: Line) -> list[Line]:
        inner: Any = line["model"]
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = value
        return [line]

    number = change(ledgers / "mall.jsonl", kind="order_placed", to=otherwise)["number"]

    judgement = finished.judge(ledgers)
    assert judgement.sums["wrong"] >= 1
    assert number in found(judgement, "J1")


@pytest.mark.parametrize(("remarks", "wrong"), [("\0{}\0", 0), ("\0{}備考", 1)])
def test_only_a_character_that_no_column_can_hold_may_be_missing(
    finished: Finished, tmp_path: Path, remarks: str, wrong: int
) -> None:
    ledgers = finished.copy(tmp_path)

    def with_nul(line: Line) -> list[Line]:
        line["model"]["remarks"] = remarks.format(line["model"]["remarks"] or "")
        return [line]

    change(ledgers / "mall.jsonl", kind="order_placed", to=with_nul)

    assert finished.judge(ledgers).sums["wrong"] == wrong


def test_a_sum_that_is_not_the_lines_is_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        order = Order.objects.order_by("pk")[0]
        Order.objects.filter(pk=order.pk).update(subtotal_yen=order.subtotal_yen + 1)
    try:
        assert "subtotal_yen is" in found(finished.judge(), "J1")
    finally:
        with tenant_transaction(finished.tenant.pk):
            Order.objects.filter(pk=order.pk).update(subtotal_yen=order.subtotal_yen)


def test_other_goods_than_were_sold_are_caught(finished: Finished) -> None:
    """The warehouse would ship them, and the units would add up: only the mall's own item tells."""
    with tenant_transaction(finished.tenant.pk):
        line = OrderLine.objects.filter(product__isnull=False).order_by("pk")[0]
        other = Product.objects.create(sku="ANOTHER-1", name="別の商品")
        OrderLine.objects.filter(pk=line.pk).update(product=other)
    try:
        judgement = finished.judge()
        assert judgement.sums["wrong"] == 1
        assert f"is product {other.pk}, not {line.product_id}" in found(judgement, "J1")
    finally:
        with tenant_transaction(finished.tenant.pk):
            OrderLine.objects.filter(pk=line.pk).update(product=line.product_id)
            other.delete()


def test_another_sku_than_the_malls_is_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        line = OrderLine.objects.exclude(mall_line_key="").order_by("pk")[0]
        OrderLine.objects.filter(pk=line.pk).update(sku="WRONG-1")
    try:
        assert "sku is 'WRONG-1'" in found(finished.judge(), "J1")
    finally:
        with tenant_transaction(finished.tenant.pk):
            OrderLine.objects.filter(pk=line.pk).update(sku=line.sku)


def test_a_request_to_another_address_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)

    def elsewhere(line: Line) -> list[Line]:
        line["recipient"]["street"] = "別の町9-9-9"
        return [line]

    change(ledgers / "rsl.jsonl", kind="request", to=elsewhere)

    judgement = finished.judge(ledgers)
    assert judgement.sums["wrong"] == 1
    assert "street" in found(judgement, "J2")


def test_units_shipped_twice_are_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "rsl.jsonl", kind="shipped", to=lambda line: [line, line])

    judgement = finished.judge(ledgers)
    assert judgement.sums["twice"] >= 1
    assert "were ordered" in found(judgement, "J2")


def test_a_reference_accepted_twice_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "rsl.jsonl", kind="request", to=lambda line: [line, {**line, "nth": 2}])

    judgement = finished.judge(ledgers)
    assert judgement.sums["twice"] == 1
    assert "accepted 2 times" in found(judgement, "J2")


def test_a_request_we_know_nothing_of_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    reference = f"{finished.tenant.pk}-999999-1"
    change(ledgers / "rsl.jsonl", kind="request", to=lambda line: [line, {**line, "reference": reference}])

    judgement = finished.judge(ledgers)
    assert "do not know" in found(judgement, "J2")
    assert "another tenant's contract" in found(judgement, "J9")


def test_a_request_long_after_the_cancellation_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)

    def cancelled_early(line: Line) -> list[Line]:
        early = {"kind": "cancelled", "number": line["number"], "shop": line["shop"], "by": "buyer", "reason": 1}
        return [line, {**early, "seq": 0, "at": line["at"], "real_at": line["real_at"]}]

    change(ledgers / "mall.jsonl", kind="order_visible", to=cancelled_early)

    assert "cancelled at" in found(finished.judge(ledgers), "J2")


def test_a_shipment_missing_at_the_mall_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "mall.jsonl", kind="shipping_add", to=lambda line: [])

    judgement = finished.judge(ledgers)
    assert judgement.sums["unreported"] == 1
    assert "is not at the mall" in found(judgement, "J3")


def test_a_row_added_twice_at_the_mall_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "mall.jsonl", kind="shipping_add", to=lambda line: [line, {**line, "shipping_detail_id": 1}])

    judgement = finished.judge(ledgers)
    assert judgement.sums["twice"] == 1
    assert "2 rows" in found(judgement, "J3")


def test_an_incomplete_row_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)

    def and_an_empty_one(line: Line) -> list[Line]:
        empty = {**line["row"], "shippingNumber": None, "shippingDetailId": 1}
        return [line, {**line, "shipping_detail_id": 1, "row": empty}]

    change(ledgers / "mall.jsonl", kind="shipping_add", to=and_an_empty_one)

    assert "incomplete row" in found(finished.judge(ledgers), "J3")


def test_a_result_that_was_not_booked_is_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        right = RequestLine.objects.select_related("request").order_by("pk")[0]
        request, answer = right.request, right.request.answer
        type(request).objects.filter(pk=request.pk).update(answer="accepted")
    try:
        assert "the warehouse told" in found(finished.judge(), "J3")
    finally:
        with tenant_transaction(finished.tenant.pk):
            type(request).objects.filter(pk=request.pk).update(answer=answer)


def test_a_mail_that_went_twice_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "mail.jsonl", kind="mail", to=lambda line: [line, line])

    judgement = finished.judge(ledgers)
    assert judgement.sums["mails_twice"] == 1
    assert "went 2 times" in found(judgement, "J4")


def test_a_mail_that_never_arrived_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "mail.jsonl", kind="mail", to=lambda line: [])

    assert "never arrived" in found(finished.judge(ledgers), "J4")


def test_pieces_that_do_not_add_up_are_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        right = RequestLine.objects.order_by("pk")[0]
        RequestLine.objects.filter(pk=right.pk).update(shipped_quantity=right.quantity + 1)
    try:
        judgement = finished.judge()
        assert "pieces shipped" in found(judgement, "J5")
        assert judgement.sums["twice"] == 1
    finally:
        with tenant_transaction(finished.tenant.pk):
            RequestLine.objects.filter(pk=right.pk).update(shipped_quantity=right.shipped_quantity)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "sending", "claimed_until": -180, "token": True}, "is being sent since"),
        ({"state": "unsure", "due_at": -900}, "is unsure since"),
        ({"state": "waiting", "due_at": -600}, "is not served"),
    ],
)
def test_a_forgotten_effect_is_caught(finished: Finished, values: dict[str, Any], words: str) -> None:
    now = true_now()
    planted = {
        name: now + timedelta(seconds=value) if name.endswith(("_at", "_until")) else value
        for name, value in values.items()
    }
    if "token" in planted:
        planted["token"] = uuid.uuid4()
    with tenant_transaction(finished.tenant.pk):
        effect = Effect.objects.create(
            kind="mall.confirm", lane="shop:0", key=f"planted:{uuid.uuid4()}", decided_at=now, **planted
        )
    try:
        assert words in found(finished.judge(), "J6")
    finally:
        with tenant_transaction(finished.tenant.pk):
            effect.delete()


def test_two_claims_sending_in_one_lane_are_caught(finished: Finished) -> None:
    soon = true_now() + timedelta(seconds=30)
    with tenant_transaction(finished.tenant.pk):
        planted = [
            Effect.objects.create(
                kind="mall.confirm", lane="shop:0", key=f"planted:{n}", decided_at=soon, state="sending",
                claimed_until=soon, token=uuid.uuid4(),
            )
            for n in (1, 2)
        ]  # fmt: skip
    try:
        assert "2 claims are sending" in found(finished.judge(), "J6")
    finally:
        with tenant_transaction(finished.tenant.pk):
            for effect in planted:
                effect.delete()


def test_a_stretch_never_read_is_caught(finished: Finished) -> None:
    hole = [START + timedelta(hours=2), START + timedelta(hours=3)]
    with tenant_transaction(finished.tenant.pk), connection.cursor() as cursor:
        cursor.execute("UPDATE orders_shop SET covered = covered - tstzmultirange(tstzrange(%s, %s))", hole)
    try:
        assert "not read from" in found(finished.judge(), "J7")
    finally:
        with tenant_transaction(finished.tenant.pk), connection.cursor() as cursor:
            cursor.execute("UPDATE orders_shop SET covered = covered + tstzmultirange(tstzrange(%s, %s))", hole)


def test_a_change_without_an_audit_entry_is_caught(finished: Finished) -> None:
    with tenant_transaction(finished.tenant.pk):
        order = Order.objects.order_by("pk")[0]
        Order.objects.filter(pk=order.pk).update(revision=order.revision + 1)
    try:
        assert f"is at revision {order.revision + 1}" in found(finished.judge(), "J8")
    finally:
        with tenant_transaction(finished.tenant.pk):
            Order.objects.filter(pk=order.pk).update(revision=order.revision)


def test_a_secret_in_a_row_or_a_log_is_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    with tenant_transaction(finished.tenant.pk):
        number = Order.objects.order_by("pk").values_list("number", flat=True)[0]
    (ledgers / "canaries.json").write_text(json.dumps([number]))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "worker1.log").write_text(f"failed for {number}\n")

    text = found(finished.judge(ledgers), "J10")
    assert "stands in Effect" in text
    assert "stands in worker1.log" in text


def test_calls_that_come_too_often_are_caught(finished: Finished, tmp_path: Path) -> None:
    ledgers = finished.copy(tmp_path)
    change(ledgers / "mall.jsonl", kind="request", to=lambda line: [line] * 120)

    assert "are allowed" in found(finished.judge(ledgers), "J11")


def test_a_table_without_a_fence_is_caught(finished: Finished) -> None:
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE planted_table (tenant_id bigint)")
        try:
            assert "planted_table" in found(finished.judge(), "J12")
        finally:
            owner.execute("DROP TABLE planted_table")


def test_the_checks_cannot_write(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import InternalError

    from automation.judge import checks

    def meddling(case: Any) -> Any:
        Parcel.objects.update(name="x")

    monkeypatch.setattr(checks, "PER_TENANT", (("J1", "meddling", meddling, False),))
    with pytest.raises(InternalError, match="read-only"):
        finished.judge()
