"""One act over a set of orders: `POST orders/actions/{action}`. Small sets at once with an outcome per order, large ones as a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.inputs import Day, Flag, Input, RowField, Text
from hub.api.problems import ApiError, not_found
from hub.api.views import ApiView
from hub.clock import JAPAN
from hub.ids import encode
from hub.problems import say
from orders.api import schemas
from orders.api.batches import need_right, show_batch
from orders.api.conditions import read_condition
from orders.api.inputs import ActionInput
from orders.batches import PARTS, act, start
from orders.channels import CancelReason
from orders.conditions import matching
from orders.models import Order, Status, Tag, Task, Warehouse
from orders.operations.door import MOST, Changed
from orders.operations.undo import RIGHTS

MOST_IN_ALL = 100_000


class NoParams(Input):
    pass


class StatusParams(Input):
    status = RowField(Status.objects.all)


class TagParams(Input):
    tag = RowField(Tag.objects.all)


class MemoParams(Input):
    text = Text(max_length=10_000)
    add = Flag(required=False)


class HoldParams(Input):
    reason = Text(max_length=500)


class ReleaseParams(Input):
    task = RowField(Task.objects.all)
    override = Flag(required=False)
    reason = Text(required=False, empty=True, max_length=500)


class WarehouseParams(Input):
    warehouse = RowField(lambda: Warehouse.objects.filter(retired_at__isnull=True))


class DeliveryParams(Input):
    method = Text()
    carrier = Text(required=False, empty=True, max_length=50)


class DayParams(Input):
    day = Day()


class ChangeParams(Input):
    """Several of these at once; an order that one of them refuses keeps all it had."""

    day = Day(required=False)
    method = Text(required=False)
    carrier = Text(required=False, empty=True, max_length=50)
    status = RowField(Status.objects.all, required=False)
    text = Text(required=False, max_length=10_000)
    tag = RowField(Tag.objects.all, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {asked for _name, asked in PARTS}:
            raise serializers.ValidationError(
                {"status": self.fields["status"].error_messages["required"]}, code="required"
            )
        return attrs


class CancelParams(Input):
    reason = serializers.ChoiceField(choices=[reason.value for reason in CancelReason])
    restock = Flag(required=False)


class WithdrawParams(Input):
    reason = Text(required=False, empty=True, max_length=200)
    accept_fee = Flag(required=False)


PARAMS: Mapping[str, type[Input]] = {
    "set-status": StatusParams, "add-tag": TagParams, "remove-tag": TagParams, "memo": MemoParams, "hold": HoldParams,
    "release": ReleaseParams, "read-remark": NoParams, "want-shipment": NoParams, "unwant-shipment": NoParams,
    "choose-warehouse": WarehouseParams, "set-delivery": DeliveryParams, "ship-on": DayParams, "change": ChangeParams,
    "cancel-here": NoParams, "cancel-at-mall": CancelParams,
    "delete": NoParams, "take-back": NoParams, "read-again": NoParams, "withdraw": WithdrawParams,
}  # fmt: skip


class _GoBack(Exception):
    """Ends the savepoint of a preview."""


class ActOnOrders(ApiView):
    """Up to 1,000 orders at once; more, or with `batch`, in the background. `preview` changes nothing and says what would."""

    write_scope = "orders:write"

    @extend_schema(request=ActionInput, responses={200: schemas.ActOutput, 202: schemas.BatchOutput})
    def post(self, request: Request, action: str) -> Response:
        if action not in PARAMS:
            raise not_found()
        need_right(self.hub, RIGHTS.get(action, "orders.edit"))
        asked = self.read(ActionInput)
        params = self._params(action, asked.get("params", {}))
        preview = bool(asked.get("preview"))
        ids, refused = self._orders(asked, live=action != "take-back")
        if (len(ids) > MOST or asked.get("batch")) and not preview:
            return self._as_batch(request, action, ids, params)
        changed = self._run(action, ids, params, preview=preview)
        return Response(_outcomes(changed, refused, preview=preview))

    def _params(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        cleaned = PARAMS[action](data=dict(given))
        try:
            cleaned.is_valid(raise_exception=True)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"params": error.detail}) from None
        return {name: _stored(value) for name, value in cleaned.validated_data.items()}

    def _orders(self, asked: Mapping[str, Any], *, live: bool) -> tuple[list[int], dict[int, str]]:
        """Return the ids to act on, and those that are refused before: unknown ones, and those not at the revision seen."""
        if ("orders" in asked) == ("condition" in asked):
            raise ApiError("invalid_value", 422, field="orders", detail="orders | condition")
        if "condition" in asked:
            node = read_condition(asked["condition"], personal=self.hub.personal)
            found = matching(node, self.hub.now.astimezone(JAPAN).date(), live=None if live else False).order_by("pk")
            ids = list(found.values_list("pk", flat=True)[: MOST_IN_ALL + 1])
            if len(ids) > MOST_IN_ALL:
                raise ApiError("too_many_orders", 422, field="condition", limit=MOST_IN_ALL)
            return ids, {}
        refs = {ref["id"]: ref.get("revision") for ref in asked["orders"]}
        rows = dict(Order.objects.filter(pk__among=list(refs), scratch=False).order_by("pk").select_for_update(no_key=True, of=("self",))
                    .values_list("pk", "revision")) if len(refs) <= MOST else dict(
            Order.objects.filter(pk__among=list(refs), scratch=False).values_list("pk", "revision"))  # fmt: skip
        refused = {pk: "not_found" for pk in refs if pk not in rows}
        refused.update(
            {pk: "stale" for pk, seen in refs.items() if pk in rows and seen is not None and seen != rows[pk]}
        )
        return [pk for pk in sorted(rows) if pk not in refused], refused

    def _run(self, action: str, ids: Sequence[int], params: Mapping[str, Any], *, preview: bool) -> Changed:
        total = Changed()

        def in_parts() -> None:
            for place in range(0, len(ids), MOST):
                part = act(action, ids[place : place + MOST], params, by=self.hub.by, now=self.hub.now)
                total.changed += part.changed
                total.unchanged += part.unchanged
                total.issues += part.issues

        if preview:
            _and_back(in_parts)
        else:
            in_parts()
        return total

    def _as_batch(self, request: Request, action: str, ids: Sequence[int], params: Mapping[str, Any]) -> Response:
        key = request.headers.get("Idempotency-Key", "").strip().strip('"')
        batch = start(action, ids, params, client_key=f"token:{self.hub.by.id}:{key}", by=self.hub.by)
        return Response(show_batch(batch), status=202, headers={"Location": f"/api/v1/batches/{encode(batch.pk)}"})


def _stored(value: Any) -> Any:
    """Return a parameter as a batch keeps it: rows by id, days as text."""
    return value.isoformat() if isinstance(value, date) else getattr(value, "pk", value)


def _and_back(work: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            work()
            raise _GoBack
    except _GoBack:
        pass


def _outcomes(changed: Changed, refused: Mapping[int, str], *, preview: bool) -> dict[str, Any]:
    revisions = dict(
        Order.objects.filter(pk__among=[*changed.changed, *changed.unchanged]).values_list("pk", "revision")
    )
    outcomes = [
        {"id": encode(pk), "outcome": "changed", "revision": None if preview else revisions.get(pk)}
        for pk in changed.changed
    ]
    outcomes += [{"id": encode(pk), "outcome": "unchanged", "revision": revisions.get(pk)} for pk in changed.unchanged]
    outcomes += [
        {
            "id": encode(issue.order_id),
            "outcome": "refused",
            "code": issue.reason,
            "title": say(issue.reason, issue.params),
            "params": dict(issue.params),
        }
        for issue in changed.issues
    ]
    outcomes += [
        {"id": encode(pk), "outcome": "refused", "code": code, "title": say(code), "params": {}}
        for pk, code in refused.items()
    ]
    return {
        "preview": preview, "changed": len(changed.changed), "unchanged": len(changed.unchanged),
        "refused": len(changed.issues) + len(refused), "outcomes": outcomes,
    }  # fmt: skip


class Actions(ApiView):
    """The acts there are, and the parameters each takes."""

    read_scope = "orders:read"

    @extend_schema(responses=schemas.ActionsOutput)
    def get(self, request: Request) -> Response:
        return Response(
            {"items": [{"action": name, "params": list(kind().fields)} for name, kind in PARAMS.items()], "next": None}
        )


urls: list[URLPattern] = [
    path("orders/actions", Actions.as_view()),
    path("orders/actions/<slug:action>", ActOnOrders.as_view()),
]
