"""The sink's HTTP side: `/_control/` for the driver and the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from simulators.mail.sink import MailSink
from simulators.server import App, Response


def control_app(sink: MailSink) -> App:
    """Return the app of a sink's control port."""

    def accounts(query: Mapping[str, str], data: Any) -> Any:
        return [sink.add_account(**row) for row in (data if isinstance(data, list) else [data])]

    def faults(query: Mapping[str, str], data: Any) -> Any:
        sink.faults.replace(data)
        return sink.faults.to_json()

    def clock(query: Mapping[str, str], data: Any) -> Any:
        sink.clock.apply_json(data)
        return sink.clock.to_json()

    def messages(query: Mapping[str, str], data: Any) -> Any:
        limit = int(query.get("limit", "1000"))
        return {"messages": sink.messages(to=query.get("to"), subject=query.get("subject"), limit=limit)}

    routes: dict[tuple[str, str], Callable[[Mapping[str, str], Any], Any]] = {
        ("POST", "accounts"): accounts,
        ("POST", "faults"): faults,
        ("POST", "clock"): clock,
        ("GET", "messages"): messages,
        ("GET", "state"): lambda query, data: sink.state(),
    }

    def app(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Response:
        route = routes.get((method, path.removeprefix("/_control/").rstrip("/")))
        if route is None:
            return Response.json({"error": f"no such control: {method} {path}"}, status=404)
        try:
            return Response.json(route(query, json.loads(body) if body else {}))
        except (ValueError, TypeError, KeyError) as error:
            return Response.json({"error": str(error)}, status=400)

    return app
