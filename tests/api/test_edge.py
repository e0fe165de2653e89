"""The edge: tokens, scopes, limits, malformed bodies, idempotency keys. On a refusal, nothing has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import close_old_connections, connection, connections
from django.test import Client

from hub.api.described import Route, routes
from hub.clock import true_now
from hub.ids import encode
from hub.models import ApiToken, IdempotencyKey, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order, Tag
from tests.api.conftest import ALL, Caller, caller_of, canary, checksum, furnish

ROUTES = routes()


def filled(route: Route, ids: dict[str, str]) -> str:
    """The route's path with an id of its kind."""
    kind = route.path.split("/")[0]
    return (
        route.path.replace("{id}", ids.get(kind, encode(1 << 60))).replace("{action}", "hold").replace("{act}", "drop")
    )


# Who may call.


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nothing", "Bearer hub_wrong", "Basic aHViOmh1Yg=="])
def test_no_valid_token_is_told_so(tenant: Tenant, header: str) -> None:
    answer = Client().get("/api/v1/orders", headers={"Authorization": header, "Accept-Language": "en"})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="hub"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "The token is missing or not valid."


def test_ended_and_revoked_tokens_are_out(call: Caller, tenant: Tenant) -> None:
    assert call.get("orders").status_code == 200
    with tenant_transaction(tenant.pk):
        ApiToken.objects.update(expires_at=true_now() - timedelta(seconds=1))
    assert call.get("orders").status_code == 401
    with tenant_transaction(tenant.pk):
        ApiToken.objects.update(expires_at=true_now() + timedelta(days=1), revoked_at=true_now())
    assert call.get("orders").status_code == 401


