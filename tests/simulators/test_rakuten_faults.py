"""Faults of the simulated mall, and what the shared clock, ledger and server promise."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.clock import Clock
from simulators.faults import Faults
from simulators.ledger import Ledger, read
from simulators.server import Response, mock_handler, serve
from tests.simulators.rakuten_bench import JSON, MORNING, Bench, codes

FULL: dict[str, Any] = {"deliveryCompany": "1001", "shippingNumber": "4-1", "shippingDate": "2026-11-24"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def fault(bench: Bench, kind: str, **more: Any) -> None:
    bench.control("faults", faults=[{"kind": kind, **more}])


@pytest.mark.parametrize("code", [401, 429, 500, 502, 503])
def test_status_fault_changes_nothing(bench: Bench, code: int) -> None:
    number = bench.place()
    fault(bench, f"status_{code}", function="confirmOrder", count=1, retry_after=7)

    answer = bench.send("confirmOrder", {"orderNumberList": [number]})

    assert (answer.status, answer.headers["Retry-After"]) == (code, "7")
    assert bench.status(number) == 100
    assert bench.mall.ledger.lines("request")[-2]["fault"] == f"status_{code}"
    assert bench.mall.ledger.lines("request")[-2]["status"] == code


@pytest.mark.parametrize("kind", ["html_page", "empty_200", "broken_json", "cut_body", "timeout_after"])
def test_garbled_answer_comes_after_the_change(bench: Bench, kind: str) -> None:
    number = bench.place()
    fault(bench, kind, function="confirmOrder", count=1)

    answer = bench.send("confirmOrder", {"orderNumberList": [number]})

    assert bench.status(number) == 200
    if answer.send_bytes is None:
        with pytest.raises(ValueError, match=r"Expecting value|Unterminated|delimiter"):
            json.loads(answer.body)
    assert answer.hang_up == (kind == "timeout_after")


def test_silence_before_never_applies(bench: Bench) -> None:
    number = bench.place()
    fault(bench, "timeout_before", count=1, seconds=0)

    answer = bench.send("confirmOrder", {"orderNumberList": [number]})

    assert (answer.hang_up, answer.delay_seconds) == (True, 0)
    assert bench.status(number) == 100


def test_late_change_is_made_after_the_caller_gave_up() -> None:
    true_time = [datetime(2026, 11, 24, 1, tzinfo=UTC)]
    bench = Bench()
    bench.mall.clock._real = lambda: true_time[0]
    number = bench.ready()
    fault(bench, "late_apply", function="updateOrderShipping", count=1, seconds=30)

    bench.row(number, **FULL)
    true_time[0] += timedelta(seconds=29)
    assert bench.get(number)["PackageModelList"][0]["ShippingModelList"] == []
    true_time[0] += timedelta(seconds=1)

    assert len(bench.get(number)["PackageModelList"][0]["ShippingModelList"]) == 1


def test_window_of_a_fault_is_in_business_time(bench: Bench) -> None:
    start = MORNING + timedelta(hours=1)
    until = start + timedelta(hours=6, minutes=50)
    fault(bench, "status_503", down_from=start.isoformat(), down_until=until.isoformat())

    seen = []
    for wait in (0, 60, 409, 1):
        bench.advance(minutes=wait)
        seen.append(bench.search()[0])

    assert seen == [200, 503, 503, 200]


def test_contents_of_answers_are_bent(bench: Bench) -> None:
    placed = bench.control("orders", n=20, kinds=["card"])["orders"]
    numbers = [order["number"] for order in placed]

    def got(kind: str) -> list[str]:
        fault(bench, kind)
        _, body = bench.call("getOrder", orderNumberList=numbers, version=10)
        return [model["orderNumber"] for model in body["OrderModelList"]]

    assert len(got("missing_number")) == 19
    assert (len(got("repeated_number")), len(set(got("repeated_number")))) == (21, 20)
    assert sorted(got("shuffled")) == sorted(numbers) != got("shuffled")
    fault(bench, "page_shift")
    pages = [
        bench.search(PaginationRequestModel={"requestRecordsAmount": 10, "requestPage": p})[1]["orderNumberList"]
        for p in (1, 2)
    ]
    assert len(pages[0]) == 10 > len(pages[1])


def test_new_row_may_come_without_its_id(bench: Bench) -> None:
    number = bench.ready()
    fault(bench, "null_detail_ids")

    _, body = bench.row(number, **FULL)

    assert codes(body) == ["UPDATE_ORDERSHIPPING_INFO_101"]
    assert body["MessageModelList"][0]["shippingDetailId"] is None


def test_rates_are_kept_and_repeatable() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed, [{"kind": "status_500", "rate": 0.1}])
        return [faults.pick("getOrder", {"status_500"}, now=MORNING) is not None for _ in range(2_000)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 150 < sum(strikes(1)) < 250


@pytest.mark.parametrize("kind", ["gremlin", "result_backwards"])  # the second is the warehouse's
def test_unknown_fault_is_refused(bench: Bench, kind: str) -> None:
    answer = bench.mall.app("POST", "/_control/faults", {}, {}, json.dumps({"faults": [{"kind": kind}]}).encode())

    assert answer.status == 400


def test_clock_follows_speed_and_jumps() -> None:
    real = [datetime(2026, 11, 24, tzinfo=UTC)]
    clock = Clock(real[0], MORNING, 30, real=lambda: real[0])

    real[0] += timedelta(seconds=10)
    assert clock.now() == MORNING + timedelta(minutes=5)
    clock.advance(3600)

    assert clock.now() == MORNING + timedelta(minutes=65)
    clock.apply_json({"real_start": real[0].isoformat(), "business_start": MORNING.isoformat(), "speed": 2})
    real[0] += timedelta(seconds=3)
    assert clock.now() == MORNING + timedelta(seconds=6)
    with pytest.raises(ValueError, match="offset"):
        clock.apply_json({"business_start": "2026-11-24T00:00:00"})


def test_ledger_goes_on_after_a_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.write("one", name="髙﨑")
    ledger.close()
    with path.open("ab") as file:
        file.write(b'{"seq": 2, "kind": "to')

    again = Ledger(path)
    again.write("three")
    again.close()

    assert [(line["seq"], line["kind"]) for line in read(path)] == [(1, "one"), (2, "three")]


def test_server_misbehaves_as_asked() -> None:
    answers = {
        "/hang": Response(hang_up=True),
        "/half": Response(body=b"0123456789", send_bytes=5),
        "/slow": Response(body=b"late", delay_seconds=0.3),
        "/good": Response(body=b"good"),
    }
    server = serve(lambda method, path, query, headers, body: answers[path])
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/hang")
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/half")
        with pytest.raises(httpx.ReadTimeout):
            client.get("/slow", timeout=0.1)
        assert [client.post("/good", content=iter([b"chunk"])).text for _ in range(2)] == ["good", "good"]
    server.close()


def test_mall_can_be_mounted_under_a_transport(bench: Bench) -> None:
    transport = httpx.MockTransport(mock_handler(bench.mall.app))
    fault(bench, "timeout_after", count=1)
    with httpx.Client(base_url="https://mall.example", headers=bench.headers, transport=transport) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/es/2.0/order/getSubStatusList/", content=b"{}")
        assert client.post("/es/2.0/order/getSubStatusList/", content=b"{}").status_code == 200


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def process(tmp_path: Path, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = [start(tmp_path, port)]
    yield running
    for one in running:
        one.kill()
        one.wait()


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the mall as its own process and wait until it answers."""
    command = [sys.executable, "-m", "simulators.rakuten", "--port", str(port)]
    files = ["--ledger", str(folder / "ledger.jsonl"), "--state", str(folder / "state")]
    root = Path(__file__).parents[2]
    process = subprocess.Popen([*command, *files], cwd=root, stdout=subprocess.DEVNULL, env={**os.environ})
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/_control/clock", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the mall did not start")


def test_process_serves_and_goes_on_after_a_restart(
    tmp_path: Path, port: int, process: list[subprocess.Popen[bytes]]
) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        shop = client.post("/_control/shops", json={}).json()
        numbers = [
            o["number"] for o in client.post("/_control/orders", json={"n": 5, "kinds": ["card"]}).json()["orders"]
        ]
    process[0].send_signal(signal.SIGTERM)
    assert process[0].wait(10) == 0
    process[0] = start(tmp_path, port)

    token = base64.b64encode(f"{shop['service_secret']}:{shop['license_key']}".encode()).decode()
    headers = {"Authorization": f"ESA {token}", "Content-Type": JSON}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        wish = {"orderNumberList": numbers, "version": 10}
        models = client.post("/es/2.0/order/getOrder/", json=wish).json()["OrderModelList"]
        client.post("/_control/orders", json={"n": 1})

    assert [model["orderNumber"] for model in models] == numbers
    process[0].send_signal(signal.SIGKILL)
    process[0].wait(10)
    lines = read(tmp_path / "ledger.jsonl")
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert sum(line["kind"] == "order_placed" for line in lines) == 6
