"""Paths of a kind of rows, written once; and paths that are promised and not due yet."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import URLPattern, path, re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.problems import ApiError, not_found
from hub.api.views import ApiView, Rows
from hub.ids import register_in_paths

register_in_paths()


def rows(
    name: str,
    view: type[Rows],
    *,
    create: bool = True,
    change: bool = True,
    retire: bool = True,
    restore: bool = False,
    reorder: bool = False,
) -> list[URLPattern]:
    """Return the paths of a kind of rows; the flags say what can be done to them."""
    many: dict[str, Any] = {"get": "list", **({"post": "create"} if create else {})}
    one: dict[str, Any] = {
        "get": "retrieve",
        **({"patch": "change"} if change else {}),
        **({"delete": "retire"} if retire else {}),
    }
    found = [path(name, view.as_view(many)), path(f"{name}/<oid:pk>", view.as_view(one))]
    if reorder:
        found.append(path(f"{name}/order", view.as_view({"put": "reorder"})))
    if restore:
        found.append(path(f"{name}/<oid:pk>/restore", view.as_view({"post": "restore"})))
    return found


class NotReady(ApiView):
    """A path that is promised and not due yet: it says so, and changes nothing."""

    needs_key = ()
    methods: ClassVar[tuple[str, ...]] = ()

    def refuse(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise ApiError("not_ready", 501, due=self.due)


def not_ready(name: str, methods: str, *, read: str, write: str, due: str) -> URLPattern:
    """Return a path that answers 501 to these methods, after token and scope were checked."""
    handler = extend_schema(exclude=True)(NotReady.refuse)
    body: dict[str, Any] = {
        "read_scope": read, "write_scope": write, "due": due, "methods": tuple(methods.split()),
        **{method.lower(): handler for method in methods.split()},
    }  # fmt: skip
    view: Any = type("NotReady", (NotReady,), body)
    return path(name, view.as_view())


class Nowhere(ApiView):
    """Any path that is none: the same 404 as for ids that are not the caller's."""

    needs_key = ()

    def check_permissions(self, request: Request) -> None:
        """Ask for a token first, then say that there is nothing here."""
        if request.auth is None:
            raise ApiError("not_signed_in", 401, headers={"WWW-Authenticate": 'Bearer realm="hub"'})
        raise not_found()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        raise not_found()

    post = put = patch = delete = get


nowhere = re_path(r"^.*$", Nowhere.as_view())
