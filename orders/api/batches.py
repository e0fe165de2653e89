"""Batches: bulk acts in the background, how far they are, what they skipped, and taking them back."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import Call
from hub.api.inputs import Input
from hub.api.paging import page
from hub.api.problems import ApiError, not_found
from hub.api.rendering import at, oid
from hub.api.views import ApiView
from hub.ids import encode
from hub.models import Member
from hub.problems import Refusal, say
from hub.rights import LABELS, least, may
from orders.api import schemas
from orders.batches import start_undo
from orders.models import Batch, BatchIssue
from orders.operations.undo import RIGHTS


class NotFinished(Refusal):
    """The batch is still being worked off, or is itself an undo, or was undone."""

    code = "batch_not_undoable"


def need_right(call: Call, right: str) -> None:
    """Refuse a token whose maker's role lacks a right that no scope names. Raises ApiError."""
    maker = Member.objects.filter(apitoken=call.caller.token_id).values_list("role", flat=True).first()
    if maker is not None and not may(maker, right):
        raise ApiError("role_needed", 403, role=str(LABELS[least(right)]))


def show_batch(batch: Batch) -> dict[str, Any]:
    """Return the outside form of a batch."""
    return {
        "id": oid(batch.pk), "action": batch.action, "state": batch.state, "total": len(batch.order_ids), "done": batch.cursor,
        "changed": batch.changed, "unchanged": batch.unchanged, "skipped": batch.skipped, "failed": batch.failed,
        "undo_of": oid(batch.undo_of_id), "undone_by": oid(batch.undone_by_id), "created_at": at(batch.created_at),
        "finished_at": at(batch.finished_at),
    }  # fmt: skip


class Batches(ApiView):
    """The tenant's batches, the newest first."""

    read_scope = "orders:read"

    @extend_schema(parameters=[OpenApiParameter("limit", int), OpenApiParameter("cursor")], responses=schemas.BatchPage)
    def get(self, request: Request) -> Response:
        rows, after = page(Batch.objects.all(), request, newest=True)
        return Response({"items": [show_batch(row) for row in rows], "next": after})


class OneBatch(ApiView):
    """How far a batch is, with the first 200 orders it skipped and why."""

    read_scope = "orders:read"

    @extend_schema(responses=schemas.BatchDetail)
    def get(self, request: Request, pk: int) -> Response:
        batch = self.get_row(Batch.objects.all(), pk)
        issues = BatchIssue.objects.filter(batch=batch).order_by("pk")[:200]
        shown = [
            {
                "order": encode(issue.order_id),
                "code": issue.reason,
                "title": say(issue.reason, issue.params),
                "params": issue.params,
            }
            for issue in issues
        ]
        return Response({**show_batch(batch), "issues": shown})


class UndoBatch(ApiView):
    """Set back what a batch wrote, where nobody has changed it since; answered with the batch that does it."""

    write_scope = "orders:write"

    @extend_schema(request=Input, responses={202: schemas.BatchOutput})
    def post(self, request: Request, pk: int) -> Response:
        batch = Batch.objects.select_for_update().filter(pk=pk).first()
        if batch is None:
            raise not_found()
        if batch.state != "done" or batch.undo_of_id is not None or batch.undone_by_id is not None:
            raise NotFinished(state=batch.state)
        need_right(self.hub, RIGHTS.get(batch.action, "orders.edit"))
        undoing = start_undo(batch, by=self.hub.by)
        undoing.refresh_from_db()
        return Response(show_batch(undoing), status=202, headers={"Location": f"/api/v1/batches/{encode(undoing.pk)}"})


urls: list[URLPattern] = [
    path("batches", Batches.as_view()),
    path("batches/<oid:pk>", OneBatch.as_view()),
    path("batches/<oid:pk>/undo", UndoBatch.as_view()),
]