@pytest.mark.parametrize("query", ["token=x", "access_token=x", "q=hub_abc"])
def test_token_in_the_address_is_refused(call: Caller, query: str) -> None:
    answer = call.get(f"orders?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "token_in_url")


def test_last_use_is_noted(call: Caller, tenant: Tenant) -> None:
    call.get("orders")

    with tenant_transaction(tenant.pk):
        assert ApiToken.objects.get().last_used_at is not None


@pytest.mark.feature("R25")
def test_every_route_asks_for_its_scope_and_names_it(tenant: Tenant) -> None:
    callers = {scope: caller_of(tenant, *[one for one in ALL if one != scope]) for scope in ALL}
    before = checksum(tenant)

    for route in ROUTES:
        answer = callers[route.scope](route.method, filled(route, {}), {} if route.method != "GET" else None)
        assert (answer.status_code, answer.json()["code"], answer.json()["params"]) == (
            403,
            "scope_needed",
            {"scope": route.scope},
        ), route
    assert checksum(tenant) == before


# Other tenants.


def test_own_ids_answer_and_foreign_and_unknown_ones_read_the_same(tenant: Tenant, other_tenant: Tenant) -> None:
    own, foreign = furnish(tenant), furnish(other_tenant)
    call = caller_of(tenant)
    before = checksum(tenant), checksum(other_tenant)

    for route in ROUTES:
        if "{id}" not in route.path or route.due != "version 1":
            continue
        kind = route.path.split("/")[0]
        headers: dict[str, Any] = {"If_Match": '"1"'} if route.path == "orders/{id}" else {}
        body: Any = None if route.method == "GET" else {}
        if route.method == "GET":
            assert call.get(route.path.replace("{id}", own[kind])).status_code == 200, route
        unknown = call(route.method, route.path.replace("{id}", encode(1 << 60)), body, **headers)
        other = call(route.method, route.path.replace("{id}", foreign[kind]), body, **headers)
        bad = call(route.method, route.path.replace("{id}", "nonsense"), body, **headers)
        assert (unknown.status_code, other.status_code, bad.status_code) == (404, 404, 404), (route, other.content)
        assert unknown.content == other.content == bad.content
    assert (checksum(tenant), checksum(other_tenant)) == before


def test_foreign_ids_in_bodies_read_as_unknown(tenant: Tenant, other_tenant: Tenant) -> None:
    own, foreign = furnish(tenant), furnish(other_tenant)
    call = caller_of(tenant)
    before = checksum(tenant), checksum(other_tenant)
    nobody = encode(1 << 60)
    cases: list[tuple[str, str, Any]] = [
        (
            "POST",
            "orders/actions/set-status",
            lambda id_: {"orders": [own["orders"]], "params": {"status": id_["statuses"]}},
        ),
        ("POST", "orders/actions/add-tag", lambda id_: {"orders": [own["orders"]], "params": {"tag": id_["tags"]}}),
        ("POST", "orders/actions/hold", lambda id_: {"orders": [id_["orders"]], "params": {"reason": "確認"}}),
        (
            "POST",
            "parcels/actions/split",
            lambda id_: {"parcel": id_["parcels"], "take": [{"line": nobody, "quantity": 1}]},
        ),
        ("POST", "parcels/actions/want-shipment", lambda id_: {"parcels": [id_["parcels"]]}),
        ("POST", "parcels/actions/reopen", lambda id_: {"parcel": id_["parcels"]}),
        ("POST", "parcels/actions/withdraw", lambda id_: {"parcel": id_["parcels"]}),
        (
            "POST",
            "parcels/actions/record-shipment",
            lambda id_: {"parcel": id_["parcels"], "packages": [{"carrier": "yamato", "number": "1"}]},
        ),
        ("POST", "effects/actions/drop", lambda id_: {"effects": [id_["effects"]]}),
        ("POST", "statuses", lambda id_: {"group": id_["status-groups"], "name": "新"}),
        ("PUT", f"listings/{own['listings']}", lambda id_: {"product": id_["products"]}),
        ("PUT", "tags/order", lambda id_: {"ids": [id_["tags"]]}),
        ("POST", "messages", lambda id_: {"orders": [id_["orders"]], "template": own["mail-templates"]}),
    ]

    for method, path, body in cases:
        other = call(method, path, body(foreign))
        unknown = call(method, path, body(dict.fromkeys(foreign, nobody)))
        assert other.status_code == unknown.status_code, path
        told = other.content.decode()
        for kind, id_ in foreign.items():
            told = told.replace(id_, nobody) if kind in ("orders", "parcels", "effects", "tags") else told
        assert told == unknown.content.decode(), path
    assert (checksum(tenant), checksum(other_tenant)) == before


def test_foreign_rows_never_show_in_lists(tenant: Tenant, other_tenant: Tenant) -> None:
    own, foreign = furnish(tenant), furnish(other_tenant)
    call = caller_of(tenant)

    for route in ROUTES:
        if route.method != "GET" or "{id}" in route.path or route.due != "version 1":
            continue
        answer = call.get(f"{route.path}?limit=200" if route.path not in ("status-counts", "fields") else route.path)
        assert canary(other_tenant) not in answer.content.decode(), route
        if route.path in own:
            ids = {one["id"] for one in answer.json()["items"]}
            assert own[route.path] in ids, route
            assert foreign[route.path] not in ids, route


def test_paths_that_are_none_read_like_unknown_ids(call: Caller) -> None:
    answer = call.get("nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Client().get("/api/v1/nothing/here").status_code == 401


def test_what_is_not_due_says_so(call: Caller, tenant: Tenant) -> None:
    before = checksum(tenant)

    for route in ROUTES:
        if route.due != "version 1":
            answer = call(route.method, route.path, {} if route.method != "GET" else None)
            assert (answer.status_code, answer.json()["code"]) == (501, "not_ready"), route
            assert route.due in answer.json()["title"]
    assert checksum(tenant) == before


# How often.


@pytest.fixture
def database_clock(django_db_setup: None) -> Iterator[Callable[[float], None]]:
    """Lets the database's own clock stand, for this connection: a function of its name that is found first. Moved by seconds."""
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("CREATE SCHEMA standing")
        owner.execute(
            "CREATE FUNCTION standing.clock_timestamp() RETURNS timestamptz STABLE LANGUAGE sql "
            "AS $$ SELECT pg_catalog.current_setting('standing.now')::timestamptz $$"
        )
        owner.execute("GRANT USAGE ON SCHEMA standing TO hub_app")
        began = true_now()

        def stand(seconds: float) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('search_path', 'standing, pg_catalog, public', false)")
                cursor.execute(
                    "SELECT set_config('standing.now', %s, false)", [str(began + timedelta(seconds=seconds))]
                )

        yield stand
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")
        owner.execute("DROP SCHEMA standing CASCADE")


def test_eleventh_call_in_a_second_waits_and_another_token_does_not(
    tenant: Tenant, database_clock: Callable[[float], None]
) -> None:
    busy, other = (caller_of(tenant, slots=False) for _ in range(2))

    def told(call: Caller) -> tuple[int, str]:
        answer = call.get("orders")
        return answer.status_code, answer.get("Retry-After", "")

    database_clock(0.0)
    first = [told(busy) for _ in range(12)]
    meanwhile = [told(other) for _ in range(10)]
    database_clock(0.099)
    early, refused = told(busy), busy.get("orders")
    database_clock(0.101)
    one_more = [told(busy) for _ in range(2)]
    database_clock(3.0)
    later = [told(busy) for _ in range(11)]

    assert first == [(200, "")] * 10 + [(429, "1")] * 2
    assert meanwhile == [(200, "")] * 10, "a limit is of one token"
    assert early == (429, "1")
    assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "too_many_calls")
    assert refused.json()["params"] == {"limit": 10}
    assert one_more == [(200, ""), (429, "1")], "ten a second: one is free again after a tenth"
    assert later == [(200, "")] * 10 + [(429, "1")], "what was not used is not saved up"


# Bodies.


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"name": "a",}', "malformed_json"),
        (b'{"name": "a"', "malformed_json"),
        (b'{"name": "a", "name": "b"}', "duplicate_key"),
        (b'{"name": "\\u0000"}', "bad_character"),
        (b'{"name": "\\ud800"}', "bad_character"),
        (b'{"name": ' + b"[" * 25 + b"]" * 25 + b"}", "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b'{"name": NaN}', "malformed_json"),
        (b'\xff\xfe{"name": 1}', "malformed_json"),
        (b'{"name": "' + b"a" * (5 * 1024 * 1024) + b'"}', "too_large"),
    ],
)  # fmt: skip
def test_malformed_bodies_change_nothing(call: Caller, tenant: Tenant, raw: bytes, code: str) -> None:
    before = checksum(tenant)

    answers = {language: Caller(call.secret, language=language)("POST", "tags", raw=raw) for language in ("ja", "en")}

    assert {answer.status_code for answer in answers.values()} == {400}
    assert {answer.json()["code"] for answer in answers.values()} == {code}
    assert answers["ja"].json()["title"] != answers["en"].json()["title"]
    assert answers["en"].json()["title"].isascii()
    assert all(answer.json()["detail"] for answer in answers.values())
    assert checksum(tenant) == before


