"""A small threaded HTTP/1.1 server for simulators that can also misbehave: wait, hang up, or stop inside a body."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_BODY_BYTES = 50_000_000


@dataclass(kw_only=True)
class Response:
    """What an app answers; the last three attributes are how a fault asks the server to misbehave."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0  # true seconds of silence before anything is sent
    hang_up: bool = False  # close the connection without a byte, after the delay
    send_bytes: int | None = None  # announce the whole body, send this many bytes of it, then close

    @classmethod
    def json(cls, data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """Answer a JSON document."""
        return cls(
            status=status,
            headers={"Content-Type": "application/json;charset=UTF-8", **(headers or {})},
            body=json.dumps(data, ensure_ascii=False).encode(),
        )


# An app is called with method, path, query, headers (lower-case names) and body, from many threads at once.
App = Callable[[str, str, Mapping[str, str], Mapping[str, str], bytes], Response]


class Server:
    """A running server. `close` stops it and wakes every handler that a fault put to sleep."""

    def __init__(self, app: App, host: str, port: int) -> None:
        self.closing = threading.Event()
        self._http = _HttpServer((host, port), app, self.closing)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was bound (of use after asking for port 0)."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://{self._http.server_address[0]!s}:{self.port}"

    def close(self) -> None:
        """Stop listening and end the handlers."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def serve(app: App, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Start serving in a thread and return at once."""
    return Server(app, host, port)


def serve_until_stopped(app: App, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: the body of a `python -m simulators.…`."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    server = serve(app, host, port)
    print(f"listening on {server.url}", flush=True)
    stop.wait()
    server.close()


def mock_handler(app: App) -> Callable[[Any], Any]:
    """Wrap an app for `httpx.MockTransport`: the same app in-process, its faults as the exceptions httpx would raise."""
    import httpx  # a test dependency: the running simulators do without it

    def handle(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        answer = app(request.method, request.url.path, query, headers, request.content)
        if answer.hang_up and answer.delay_seconds:
            raise httpx.ReadTimeout("no answer", request=request)
        if answer.hang_up:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        if answer.send_bytes is not None:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)

    return handle


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App, closing: threading.Event) -> None:
        self.app = app
        self.closing = closing
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away; anything else is a bug and is printed."""
        import sys  # only on this rare path

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: _HttpServer

    def _answer(self) -> None:
        body = self._read_body()
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        response = self.server.app(self.command, parts.path, query, headers, body)
        if response.delay_seconds:
            self.server.closing.wait(response.delay_seconds)
        if response.hang_up or self.server.closing.is_set():
            self._cut()
            return
        self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 the names that the base class looks for

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES))

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, response: Response) -> None:
        phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Unknown"
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(response.body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        body = response.body if self.command != "HEAD" else b""
        self.wfile.write(head + (body if response.send_bytes is None else body[: response.send_bytes]))
        if response.send_bytes is not None:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):  # the other side was quicker
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the ledger is the record."""
