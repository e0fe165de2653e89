"""The status engine of the simulated mall: confirmation, payment, cancellation, changes and the nightly job."""

from typing import Any

import pytest

from tests.simulators.rakuten_bench import Bench, codes


@pytest.fixture
def bench() -> Bench:
    return Bench()


def moves(bench: Bench, number: str) -> list[tuple[int, int]]:
    """Return the transitions that the ledger has of an order."""
    lines = [line for line in bench.mall.ledger.lines("status") if line["number"] == number]
    return [(line["from"], line["to"]) for line in lines]


def test_confirmation_starts_payment_and_leads_to_ready(bench: Bench) -> None:
    number = bench.place()

    status, body = bench.call("confirmOrder", orderNumberList=[number])
    model = bench.get(number)

    assert (status, codes(body)) == (200, ["CONFIRM_ORDER_INFO_101"])
    assert (model["orderProgress"], model["cancelDueDate"]) == (200, None)
    assert model["shopOrderCfmDatetime"] == "2026-11-24T10:00:00+0900"
    assert [reason["changeType"] for reason in model["ChangeReasonModelList"]] == [8]
    bench.advance(minutes=15)
    model = bench.get(number)
    assert model["orderProgress"] == 300
    assert model["orderFixDatetime"] == model["shippingInstDatetime"] is not None


def test_each_order_of_a_confirmation_has_its_own_answer(bench: Bench) -> None:
    good, done, gone, open_ = bench.place(), bench.ready(), bench.place(), bench.place("postage_never")
    bench.call("cancelOrder", orderNumber=gone, inventoryRestoreType=0, changeReasonDetailApply=1)

    status, body = bench.call("confirmOrder", orderNumberList=[good, done, gone, open_, "400001-1-1"])

    assert status == 200
    assert codes(body) == [
        "CONFIRM_ORDER_INFO_101", "CONFIRM_ORDER_ERROR_103", "CONFIRM_ORDER_ERROR_102", "CONFIRM_ORDER_ERROR_105",
        "CONFIRM_ORDER_ERROR_016",
    ]  # fmt: skip
    assert [entry["orderNumber"] for entry in body["MessageModelList"]] == [good, done, gone, open_, "400001-1-1"]


def test_open_postage_is_fixed_by_the_staff_and_sums_follow(bench: Bench) -> None:
    number = bench.place("postage_never")
    assert bench.get(number)["requestPrice"] == -9999

    bench.control("staff/fix-postage", number=number, yen=770)
    model = bench.get(number)

    goods = sum(i["priceTaxIncl"] * i["units"] for i in model["PackageModelList"][0]["ItemModelList"])
    assert model["requestPrice"] == goods + 770
    assert bench.look("state", number=number)["orders"][0]["expected_end"] == "counted"


def test_payment_that_fails_cancels(bench: Bench) -> None:
    number = bench.place("payment_ng")
    bench.call("confirmOrder", orderNumberList=[number])

    bench.advance(hours=2)

    assert moves(bench, number) == [(100, 200), (200, 900)]


def test_transfer_waits_for_the_buyer_however_long(bench: Bench) -> None:
    number = bench.place("bank_never")
    bench.call("confirmOrder", orderNumberList=[number])

    bench.advance(days=30)

    assert bench.status(number) == 200
    assert bench.get(number)["DueDateModelList"] == [{"dueDateType": 0, "dueDate": "2026-12-01"}]
    bench.control("buyers/pay", number=number)
    assert bench.status(number) == 300


def test_review_keeps_an_order_from_being_ready(bench: Bench) -> None:
    number = bench.place("review")
    bench.call("confirmOrder", orderNumberList=[number])
    bench.advance(minutes=55)
    assert (bench.status(number), bench.get(number)["rakutenConfirmFlag"]) == (200, 1)

    bench.advance(hours=5)

    assert (bench.status(number), bench.get(number)["rakutenConfirmFlag"]) == (300, 0)


