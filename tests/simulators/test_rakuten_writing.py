"""updateOrderShipping, memo, remarks, sub-status and sender of the simulated mall."""

from typing import Any

import pytest

from tests.simulators.rakuten_bench import Bench, codes

FULL: dict[str, Any] = {"deliveryCompany": "1001", "shippingNumber": "4-1", "shippingDate": "2026-11-24"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def rows(bench: Bench, number: str) -> list[dict[str, Any]]:
    """Return the shipping rows of the first destination."""
    found: list[dict[str, Any]] = bench.get(number)["PackageModelList"][0]["ShippingModelList"]
    return found


def shape(model: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an updateOrderSender that sends back what is there."""
    return {
        "orderNumber": model["orderNumber"],
        "PackageModelList": model["PackageModelList"],
        "WrappingModel1": model["WrappingModel1"],
        "CouponModelList": model["CouponModelList"],
    }


def test_row_is_added_changed_and_deleted_by_its_id(bench: Bench) -> None:
    number = bench.ready()

    _, added = bench.row(number, **FULL)
    detail_id = added["MessageModelList"][0]["shippingDetailId"]
    _, changed = bench.row(number, shippingDetailId=detail_id, shippingNumber="4-2")
    assert rows(bench, number) == [
        {**FULL, "shippingDetailId": detail_id, "shippingNumber": "4-2", "deliveryCompanyName": "ヤマト運輸"}
    ]
    _, deleted = bench.row(number, shippingDetailId=detail_id, shippingDeleteFlag=1)

    assert [codes(body)[0][-8:] for body in (added, changed, deleted)] == ["INFO_101", "INFO_102", "INFO_103"]
    assert rows(bench, number) == []
    kinds = [line["kind"] for line in bench.mall.ledger.lines() if line["kind"].startswith("shipping_")]
    assert kinds == ["shipping_add", "shipping_update", "shipping_delete"]


def test_sending_again_without_the_id_doubles_the_row(bench: Bench) -> None:
    number = bench.ready()

    bench.row(number, **FULL)
    bench.row(number, **FULL)

    assert len({row["shippingDetailId"] for row in rows(bench, number)}) == 2


def test_key_left_out_stays_and_empty_key_erases(bench: Bench) -> None:
    number = bench.ready()
    detail_id = bench.row(number, **FULL)[1]["MessageModelList"][0]["shippingDetailId"]

    bench.row(number, shippingDetailId=str(detail_id), shippingNumber="")

    (row,) = rows(bench, number)
    assert (row["shippingNumber"], row["shippingDate"], row["deliveryCompany"]) == (None, "2026-11-24", "1001")


def test_one_bad_row_leaves_all_as_it_was(bench: Bench) -> None:
    number = bench.ready("several_destinations")
    packages = bench.get(number)["PackageModelList"]
    baskets = [
        {"basketId": packages[0]["basketId"], "ShippingModelList": [FULL, {**FULL, "shippingDate": "2026/11/24"}]},
        {"basketId": packages[1]["basketId"], "ShippingModelList": [{**FULL, "deliveryCompany": "ヤマト運輸"}]},
    ]

    status, body = bench.call("updateOrderShipping", orderNumber=number, BasketidModelList=baskets)

    assert (status, codes(body)) == (400, ["UPDATE_ORDERSHIPPING_ERROR_011"] * 2)
    assert [entry["dataNumber"] for entry in body["MessageModelList"]] == [2, 3]
    assert rows(bench, number) == []
    assert bench.mall.ledger.lines("shipping_add") == []


def test_data_number_counts_through_all_destinations(bench: Bench) -> None:
    number = bench.ready("several_destinations")
    baskets = [
        {"basketId": str(package["basketId"]), "ShippingModelList": [FULL, {"deliveryCompany": "1003"}]}
        for package in bench.get(number)["PackageModelList"]
    ]

    _, body = bench.call("updateOrderShipping", orderNumber=number, BasketidModelList=baskets)

    assert [entry["dataNumber"] for entry in body["MessageModelList"]] == list(range(1, 2 * len(baskets) + 1))


@pytest.mark.parametrize("bad", [{"shippingDetailId": 1}, {"deliveryCompany": ""}, {"shippingNumber": "9" * 121}])
def test_bad_rows_are_refused(bench: Bench, bad: dict[str, Any]) -> None:
    number = bench.ready()

    assert bench.row(number, **bad)[0] == 400
    assert rows(bench, number) == []


def test_at_most_twenty_rows_a_destination(bench: Bench) -> None:
    number = bench.ready()
    for _ in range(20):
        assert bench.row(number, **FULL)[0] == 200

    assert bench.row(number, **FULL)[0] == 400
    assert len(rows(bench, number)) == 20


def test_cancelled_order_takes_no_rows(bench: Bench) -> None:
    number = bench.place()
    bench.control("staff/cancel", number=number)

    status, body = bench.row(number, **FULL)

    assert (status, codes(body)) == (400, ["UPDATE_ORDERSHIPPING_ERROR_102"])
    entry = body["MessageModelList"][0]
    assert (entry["dataNumber"], entry["shippingDetailId"]) == (None, None)


@pytest.mark.parametrize("wish", [{"orderNumber": "x"}, {"BasketidModelList": []}, {}])
def test_missing_parts_are_named(bench: Bench, wish: dict[str, Any]) -> None:
    status, body = bench.call("updateOrderShipping", **wish)

    assert status == 400
    assert all(code.startswith("UPDATE_ORDERSHIPPING_ERROR_0") for code in codes(body))


def test_memo_changes_what_is_given_alone(bench: Bench) -> None:
    number = bench.place("wished")
    day = bench.get(number)["deliveryDate"]

    _, body = bench.call("updateOrderMemo", orderNumber=number, memo="電話済み", deliveryClass="2", shippingTerm=1)
    model = bench.get(number)

    assert codes(body) == ["UPDATE_ORDERMEMO_INFO_101"]
    assert (model["memo"], model["deliveryDate"], model["shippingTerm"]) == ("電話済み", day, 1)
    assert model["DeliveryModel"]["deliveryClass"] == 2


@pytest.mark.parametrize(
    "bad", [{"memo": "①番"}, {"operator": "七文字の担当者"}, {"deliveryDate": "2026/11/30"}, {"shippingTerm": 3}]
)
def test_bad_memo_is_refused(bench: Bench, bad: dict[str, Any]) -> None:
    number = bench.place()

    assert bench.call("updateOrderMemo", orderNumber=number, **bad)[0] == 400
    assert bench.get(number)["memo"] is None


def test_remarks_are_replaced(bench: Bench) -> None:
    number = bench.place("remark_free")

    assert bench.call("updateOrderRemarks", orderNumber=number)[0] == 400
    assert bench.call("updateOrderRemarks", orderNumber=number, remarks="[配送日時指定:]\n\n\n", giftCheck=1)[0] == 200

    model = bench.get(number)
    assert (model["remarks"], model["giftCheckFlag"]) == ("[配送日時指定:]\n\n\n", 1)


def test_sub_status_belongs_to_its_order_progress(bench: Bench) -> None:
    new, ready, gone = bench.place(), bench.ready(), bench.place()
    bench.control("staff/cancel", number=gone)
    statuses = bench.call("getSubStatusList")[1]["StatusModelList"]
    wanted = statuses[0]["SubStatusModelList"][0]

    status, body = bench.call(
        "updateOrderSubStatus", subStatusId=wanted["subStatusId"], orderNumberList=[new, ready, gone, "400001-1-1"]
    )

    assert status == 200
    assert [code.removeprefix("UPDATE_ORDERSUBSTATUS_") for code in codes(body)] == [
        "INFO_101", "ERROR_102", "ERROR_101", "ERROR_016",
    ]  # fmt: skip
    assert bench.get(new)["subStatusName"] == wanted["subStatusName"]
    assert bench.search(subStatusIdList=[wanted["subStatusId"]])[1]["orderNumberList"] == [new]
    bench.call("updateOrderSubStatus", subStatusId=None, orderNumberList=[new])
    assert bench.get(new)["subStatusId"] is None
    assert bench.call("updateOrderSubStatus", orderNumberList=[new])[0] == 400


def test_sender_replaces_address_and_sums_follow(bench: Bench) -> None:
    number = bench.place("gift")
    model = bench.get(number)
    package = model["PackageModelList"][0]
    package["SenderModel"].update(subAddress="本町1-2-3")
    line = package["ItemModelList"][0]
    line["units"] += 1

    status, body = bench.call("updateOrderSender", **{**shape(model), "WrappingModel2": model["WrappingModel2"]})
    after = bench.get(number)

    assert (status, codes(body)) == (200, ["UPDATE_ORDERSENDER_INFO_101"])
    assert after["PackageModelList"][0]["SenderModel"]["subAddress"] == "本町1-2-3"
    assert after["goodsPrice"] == model["goodsPrice"] + line["price"]
    assert bench.mall.ledger.lines("changed")[-1]["model"]["goodsPrice"] == after["goodsPrice"]


def test_sender_needs_a_reason_for_less_money(bench: Bench) -> None:
    number = bench.place("card", override={"PackageModelList": [{"postagePrice": 900}]}, settle=True)
    model = bench.get(number)
    model["PackageModelList"][0]["postagePrice"] = 0

    status, body = bench.call("updateOrderSender", **shape(model))
    assert (status, codes(body)) == (400, ["UPDATE_ORDERSENDER_ERROR_115"])
    assert bench.get(number)["postagePrice"] == 900

    assert bench.call("updateOrderSender", **shape(model), reductionReason=10)[0] == 200
    assert bench.get(number)["requestPrice"] == model["requestPrice"] - 900


def test_sender_is_refused_whole(bench: Bench) -> None:
    number = bench.place("cod")
    model = bench.get(number)
    package = model["PackageModelList"][0]
    package["SenderModel"].update(prefecture="江戸", familyName="")
    del package["deliveryPrice"]

    status, body = bench.call("updateOrderSender", **shape(model))

    assert (status, codes(body)) == (
        400, ["UPDATE_ORDERSENDER_ERROR_136", "UPDATE_ORDERSENDER_ERROR_009", "UPDATE_ORDERSENDER_ERROR_011"],
    )  # fmt: skip
    assert bench.get(number)["PackageModelList"][0]["SenderModel"]["familyName"] != ""
    assert bench.call("updateOrderSender", **shape(bench.get(bench.shipped())))[0] == 400


def test_sender_can_leave_the_postage_open(bench: Bench) -> None:
    number = bench.place()
    model = bench.get(number)
    model["PackageModelList"][0]["postagePrice"] = -9999

    bench.call("updateOrderSender", **shape(model))

    assert bench.get(number)["totalPrice"] == -9999
