"""The list over HTTP by one worker, signed in, against PostgreSQL alone making the same orders and lines as JSON."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from statistics import median

import httpx
import msgspec
from django.test import Client

from benches import places
from benches.measuring import Figure, gate, many, ratios
from benches.shelf import Shelf
from hub.audit import SYSTEM
from hub.embedded import roles
from hub.models import Member
from hub.operations import SCOPES, create_token
from hub.tenancy import tenant_transaction

ROWS, CALLS, ROUNDS = 100, 12, 5
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_JSON = """SELECT coalesce(json_agg(x), '[]')::text FROM (
    SELECT o.id, o.number, o.placed_at, o.phase, o.status_id, o.buyer_name, o.total_yen, o.payment_method, o.revision,
        (SELECT json_agg(json_build_object('sku', l.sku, 'name', l.name, 'quantity', l.quantity, 'price', l.unit_price_yen))
         FROM orders_orderline l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND l.closed_at IS NULL) AS lines
    FROM orders_order o WHERE o.tenant_id = %s AND o.is_live ORDER BY o.placed_at DESC, o.id DESC LIMIT %s) x"""


def served(shelf: Shelf) -> list[Figure]:
    """Measure goal 12: the page that people see and the list that programs read, each by one worker with one thread."""
    with tenant_transaction(shelf.house.tenant_id):
        user = Member.objects.select_related("user").get(pk=shelf.house.member_id).user
        names = [f"bench {n}" for n in range(2 * CALLS)]  # a token may call ten times a second
        tokens = [create_token(name=name, scopes=list(SCOPES), by=SYSTEM, now=shelf.house.now) for name in names]
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    keys = cycle([token.secret for token in tokens])
    with (
        _worker(shelf.name) as address,
        httpx.Client(base_url=address, cookies=cookies, trust_env=False, timeout=30) as client,
    ):

        def page() -> None:
            answer = client.get("/orders/")
            gate(answer.status_code == 200, f"the list answered {answer.status_code}")

        def api() -> None:
            answer = client.get(
                "/api/v1/orders", params={"limit": ROWS}, headers={"Authorization": f"Bearer {next(keys)}"}
            )
            gate(answer.status_code == 200, f"the API's list answered {answer.status_code}")
            gate(len(msgspec.json.decode(answer.content)["items"]) == ROWS, "the API's list is short")

        return [
            _against(shelf, "the list's page over HTTP, signed in, one worker", page),
            _against(shelf, f"{ROWS} orders with all their parts by the API, one worker", api),
        ]


def _against(shelf: Shelf, what: str, act: Callable[[], None]) -> Figure:
    """Five rounds: PostgreSQL alone (prepared, one connection), then the product."""
    limit, product = [], []
    with places.own(shelf.name, autocommit=True, prepare_threshold=1) as owner:
        for _ in range(ROUNDS):
            limit.append(median(many(lambda: owner.execute(_JSON, [shelf.house.tenant_id, ROWS]).fetchall(), CALLS)))
            product.append(median(many(act, CALLS, warm=2)))
            time.sleep(1.0)  # the tokens' allowance comes back
    found = ratios(limit, product)
    return Figure(
        row="list",
        goal="12",
        what=what,
        limit=f"PostgreSQL's json_agg of {ROWS} orders with lines: {1000 / median(limit):,.0f}/s",
        product=f"{1000 / median(product):,.1f}/s ({median(product):.0f} ms)",
        ratio=str(found),
        bar="printed",
        met=None,
        data=found.data(),
    )


@contextmanager
def _worker(database: str) -> Iterator[str]:
    """Serve the database by one worker with one thread, as `make serve` would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    urls = {key: roles.with_database(os.environ[key], database) for key in ("DATABASE_URL", "OWNER_DATABASE_URL")}
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "hub.conf.wsgi",
        f"--bind=127.0.0.1:{port}",
        "--workers=1",
        "--threads=1",
        "--log-level=error",
    ]
    server = subprocess.Popen(
        command, env={**os.environ, **urls, "ALLOWED_HOSTS": "127.0.0.1", "SECURE_COOKIES": "false"}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                if httpx.get(f"{address}/healthz", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