def test_malformed_json_is_located(call: Caller) -> None:
    body = call("POST", "tags", raw=b'{\n "name": oops}').json()

    assert (body["params"]["line"], body["params"]["column"]) == (2, 10)


def test_other_content_types_are_refused(call: Caller) -> None:
    answer = call.client.post(
        "/api/v1/tags", data="name=a", content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {call.secret}", "Idempotency-Key": "a"},
    )  # fmt: skip

    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "orders"), ("OPTIONS", "orders"), ("TRACE", "orders"), ("GET", "parcels/actions/split")],
)
def test_methods_that_are_not_there_are_named(call: Caller, method: str, path: str) -> None:
    answer = call(method, path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert ("POST" if path.endswith("split") else "GET") in answer["Allow"]


# Idempotency keys.


def test_post_needs_a_key(call: Caller, tenant: Tenant) -> None:
    answer = call.post("tags", {"name": "新"}, key=None)

    assert (answer.status_code, answer.json()["code"]) == (400, "key_needed")
    with tenant_transaction(tenant.pk):
        assert not Tag.objects.filter(name="新").exists()


def test_same_key_gives_the_same_answer_and_another_body_is_refused(call: Caller, tenant: Tenant) -> None:
    first = call.post("tags", {"name": "新"}, key="k1")
    again = call.post("tags", {"name": "新"}, key="k1")
    before = checksum(tenant)
    other = call.post("tags", {"name": "別"}, key="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (again["Idempotency-Replayed"], again["ETag"], again["Location"]) == (
        "true",
        first["ETag"],
        first["Location"],
    )
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert checksum(tenant) == before
    with tenant_transaction(tenant.pk):
        assert Tag.objects.filter(name__in=["新", "別"]).count() == 1


def test_refused_call_does_not_use_its_key_up(call: Caller) -> None:
    assert call.post("tags", {"name": ""}, key="k2").status_code == 422
    assert call.post("tags", {"name": "直した"}, key="k2").status_code == 201


def test_the_same_key_in_parallel_does_it_once(call: Caller, tenant: Tenant) -> None:
    def one(_: int) -> int:
        close_old_connections()
        try:
            return int(Caller(call.secret).post("tags", {"name": "並行"}, key="k3").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(8)))

    assert set(found) <= {201, 409, 429}
    assert found.count(201) >= 1
    with tenant_transaction(tenant.pk):
        assert Tag.objects.filter(name="並行").count() == 1
        assert IdempotencyKey.objects.filter(key="k3").count() == 1


