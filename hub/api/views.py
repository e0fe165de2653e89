"""The base of every view of the API: one call is one tenant transaction, rolled back on any exception."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from hub.access import note_read
from hub.api.auth import Call, Caller
from hub.api.idempotency import Once
from hub.api.paging import page, page_by_position
from hub.api.parsing import MOST_BYTES, check_texts
from hub.api.problems import ApiError, not_found
from hub.api.rendering import FastJSONRenderer, oid
from hub.api.schema import Schema
from hub.clock import business_now
from hub.ids import NotAnId, decode
from hub.tenancy import tenant_transaction

READING = ("GET", "HEAD", "OPTIONS")
NOW = "version 1"


class ApiView(APIView):
    """A view with scopes. `read_scope` is needed to read, `write_scope` to write; `scopes` says otherwise for an action.

    `outside`: actions (or methods) that open their transactions themselves, because they call the outside world or work in
    steps. `due`: since when the path answers.
    `hidden`: members of an answer that are shown once and not stored with an idempotency key.
    """

    read_scope: ClassVar[str] = ""
    write_scope: ClassVar[str] = ""
    scopes: ClassVar[Mapping[str, str]] = {}
    outside: ClassVar[tuple[str, ...]] = ()
    due: ClassVar[str] = NOW
    hidden: ClassVar[tuple[str, ...]] = ()
    needs_key: ClassVar[tuple[str, ...]] = ("POST",)
    renderer_classes = [FastJSONRenderer]
    metadata_class = None
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    schema = Schema()
    request: Request

    def scope_of(self, method: str | None) -> str:
        """Return the scope that a method needs."""
        scope = self.scopes.get(getattr(self, "action", "") or "") or (
            self.read_scope if method in READING else self.write_scope
        )
        assert scope, f"{type(self).__name__} names no scope for {method}"
        return scope

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Answer a call: who, how often, which right, then the work in its transaction; a refusal rolls everything back."""
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        self.request = asked = self.initialize_request(request, *args, **kwargs)
        try:
            response = self._answer(asked)
        except Exception as error:  # noqa: BLE001  (each becomes a problem+json; what nobody expects is logged there)
            response = self.handle_exception(error)
        self.response: Response = self.finalize_response(asked, response, *args, **kwargs)
        return self.response

    def _answer(self, request: Request) -> Response:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        if not length.isascii() or not length.isdigit() or int(length[:12]) > MOST_BYTES:
            raise ApiError("too_large", 400, limit="5 MB")
        request.accepted_renderer, request.accepted_media_type = self.renderer_classes[0](), "application/json"
        self.perform_authentication(request)
        name = (request.method or "").lower()
        handler: Callable[..., Response] | None = getattr(self, name, None) if name in self.http_method_names else None
        if request.auth is not None and handler is None:
            raise ApiError(
                "method_not_allowed", 405, headers={"Allow": ", ".join(self.allowed_methods)}, method=request.method
            )
        self.check_permissions(request)
        check_texts(request.query_params)
        caller: Any = request.auth
        assert handler is not None
        assert isinstance(caller, Caller)
        self.hub = Call(caller=caller, now=business_now())
        if {getattr(self, "action", ""), request.method} & set(self.outside):
            return handler(request, *self.args, **self.kwargs)
        return self._inside(request, handler)

    def _inside(self, request: Request, handler: Callable[..., Response]) -> Response:
        writing = request.method not in READING
        once = Once(request, self.hub, needed=request.method in self.needs_key) if writing else None
        with tenant_transaction(self.hub.caller.tenant_id):
            if once is not None and (earlier := once.earlier_answer()) is not None:
                return earlier
            response = handler(request, *self.args, **self.kwargs)
            if once is not None:
                once.keep(response, hidden=self.hidden)
            return response

    def handle_exception(self, exc: Exception) -> Response:
        """Turn an exception into problem+json."""
        response: Response = self.get_exception_handler()(exc, self.get_exception_handler_context())
        response.exception = True
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        response.accepted_renderer = self.renderer_classes[0]()
        response.accepted_media_type = "application/json"
        response.renderer_context = {}
        response["Cache-Control"] = "no-store"
        response["Vary"] = "Authorization, Accept-Language"
        return response

    # Helpers of views.

    def read(self, serializer: type[Serializer[Any]], **more: Any) -> dict[str, Any]:
        """Return the body, cleaned. Raises ValidationError."""
        cleaned = serializer(data=self.request.data, context={"view": self}, **more)
        cleaned.is_valid(raise_exception=True)
        found: dict[str, Any] = dict(cleaned.validated_data)
        return found

    def note_read(self, what: str, count: int) -> None:
        """Leave a row for a bulk read, if the caller was shown whom it was about (promise G31)."""
        if self.hub.personal:
            asked = self.request.query_params.dict()
            note_read(what, by=self.hub.by, asked=asked, count=count, now=self.hub.now)

    def get_row(self, rows: QuerySet[Any], pk: int) -> Any:
        """Return the tenant's row with this id. Raises the one 404 there is."""
        row = rows.filter(pk=pk).first()
        if row is None:
            raise not_found()
        return row


