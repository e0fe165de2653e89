"""A real Chromium over the real pages: the WSGI application served by a thread of the test, its database that of the run."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address(django_db_setup: None) -> Iterator[str]:
    """The address of the running product."""
    application = get_wsgi_application()

    def app(environ: Any, start_response: Any) -> Any:
        answer = application(environ, start_response)
        try:
            yield from answer
        finally:
            answer.close()
            connections.close_all()

    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page of a fresh browser at 1440 pixels, in Japanese."""
    if CHROMIUM is None:
        pytest.skip("browser tests need a Chromium: apt-get install chromium")
    monkeypatch.setenv(
        "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
    )  # Playwright keeps a loop in this thread; nothing here is asynchronous
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP", base_url=address)
        page = context.new_page()
        yield page
        context.close()
        browser.close()
