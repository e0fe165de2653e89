"""The description follows the code: the table of paths, the OpenAPI document, and answers that look as they are described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.test import Client

from hub.api.described import openapi, routes, with_table
from hub.models import Tenant
from orders.api.acting import PARAMS
from orders.batches import ACTIONS
from tests.api.conftest import caller_of, furnish

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROMISED = {
    "shops": "GET POST", "shops/{id}": "GET PATCH", "shops/{id}/test": "POST", "orders": "GET POST", "orders/{id}": "GET PATCH",
    "orders/{id}/explain": "GET", "orders/{id}/history": "GET", "orders/actions/{action}": "POST", "parcels": "GET", "parcels/{id}": "GET",
    "parcels/actions/split": "POST", "parcels/actions/bundle": "POST", "parcels/actions/unbundle": "POST",
    "parcels/actions/want-shipment": "POST", "parcels/actions/withdraw": "POST", "parcels/actions/record-shipment": "POST",
    "statuses": "GET POST", "status-groups": "GET POST", "tags": "GET POST", "tasks": "GET POST", "saved-searches": "GET POST",
    "rules": "GET POST", "rule-groups": "GET POST", "rules/try-out": "POST", "rules/lint": "POST", "flow": "GET", "warehouses": "GET POST",
    "warehouse-requests": "GET", "products": "GET POST", "listings": "GET", "stock": "GET", "mail-templates": "GET POST", "messages": "GET",
    "document-templates": "GET", "files": "GET", "batches": "GET", "effects": "GET", "webhooks": "GET POST", "members": "GET",
    "tokens": "GET POST", "audit": "GET",
}  # fmt: skip
"""The paths of contract.md."""


def test_every_promised_path_is_there() -> None:
    there = {(route.path, route.method) for route in routes()}

    assert {(path, method) for path, methods in PROMISED.items() for method in methods.split()} <= there


def test_table_of_paths_is_that_of_the_resolver() -> None:
    page = (DOCS / "api.md").read_text()

    assert page == with_table(page), "run `manage.py api_docs`"


def test_openapi_document_is_up_to_date() -> None:
    assert (DOCS / "openapi.json").read_text() == openapi(), "run `manage.py api_docs`"


def test_openapi_and_pages_are_public(tenant: Tenant) -> None:
    schema = Client().get("/api/v1/openapi.json")
    docs = Client().get("/api/v1/docs")

    assert schema.status_code == docs.status_code == 200
    assert json.loads(schema.content)["openapi"].startswith("3.1")
    page = docs.content.decode()
    assert "<script>" not in page
    assert "<style" not in page
    assert "swaggerSettings" in Client().get("/api/v1/docs?script=").content.decode()


def test_every_act_over_a_set_has_its_parameters() -> None:
    assert tuple(PARAMS) == ACTIONS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi())
    return found


def exact(schema: Any) -> Any:
    """The schema with objects closed: a member that is not described is a fault."""
    if isinstance(schema, dict):
        closed = {key: exact(value) for key, value in schema.items()}
        if closed.get("type") == "object" and "properties" in closed:
            closed["additionalProperties"] = False
        return closed
    return [exact(one) for one in schema] if isinstance(schema, list) else schema


def test_answers_look_as_described(tenant: Tenant, document: dict[str, Any]) -> None:
    own = furnish(tenant)
    call = caller_of(tenant)
    components = exact(document["components"])

    for route in routes():
        if route.method != "GET" or route.due != "version 1":
            continue
        path = route.path.replace("{id}", own.get(route.path.split("/")[0], ""))
        answer = call.get(path)
        assert answer.status_code == 200, (path, answer.content)
        told = document["paths"][f"/api/v1/{route.path}"]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        jsonschema.validate(
            answer.json(), {**exact(told), "components": components}, cls=jsonschema.Draft202012Validator
        )