def etag_of(data: Any) -> str:
    """Return the ETag of a body."""
    return f'"{hashlib.sha256(FastJSONRenderer().render(data)).hexdigest()[:20]}"'


class Rows(ViewSetMixin, ApiView):
    """A kind of settings rows: list, create, read, change, retire, bring back, put in order. Subclasses name the operations.

    `show` makes the outside form of a row; `input` cleans a body. A row's ETag is over its outside form: If-Match, where it is
    sent, is compared before a change.
    """

    read_scope = "settings:read"
    write_scope = "settings:write"
    model: ClassVar[type[Model]]
    input: ClassVar[type[Serializer[Any]]]
    change_input: ClassVar[type[Serializer[Any]] | None] = None
    output: ClassVar[type[Serializer[Any]]]
    by_position: ClassVar[bool] = True
    newest: ClassVar[bool] = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.beside: dict[int, Any] = {}
        """What an act says of a row besides the row itself, by id: a secret shown once, what a rule would touch."""

    def rows(self) -> QuerySet[Any]:
        """Return the rows there are, retired ones too."""
        found: QuerySet[Any] = self.model.objects.all()  # type: ignore[attr-defined]
        return found

    def listed(self) -> QuerySet[Any]:
        """Return the rows that a list shows: those in use, or all with ?retired=true."""
        rows = self.rows()
        if any(field.name == "retired_at" for field in self.model._meta.concrete_fields) and not flag(
            self.request, "retired"
        ):
            rows = rows.filter(retired_at__isnull=True)
        return rows

    def show(self, row: Any) -> dict[str, Any]:
        raise NotImplementedError

    def shown(self, row: Any, status: int = 200) -> Response:
        """Answer with a row as it stands."""
        data = self.show(row)
        headers = {"ETag": etag_of(data)}
        if status == 201:
            headers["Location"] = f"{self.request.path.rstrip('/')}/{oid(row.pk)}"
        return Response(data, status=status, headers=headers)

    def list(self, request: Request) -> Response:
        rows, after = (page_by_position if self.by_position else page)(
            self.listed(), request, **({"newest": True} if self.newest else {})
        )
        return Response({"items": [self.show(row) for row in rows], "next": after})

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.shown(self.get_row(self.rows(), pk))

    def create(self, request: Request) -> Response:
        return self.shown(self.do_create(self.read(self.input)), status=201)

    def change(self, request: Request, pk: int) -> Response:
        row = self.get_row(self.rows(), pk)
        self.check_match(row)
        self.do_change(row, self.read(self.change_input or self.input, partial=True))
        return self.shown(self.get_row(self.rows(), pk))

    def retire(self, request: Request, pk: int) -> Response:
        row = self.get_row(self.rows(), pk)
        self.check_match(row)
        self.do_retire(row)
        return Response(None, status=204)

    def restore(self, request: Request, pk: int) -> Response:
        row = self.get_row(self.rows(), pk)
        self.do_restore(row)
        return self.shown(self.get_row(self.rows(), pk))

    def check_match(self, row: Any) -> None:
        """Refuse a change of a row that is not as the caller saw it."""
        seen = self.request.headers.get("If-Match", "").strip()
        if seen and seen != "*" and seen != etag_of(self.show(row)):
            raise ApiError("stale", 412, more={"theirs": self.show(row)})

    def do_create(self, values: dict[str, Any]) -> Any:
        raise NotImplementedError

    def do_change(self, row: Any, values: dict[str, Any]) -> None:
        raise NotImplementedError

    def do_retire(self, row: Any) -> None:
        raise NotImplementedError

    def do_restore(self, row: Any) -> None:
        raise NotImplementedError


def asked_id(request: Request, name: str) -> int | None:
    """Return the row that a query parameter names, or None where it is not given. Raises ApiError where it is no id."""
    text = request.query_params.get(name, "")
    return id_of(text, field=name) if text else None


def id_of(text: str, *, field: str) -> int:
    """Return the row that an id from outside stands for; `field` is named where it is none."""
    try:
        return decode(text)
    except NotAnId:
        raise ApiError("not_an_id", 422, field=field) from None


def flag(request: Request, name: str) -> bool:
    """Return a yes or no of the query. Raises ApiError 422."""
    text = request.query_params.get(name, "")
    if text not in ("", "true", "false"):
        raise ApiError("invalid_value", 422, field=name, detail="true / false")
    return text == "true"