def test_social_gift_gets_its_address_later(bench: Bench) -> None:
    number = bench.place("social_gift")
    before = bench.get(number)["PackageModelList"][0]
    assert (before["SenderModel"]["zipCode1"], before["SocialGiftModel"]["inputFlag"]) == ("999", 0)

    bench.advance(hours=11)

    after = bench.get(number)["PackageModelList"][0]
    assert after["SocialGiftModel"]["inputFlag"] == 1
    assert after["SenderModel"]["prefecture"] != "入力待ち"


def test_buyer_cancels_only_in_time_and_only_common_orders(bench: Bench) -> None:
    common, fast, late = bench.place(), bench.place("next_day"), bench.place()

    bench.control("buyers/cancel", number=common)

    assert bench.status(common) == 900
    for number, wait in ((fast, 0), (late, 31)):
        bench.advance(minutes=wait)
        with pytest.raises(AssertionError, match="ValueError"):
            bench.control("buyers/cancel", number=number)
        assert bench.status(number) == 100


def test_seeded_self_cancel_happens_within_thirty_minutes_or_never(bench: Bench) -> None:
    early, confirmed = bench.place("self_cancel"), bench.place("self_cancel")
    bench.call("confirmOrder", orderNumberList=[confirmed])

    bench.advance(minutes=30)

    assert (bench.status(early), bench.status(confirmed)) == (900, 300)
    (line,) = bench.mall.ledger.lines("expectation")
    assert (line["number"], line["expected_end"], line["was"]) == (confirmed, "counted", "cancelled")


@pytest.mark.parametrize(
    ("kind", "confirm", "expected"),
    [
        ("cancel_unconfirmed", False, [(100, 900)]),
        ("cancel_at_rakuten", True, [(100, 200), (200, 800), (800, 900)]),
        ("cancel_ready", True, [(100, 200), (200, 300), (300, 800), (800, 900)]),
    ],
)
def test_staff_cancels_at_each_step(bench: Bench, kind: str, confirm: bool, expected: list[Any]) -> None:
    number = bench.place(kind)
    if confirm:
        bench.call("confirmOrder", orderNumberList=[number])

    bench.advance(hours=5)

    assert moves(bench, number) == expected


def test_unconfirmed_order_is_cancelled_after_fourteen_days(bench: Bench) -> None:
    number = bench.place()
    assert bench.get(number)["cancelDueDate"] == "2026-12-08"

    bench.advance(days=14)
    assert bench.status(number) == 100
    bench.advance(hours=14)

    assert bench.status(number) == 900


def test_cancel_after_confirmation_passes_through_waiting(bench: Bench) -> None:
    number = bench.ready()

    wish = {"orderNumber": number, "inventoryRestoreType": 1, "changeReasonDetailApply": 8}
    assert codes(bench.call("cancelOrder", **wish)[1]) == ["CANCEL_ORDER_INFO_101"]
    assert bench.status(number) == 800
    assert codes(bench.call("cancelOrder", **wish)[1]) == ["CANCEL_ORDER_ERROR_102"]
    bench.advance(minutes=21)

    assert bench.status(number) == 900
    types = [(r["changeType"], r["changeReasonDetail"]) for r in bench.get(number)["ChangeReasonModelList"]]
    assert types == [(8, None), (0, 8), (2, 8)]


def test_change_holds_the_order_and_gives_it_back(bench: Bench) -> None:
    number = bench.ready()
    before = bench.get(number)["PackageModelList"][0]["SenderModel"]["subAddress"]
    bench.control("staff/change", number=number, fix_minutes=30)
    assert bench.row(number, deliveryCompany="1001")[0] == 400

    bench.advance(minutes=30)
    model = bench.get(number)

    assert (model["orderProgress"], model["modifyFlag"]) == (300, 1)
    assert model["PackageModelList"][0]["SenderModel"]["subAddress"].startswith(before + " ")