def test_secret_is_shown_once_and_not_kept(call: Caller, tenant: Tenant) -> None:
    body = {"name": "倉庫連携", "scopes": ["orders:read"]}

    first = call.post("tokens", body, key="k4").json()
    again = call.post("tokens", body, key="k4").json()

    assert first["secret"].startswith("hub_")
    assert again == {**first, "secret": None}
    assert call.get(f"tokens/{first['id']}").json()["secret"] is None
    with tenant_transaction(tenant.pk):
        kept = json.dumps(list(IdempotencyKey.objects.values_list("answer", flat=True)))
        assert first["secret"] not in kept
    assert Caller(first["secret"]).get("orders").status_code == 200


def test_token_gives_no_scope_it_lacks(tenant: Tenant) -> None:
    call = caller_of(tenant, "members:write", "orders:read")

    answer = call.post("tokens", {"name": "広げる", "scopes": ["settings:write"]})

    assert (answer.status_code, answer.json()["params"]) == (403, {"scope": "settings:write"})


def test_rotating_a_token_lets_the_old_one_go_on_for_an_hour(call: Caller, tenant: Tenant) -> None:
    made = call.post("tokens", {"name": "交換", "scopes": ["orders:read"]}).json()

    new = call.post(f"tokens/{made['id']}/rotate").json()

    assert Caller(made["secret"]).get("orders").status_code == 200
    assert Caller(new["secret"]).get("orders").status_code == 200
    with tenant_transaction(tenant.pk):
        old = ApiToken.objects.get(last_four=made["last_four"], name="交換", created_at=made["created_at"])
        assert old.expires_at <= true_now() + timedelta(hours=1, minutes=1)


def test_a_bug_is_answered_with_an_id_and_rolled_back(
    call: Caller, tenant: Tenant, order: Order, monkeypatch: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("hub.api.idempotency.Once.keep", broken)
    before = checksum(tenant)

    answer = call.post("tags", {"name": "消える"})

    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert answer.json()["params"]["id"] in answer.json()["detail"]
    assert "boom" not in answer.content.decode()
    assert checksum(tenant) == before
