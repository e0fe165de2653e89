"""The RSL adapter before answers that no simulator gives: a warehouse that leaves things out or makes them up."""

import json
from typing import Any

import httpx
import pytest

from hub.effects.outcomes import NotDone, Refused, Unsure
from orders.channels import MallDown
from tests.warehouses.test_rsl_mapping import ship_request
from warehouses.rsl.adapter import Rsl


def rsl(data: Any, status: int = 200, seen: list[httpx.Request] | None = None) -> Rsl:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, content=json.dumps(data).encode())

    credentials = {"shop_code": "shop-1", "token": "token-1"}
    return Rsl(credentials=credentials, base_url="http://rsl.test", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"shipments": None},
        {"shipments": []},
        {"shipments": {"B": None}},
        {"shipments": {"A": {"state": "gone"}}},
        [],
    ],
)
def test_reference_that_an_answer_leaves_out_is_not_absent(data: Any) -> None:
    with pytest.raises(MallDown):
        rsl(data).find(references=["A"])


@pytest.mark.parametrize(
    "data", [{}, {"results": [], "next": ""}, {"results": [], "next": 5}, {"results": {}, "next": "1"}]
)
def test_page_without_a_cursor_is_not_the_end(data: Any) -> None:
    with pytest.raises(MallDown):
        rsl(data).results(cursor="")


@pytest.mark.parametrize("data", [{}, [], "text", {"answers": [{"reference": "X", "outcome": "accepted"}]}])
def test_request_without_its_answer_is_unsure(data: Any) -> None:
    [outcome] = rsl(data).send(requests=[ship_request()]).values()

    assert isinstance(outcome, Unsure)


@pytest.mark.parametrize(
    ("status", "expected"), [(302, Unsure), (404, NotDone), (413, NotDone), (500, Unsure), (504, Unsure)]
)
def test_status_of_a_writing_call(status: int, expected: type) -> None:
    [outcome] = rsl({}, status).send(requests=[ship_request()]).values()

    assert isinstance(outcome, expected)


def test_unfit_request_is_refused_and_the_rest_is_sent() -> None:
    seen: list[httpx.Request] = []
    requests = [ship_request(reference="A", pick_up={"store": "1"}), ship_request(reference="B")]

    outcomes = rsl({"answers": []}, seen=seen).send(requests=requests)

    assert outcomes["A"] == Refused(reason="pick_up_unsupported")
    [call] = seen
    assert [row["reference"] for row in json.loads(call.content)["requests"]] == ["B"]


def test_only_unfit_requests_make_no_call() -> None:
    seen: list[httpx.Request] = []

    rsl({}, seen=seen).send(requests=[ship_request(carrier="seino")])

    assert seen == []


def test_find_asks_in_pages() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        references = json.loads(request.content)["references"]
        sizes.append(len(references))
        return httpx.Response(200, json={"shipments": dict.fromkeys(references)})

    credentials = {"shop_code": "shop-1", "token": "token-1"}
    adapter = Rsl(credentials=credentials, base_url="http://rsl.test", transport=httpx.MockTransport(answer))

    found = adapter.find(references=[f"P{number}" for number in range(1001)])

    assert (len(found), sizes) == (1001, [500, 500, 1])


def test_reference_is_quoted_in_a_path() -> None:
    seen: list[httpx.Request] = []

    rsl({"outcome": "agreed", "fee_yen": 0}, seen=seen).withdraw(
        reference="../v1/results?x", accept_fee=False, reason=""
    )

    assert seen[0].url.raw_path == b"/v1/shipments/..%2Fv1%2Fresults%3Fx/withdraw"
