"""The API described from its own code: the table of paths for `docs/api.md`, and the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

PREFIX = "api/v1/"
HEAD, FOOT = "<!-- table of paths: written by `manage.py api_docs` -->", "<!-- end of the table -->"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path: the scope it needs, and since (or for) when it answers."""

    path: str
    method: str
    scope: str
    due: str


def routes() -> list[Route]:
    """Return every method of every path of the API, in the order of the paths."""
    found = []
    for path, view in _views(get_resolver().url_patterns, ""):
        for method, action in _methods(view):
            instance = view.cls(**view.initkwargs)
            instance.action = action
            found.append(Route(path=path, method=method, scope=instance.scope_of(method), due=instance.due))
    return sorted(found, key=lambda route: (route.path, route.method))


def _views(patterns: Any, before: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        text = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if PREFIX.startswith(text) or text.startswith(PREFIX):
                yield from _views(pattern.url_patterns, text)
        elif (
            isinstance(pattern, URLPattern)
            and hasattr(getattr(pattern.callback, "cls", None), "scope_of")
            and "^" not in text
        ):
            yield (
                text.removeprefix(PREFIX)
                .replace("<oid:pk>", "{id}")
                .replace("<slug:action>", "{action}")
                .replace("<slug:act>", "{act}"),
                pattern.callback,
            )


def _methods(view: Any) -> Iterator[tuple[str, str]]:
    actions = getattr(view, "actions", None)
    if actions:
        yield from ((method.upper(), action) for method, action in actions.items() if method != "head")
        return
    for method in ("get", "post", "put", "patch", "delete"):
        if hasattr(view.cls, method):
            yield method.upper(), ""


def table() -> str:
    """Return the table path × method × scope × due, as Markdown."""
    lines = ["| path | method | scope | due |", "| --- | --- | --- | --- |"]
    lines += [f"| `{route.path}` | {route.method} | `{route.scope}` | {route.due} |" for route in routes()]
    return "\n".join(lines)


def openapi() -> str:
    """Return the OpenAPI document as JSON, valid and sorted."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    validate_schema(schema)  # type: ignore[no-untyped-call]
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def with_table(page: str) -> str:
    """Return the page with its table written anew."""
    before, _, rest = page.partition(HEAD)
    _, _, after = rest.partition(FOOT)
    return f"{before}{HEAD}\n\n{table()}\n\n{FOOT}{after}"
