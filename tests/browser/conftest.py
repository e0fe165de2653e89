"""A real Chromium over the real pages: the WSGI application served by a thread of the test, its database that of the run."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

from hub.models import Clock, Tenant, User
from tests.browser.crowd import make_crowd
from tests.browser.gate import GATE
from tests.browser.scenes import NOON, PASSWORD, Scenes, freeze, open_scenes, owner_of

__all__ = ["PASSWORD", "sign_in"]
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


@pytest.fixture(scope="module")
def address(django_db_setup: None) -> Iterator[str]:
    """The address of the running product."""
    application = get_wsgi_application()

    def app(environ: Any, start_response: Any) -> Any:
        GATE.pass_through(environ["PATH_INFO"])
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that speaks Japanese in its own controls too."""
    if CHROMIUM is None:
        pytest.skip("browser tests need a Chromium: apt-get install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps a loop in this thread; nothing here is asynchronous.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, env={**os.environ, "LANGUAGE": "ja"})
        yield browser
        browser.close()


@pytest.fixture
def page(address: str, chromium: Browser) -> Iterator[Page]:
    """A page of a fresh person at 1440 pixels, in Japanese."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP", base_url=address)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def opened(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    """The tenants to look at, made once; nobody works for them while no test looks."""
    with open_scenes(tmp_path_factory.mktemp("world")) as scenes:
        pass
    return scenes


@pytest.fixture
def scenes(opened: Scenes) -> Iterator[Scenes]:
    """The tenants to look at, at the moment where their clock stopped."""
    everyone = [tenant.pk for tenant in (opened.full, opened.one, opened.empty, opened.troubled)]
    Tenant.objects.filter(pk__in=everyone).update(suspended_at=None)
    freeze(NOON)
    yield opened
    Tenant.objects.filter(pk__in=everyone).update(suspended_at=NOON)
    Clock.objects.all().delete()


@pytest.fixture(scope="session")
def crowded_once(django_db_setup: None) -> Tenant:
    """The tenant with fifty rows in every list, made once and only where a test looks at it."""
    return make_crowd()


@pytest.fixture
def crowded(crowded_once: Tenant) -> Iterator[Tenant]:
    """The crowded tenant, at the moment where its clock stopped."""
    Tenant.objects.filter(pk=crowded_once.pk).update(suspended_at=None)
    freeze(NOON)
    yield crowded_once
    Tenant.objects.filter(pk=crowded_once.pk).update(suspended_at=NOON)
    Clock.objects.all().delete()


@pytest.fixture(scope="module")
def visit(address: str, chromium: Browser) -> Iterator[Callable[[Tenant], Page]]:
    """Sign an owner of the tenant in; ask again for the same tenant and the same page comes."""
    pages: dict[int, Page] = {}

    def enter(tenant: Tenant) -> Page:
        if tenant.pk not in pages:
            context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="ja-JP", base_url=address)
            pages[tenant.pk] = sign_in(context.new_page(), owner_of(tenant))
        return pages[tenant.pk]

    yield enter
    for page in pages.values():
        page.context.close()


def sign_in(page: Page, user: User) -> Page:
    """Sign the person in through the form."""
    page.goto("/sign-in/")
    page.get_by_label("メールアドレス").fill(user.email)
    page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="サインイン").click()
    page.wait_for_url("**/")
    return page
