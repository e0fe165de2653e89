"""The warehouse misbehaving: answers lost after the request was taken, results told wrongly; and the process itself."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.clock import Clock
from simulators.ledger import read
from simulators.rsl import RslWarehouse
from simulators.server import mock_handler
from tests.simulators.test_rsl import Bench, request

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def taken(bench: Bench) -> int:
    return sum(line["outcome"] == "accepted" for line in bench.ledger("request"))


@pytest.mark.parametrize(("kind", "expected"), [("timeout_after", 1), ("timeout_before", 0)])
def test_silence(bench: Bench, kind: str, expected: int) -> None:
    bench.faults({"kind": kind, "function": "request", "count": 1})

    with pytest.raises(httpx.ReadTimeout):
        bench.ask(request())

    assert taken(bench) == expected
    assert (bench.state() is not None) == bool(expected)
    assert [line["status"] for line in bench.ledger("http") if line["function"] == "request"] == [0]


@pytest.mark.parametrize(
    ("fault", "status", "expected"),
    [
        ({"kind": "status_503"}, 503, 0),
        ({"kind": "status_500", "applied": 1.0}, 500, 1),
        ({"kind": "status_429", "retry_after": 7}, 429, 0),
        ({"kind": "html_page"}, 200, 1),
        ({"kind": "empty_200"}, 200, 1),
        ({"kind": "broken_json"}, 200, 1),
    ],
)
def test_bad_answers(bench: Bench, fault: dict[str, Any], status: int, expected: int) -> None:
    bench.faults({"function": "request", "count": 1} | fault)

    answer = bench.http.post("/v1/shipments", json={"requests": [request()]})

    assert (answer.status_code, taken(bench)) == (status, expected)
    assert answer.headers.get("Retry-After") == ("7" if "retry_after" in fault else None)


def test_late_request_is_applied_on_true_time_after_a_look_found_nothing() -> None:
    real = [datetime(2026, 11, 25, 1, 0, tzinfo=UTC)]
    bench = Bench()
    clock = Clock(real_start=real[0], business_start=real[0], speed=0, real=lambda: real[0])
    bench.warehouse.clock = bench.warehouse.ledger.clock = clock
    bench.faults({"kind": "late_apply", "function": "request", "seconds": 4, "count": 1})

    with pytest.raises(httpx.ReadTimeout):
        bench.ask(request())
    looked = bench.state()
    pending = bench.http.get("/_control/next-due").json()["pending_late"]
    real[0] += timedelta(seconds=4)

    assert (looked, pending) == (None, 1)
    assert bench.state()["state"] == "accepted"
    assert taken(bench) == 1


def test_fault_on_a_reading_call_changes_nothing(bench: Bench) -> None:
    bench.ask(request())
    bench.faults({"kind": "status_500", "function": "find", "count": 1})

    failed = bench.http.post("/v1/shipments/find", json={"references": ["P1-1"]})

    assert failed.status_code == 500
    assert bench.state()["state"] == "accepted"


def told(bench: Bench, *entries: dict[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    bench.faults(*entries)
    bench.ask(request())
    bench.set_time("2026-11-25T23:00:00+09:00")
    return [(row["reference"], row["outcome"], row["lines"]) for row in bench.results()["results"]]


TRUTH = ("P1-1", "shipped", [{"sku": "A-1", "quantity": 2}])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("result_repeated", [TRUTH, TRUTH]),
        ("result_backwards", [TRUTH, ("P1-1", "cannot_ship", [])]),
        ("result_unknown", [TRUTH, ("XP1-1", "shipped", [{"sku": "A-1", "quantity": 2}])]),
        ("result_too_many", [("P1-1", "shipped", [{"sku": "A-1", "quantity": 3}])]),
        ("result_broken", [TRUTH, TRUTH]),
    ],
)
def test_feed_lies_and_the_ledger_does_not(bench: Bench, kind: str, expected: list[Any]) -> None:
    assert told(bench, {"kind": kind, "function": "feed"}) == expected
    assert [line["lines"] for line in bench.ledger("shipped")] == [[{"sku": "A-1", "quantity": 2}]]


def test_late_result_comes_after_those_that_were_quicker(bench: Bench) -> None:
    bench.faults({"kind": "visible_late", "function": "feed", "number": "P1-1"})
    bench.ask(request("P1-1"), request("P2-1"))
    bench.set_time("2026-11-25T20:59:59+09:00")
    early = bench.results()
    bench.set_time("2026-11-25T21:15:00+09:00")

    late = bench.results(after=early["next"])

    assert [row["reference"] for row in early["results"]] == ["P2-1"]
    assert [row["reference"] for row in late["results"]] == ["P1-1"]
    assert bench.state("P1-1")["state"] == "shipped"


def test_parallel_calls_with_one_reference_make_one_shipment() -> None:
    warehouse = RslWarehouse(clock=Clock(speed=0))
    warehouse.add_account(shop="shop-1", token="token-1", open_catalogue=True)
    headers = {"X-RSL-Shop": "shop-1", "Authorization": "Bearer token-1"}
    answers: list[bool] = []

    def ask() -> None:
        transport = httpx.MockTransport(mock_handler(warehouse.app))
        with httpx.Client(transport=transport, base_url="http://rsl", headers=headers) as client:
            body = client.post("/v1/shipments", json={"requests": [request()]}).json()
            answers.append(body["answers"][0]["repeated"])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] + [True] * 19
    assert len(warehouse.ledger.lines("request")) == 1


def test_process_serves_writes_its_ledger_and_stops(tmp_path: Path) -> None:
    ledger = tmp_path / "rsl.jsonl"
    command = [sys.executable, "-m", "simulators.rsl", "--port", "0", "--ledger", str(ledger)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        headers = {"X-RSL-Shop": "s", "Authorization": "Bearer t"}
        with httpx.Client(base_url=url, headers=headers) as client:
            client.post("/_control/accounts", json={"shop": "s", "token": "t", "open_catalogue": True})
            client.post("/_control/clock", json={"business_start": "2026-11-25T10:00:00+09:00", "speed": 0})
            client.post("/v1/shipments", json={"requests": [request()]})
            client.post("/_control/clock", json={"advance_seconds": 10 * 3600})
            results = client.get("/v1/results").json()["results"]
        process.terminate()
        assert process.wait(10) == 0

    assert [row["reference"] for row in results] == ["P1-1"]
    assert [line["kind"] for line in read(ledger)] == ["request", "http", "working", "shipped", "told", "http"]


def test_ledger_keeps_up_between_calls(tmp_path: Path) -> None:
    ledger = tmp_path / "rsl.jsonl"
    command = [sys.executable, "-m", "simulators.rsl", "--port", "0", "--ledger", str(ledger)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        headers = {"X-RSL-Shop": "s", "Authorization": "Bearer t"}
        with httpx.Client(base_url=url, headers=headers) as client:
            client.post("/_control/accounts", json={"shop": "s", "token": "t", "open_catalogue": True})
            client.post("/_control/clock", json={"business_start": "2026-11-25T10:00:00+09:00", "speed": 36_000})
            client.post("/v1/shipments", json={"requests": [request()]})
        deadline = time.monotonic() + 10
        while not any(line["kind"] == "told" for line in read(ledger)) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        process.wait(10)

    assert [line["kind"] for line in read(ledger)][-3:] == ["working", "shipped", "told"]
