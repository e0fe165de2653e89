"""What may leave, and until when: the mark's two seconds are kept right before the first byte, over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hub import http
from hub.http import Client, Departure, InTransaction, LineFailure, boottime, expect_departure, refuse_late
from hub.models import Tenant
from hub.tenancy import tenant_transaction


class Server(ThreadingHTTPServer):
    """Counts the requests that arrived."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.arrived: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.arrived.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(503 if self.path == "/sick" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    expect_departure(None)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(base_url=server.url, headers={"Authorization": "secret"})
    yield client
    client.close()


def test_call_after_the_two_seconds_sends_nothing(server: Server, client: Client) -> None:
    expect_departure(Departure(leave_by=boottime() - 0.001))

    with pytest.raises(LineFailure) as caught:
        client.call("POST", "/confirm", content=b"{}")

    assert (caught.value.reason, caught.value.maybe_done) == ("late", False)
    assert server.arrived == []


def test_slow_connecting_is_noticed_before_the_first_byte(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = boottime()
    clock = iter([start, start + 2.5])
    monkeypatch.setattr(http, "boottime", lambda: next(clock))
    expect_departure(Departure(leave_by=start + 2.0))

    with pytest.raises(LineFailure) as caught:
        client.call("POST", "/confirm", content=b"{}")

    assert (caught.value.reason, caught.value.maybe_done) == ("late", False)
    assert server.arrived == []


def test_departure_keeps_what_was_asked_and_answered_and_no_header(server: Server, client: Client) -> None:
    departure = Departure(leave_by=boottime() + 2.0)
    expect_departure(departure)

    client.call("POST", "/sick", content=b"{}")

    assert departure.left
    assert (departure.request, departure.answer) == ({"method": "POST", "path": "/sick"}, {"status": 503, "text": "ok"})
    assert "secret" not in repr(departure)


def test_mark_is_used_up_by_its_call(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    expect_departure(Departure(leave_by=boottime() + 2.0))
    client.call("POST", "/confirm")
    an_hour_later = boottime() + 3_600.0
    monkeypatch.setattr(http, "boottime", lambda: an_hour_later)

    assert client.call("POST", "/read-back").status == 200
    refuse_late()

    assert server.arrived == ["/confirm", "/read-back"]


def test_other_ways_out_stand_at_the_same_gate() -> None:
    expect_departure(Departure(leave_by=boottime() - 0.001))

    with pytest.raises(LineFailure, match="late"):
        refuse_late()

    expect_departure(None)


def test_nothing_is_called_inside_a_transaction(tenant: Tenant, server: Server, client: Client) -> None:
    with tenant_transaction(tenant.pk), pytest.raises(InTransaction):
        client.call("POST", "/confirm")

    assert server.arrived == []


def test_connection_refused_is_surely_not_done(server: Server) -> None:
    server.shutdown()  # a thread that still polls the socket would keep it listening
    server.server_close()
    client = Client(base_url=server.url, headers={})

    with pytest.raises(LineFailure) as caught:
        client.call("POST", "/confirm")

    assert not caught.value.maybe_done
    client.close()
