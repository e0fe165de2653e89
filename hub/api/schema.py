"""How the API describes itself: operation names from paths, the shapes of settings rows, headers, errors, the token."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer token."""

    target_class = "hub.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "hub_…",
            "description": "Made under Settings, API tokens.",
        }


class FaultOutput(serializers.Serializer[Any]):
    field = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    title = serializers.CharField()


class ProblemOutput(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField(help_text="What happened, in the caller's language.")
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What to do.")
    field = serializers.CharField(allow_null=True, help_text="The path of the value at fault.")
    params = serializers.JSONField(required=False)
    errors = FaultOutput(many=True, required=False)  # type: ignore[assignment]


class Schema(AutoSchema):
    """Describes a view of `hub.api.views`."""

    view: Any

    def get_operation_id(self) -> str:
        """Return the method and the path as one word; each is unique."""
        path = self.path.removeprefix("/api/v1/").replace("{id}", "one")
        return re.sub(r"[^a-z0-9]+", "_", f"{self.method.lower()}_{path}".lower()).strip("_")

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Lists are objects with items and next, described as such."""
        return False

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_description(self) -> str:  # type: ignore[override]
        """Return the docstring and the scope."""
        told: str = super().get_description() or ""
        return f"{told}\n\nScope: `{self.view.scope_of(self.method)}`".strip()

    def get_request_serializer(self) -> Any:
        view, action = self.view, getattr(self.view, "action", "")
        if action == "create":
            return view.input
        if action == "change":
            return view.change_input or view.input
        return None

    def get_response_serializers(self) -> Any:
        view, action = self.view, getattr(self.view, "action", "")
        match action:
            case "list":
                name = f"{view.output.__name__.removesuffix('Output')}Page"
                return inline_serializer(
                    name, {"items": view.output(many=True), "next": serializers.CharField(allow_null=True)}
                )
            case "create":
                return {201: view.output}
            case "retire" | "reorder":
                return {204: None}
            case "retrieve" | "change" | "restore":
                return view.output
            case "rotate":
                return {201: view.output}
        return None

    def get_override_parameters(self) -> list[Any]:
        found = [*super().get_override_parameters()]
        if self.method != "GET":
            needed = self.method in self.view.needs_key
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    location=OpenApiParameter.HEADER,
                    required=needed,
                    description="A UUID for each act.",
                )
            )
        if getattr(self.view, "action", "") == "list":
            found += [OpenApiParameter("limit", int, description="1 to 200, usually 50."), OpenApiParameter("cursor")]
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(ProblemOutput, "response").ref
        bodies["default"] = {"description": "A problem.", "content": {"application/problem+json": {"schema": problem}}}
        return bodies
