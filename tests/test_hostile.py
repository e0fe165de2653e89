"""Input that nobody means well, on every page and every route: it is refused or taken as text, and never breaks anything."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hub.api.described import PREFIX, openapi
from tests.api.conftest import caller_of
from tests.api.conftest import furnish as furnish_api
from tests.conftest import make_tenant
from tests.test_urls import SHUT, UNKNOWN, WHOSE_ID, Page, Town, town  # noqa: F401  (a fixture)

pytestmark = pytest.mark.usefixtures("django_db_setup")

NASTY = (
    "\0",
    "'\"><script>alert(1)</script>",
    "9" * 40,
    "-1",
    "2026-02-30",
    "９",
    "{}",
    "%",
    "\u202e",
    "a" * 5_000,
    "1e999",
    "１２:００",
)
NAMES = (
    "q", "cursor", "since", "at", "sort", "status", "group", "shop", "tag", "task", "pay", "ship", "from", "until", "product", "saved",
    "held", "late", "source", "page", "show", "by", "all", "orders", "kind", "template", "entry", "query", "listing", "day", "month", "state",
    "search", "limit", "before", "after", "condition", "tab", "on", "row", "number",
)  # fmt: skip


@pytest.mark.parametrize("page", [page for page in SHUT if "GET" in page.view.methods], ids=lambda page: page.name)
def test_no_page_breaks_on_what_stands_in_its_address(page: Page, town: Town) -> None:  # noqa: F811
    client = town.browsers["owner"]
    url = page.url(town.own[WHOSE_ID[page.name]] if page.name in WHOSE_ID else UNKNOWN)

    for text in NASTY:
        answer = client.get(url, dict.fromkeys(NAMES, text))
        assert answer.status_code < 500, text


def test_no_route_breaks_on_what_stands_in_its_address() -> None:
    tenant = make_tenant()
    ids, call = furnish_api(tenant), caller_of(tenant)

    for path, methods in json.loads(openapi())["paths"].items():
        kind = path.removeprefix(f"/{PREFIX}").split("/")[0]
        names = [one["name"] for one in methods.get("get", {}).get("parameters", []) if one["in"] == "query"]
        for name in names:
            answer = call.get(f"{path.replace('{id}', ids.get(kind, ''))}?{urlencode({name: chr(0)})}")
            assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
                400,
                "bad_character",
                name,
            ), path


@pytest.mark.parametrize(
    "place", [[1, -1, -1], [1, 1 << 63, 1], [1, 1, 1 << 64], [1 << 70, 1, 1], [1, 1.5, 1], [True, 1, 1], [1], {}]
)
def test_no_place_in_the_feed_breaks_it(place: Any) -> None:
    call = caller_of(make_tenant())
    text = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    answer = call.get(f"orders?after={text}")

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59+09:00",
        "2200-01-01T00:00:00+09:00",
    ],
)
def test_instants_at_the_ends_of_the_calendar_are_refused_with_their_place(at: str) -> None:
    call = caller_of(make_tenant())

    answer = call.post("tokens", {"name": "長い", "scopes": ["orders:read"], "expires_at": at})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "expires_at")


def test_a_file_of_any_size_is_refused_before_it_is_kept(town: Town) -> None:  # noqa: F811
    client = town.browsers["owner"]
    small = SimpleUploadedFile("list.csv", b"1\t2\n" * 10)
    large = SimpleUploadedFile("list.csv", b"x" * (20 * 1024 * 1024 + 1))

    assert client.post("/orders/tracking/", {"upload": small}).status_code < 400
    assert client.post("/orders/tracking/", {"upload": large}).status_code == 400