def test_nightly_job_counts_complete_orders_of_the_day(bench: Bench) -> None:
    done, bare, future, half = bench.ready(), bench.ready(), bench.ready(), bench.ready("several_destinations")
    full: dict[str, Any] = {"deliveryCompany": "1001", "shippingNumber": "4-1", "shippingDate": "2026-11-24"}
    bench.row(done, **full)
    bench.row(bare, deliveryCompany="1001")
    bench.row(future, **{**full, "shippingDate": "2026-11-26"})
    bench.row(half, **full)

    bench.control("clock", business_start="2026-11-25T00:05:00+09:00", speed=0)
    assert bench.status(done) == 300
    assert bench.look("next-due", **{"except": "auto_cancel"})["next_due"] == "2026-11-25T00:05:06+09:00"
    bench.advance(seconds=10)

    assert [bench.status(number) for number in (done, bare, future, half)] == [500, 300, 300, 300]
    assert bench.get(done)["shippingCmplRptDatetime"].startswith("2026-11-25T00:05:06")
    (counted,) = bench.mall.ledger.lines("counted")
    assert (counted["number"], counted["rows"][0]["shippingNumber"]) == (done, "4-1")
    bench.advance(days=1)
    assert bench.status(future) == 500
    bench.advance(days=5)
    assert moves(bench, done)[-2:] == [(500, 600), (600, 700)]


def test_nightly_job_skips_the_order_that_a_fault_names(bench: Bench) -> None:
    first, second = bench.ready(), bench.ready()
    for number in (first, second):
        bench.row(number, deliveryCompany="1001", shippingNumber="4-1", shippingDate="2026-11-24")
    bench.control("faults", faults=[{"kind": "job_skips_order", "number": first}])

    bench.advance(days=1)

    assert (bench.status(first), bench.status(second)) == (300, 500)


def test_returned_goods_are_cancelled_in_one_step(bench: Bench) -> None:
    number = bench.ready()
    wish = {"orderNumber": number, "inventoryRestoreType": 2, "changeReasonDetailApply": 3}
    assert bench.call("cancelOrderAfterShipping", **wish)[0] == 400
    bench.row(number, deliveryCompany="1001", shippingNumber="4-1", shippingDate="2026-11-24")
    bench.advance(days=1)

    assert bench.call("cancelOrderAfterShipping", **wish)[0] == 200
    assert bench.status(number) == 900


def test_another_system_confirms_and_ships(bench: Bench) -> None:
    other = Bench(shop={"auto_confirm_minutes": 10})
    number = other.place()
    other.advance(minutes=30)

    answer = other.control("staff/ship", number=number, tracking="5-5")

    assert other.status(number) == 300
    assert answer["rows"][0]["shippingNumber"] == "5-5"
    assert [line["by"] for line in other.mall.ledger.lines("shipping_add")] == ["staff"]
    assert [line["by"] for line in other.mall.ledger.lines("confirm")] == ["staff"]


def test_one_long_jump_and_many_short_ones_give_the_same_history() -> None:
    histories = []
    for steps in (1, 96):
        bench = Bench(seed=7)
        placed = bench.control("orders", n=100, spread_minutes=600)
        bench.advance(minutes=700)
        numbers = [order["number"] for order in placed["orders"]]
        bench.call("confirmOrder", orderNumberList=numbers)
        for _ in range(steps):
            bench.advance(hours=48 / steps)
        bench.look("state")
        histories.append([(x["at"], x["number"], x["from"], x["to"]) for x in bench.mall.ledger.lines("status")])

    assert histories[0] == histories[1]
    assert len(histories[0]) > 150


def test_order_too_odd_for_an_event_does_not_stop_the_others(bench: Bench) -> None:
    odd = bench.place("change", override={"PackageModelList": "壊れた"})
    good = bench.place("change")
    bench.call("confirmOrder", orderNumberList=[odd, good])

    bench.advance(hours=3)

    assert bench.status(good) == 300
    assert [line["number"] for line in bench.mall.ledger.lines("broken")] == [odd]
