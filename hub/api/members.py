"""Members and invitations, and API tokens. Secrets are answered once and never again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings as conf
from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub import operations
from hub.api.inputs import Input, Instant, Text
from hub.api.problems import ApiError
from hub.api.rendering import at, oid
from hub.api.routes import rows
from hub.api.views import Rows
from hub.models import ApiToken, Invitation, Member, Role

ROLES = [role.value for role in Role if role != Role.OWNER]
"""The roles a token may give: owners are made by owners, in person."""


class MemberInput(Input):
    role = serializers.ChoiceField(choices=ROLES)


class MemberOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=[role.value for role in Role])
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    removed_at = serializers.DateTimeField(allow_null=True)


class Members(Rows):
    """The people of the tenant. A new one is invited (`invitations`)."""

    read_scope = write_scope = "members:write"
    model, input, output, by_position = Member, MemberInput, MemberOutput, False

    def rows(self) -> QuerySet[Member]:
        return Member.objects.select_related("user")

    def listed(self) -> QuerySet[Member]:
        return self.rows().filter(removed_at__isnull=True)

    def show(self, row: Member) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "email": row.user.email, "name": row.user.name, "role": row.role, "created_at": at(row.created_at),
            "last_seen_at": at(row.last_seen_at), "removed_at": at(row.removed_at),
        }  # fmt: skip

    def do_change(self, row: Member, values: dict[str, Any]) -> None:
        operations.change_role(row, role=values.get("role", row.role), changer=None, by=self.hub.by, now=self.hub.now)

    def do_retire(self, row: Member) -> None:
        operations.remove_member(row, remover=None, by=self.hub.by, now=self.hub.now)


class InvitationInput(Input):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=ROLES)


class InvitationOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    link = serializers.CharField(allow_null=True, help_text="Shown once, when the invitation is made.")


class Invitations(Rows):
    """People asked to join, until they do."""

    read_scope = write_scope = "members:write"
    model, input, output, by_position = Invitation, InvitationInput, InvitationOutput, False
    hidden = ("link",)

    def rows(self) -> QuerySet[Invitation]:
        return Invitation.objects.filter(accepted_at__isnull=True)

    def show(self, row: Invitation) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "email": row.email, "role": row.role, "created_at": at(row.created_at), "expires_at": at(row.expires_at),
            "link": self.beside.get(row.pk),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> Invitation:
        invited = operations.invite(
            email=values["email"], role=values["role"], inviter=None, by=self.hub.by, now=self.hub.now
        )
        self.beside[invited.invitation.pk] = conf.PUBLIC_URL + reverse("hub:invitation", args=[invited.secret])
        return invited.invitation

    def do_retire(self, row: Invitation) -> None:
        operations.take_back_invitation(row, by=self.hub.by, now=self.hub.now)


class TokenInput(Input):
    name = Text()
    scopes = serializers.ListField(child=Text(), min_length=1, max_length=20)
    expires_at = Instant(required=False, allow_null=True)


class TokenOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    last_four = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    secret = serializers.CharField(allow_null=True, help_text="Shown once, when the token is made.")


class Tokens(Rows):
    """API tokens. A token gives no scope that it does not have itself."""

    read_scope = write_scope = "members:write"
    model, input, output, by_position = ApiToken, TokenInput, TokenOutput, False
    hidden = ("secret",)

    def listed(self) -> QuerySet[ApiToken]:
        return self.rows().filter(revoked_at__isnull=True)

    def show(self, row: ApiToken) -> dict[str, Any]:
        return {
            "id": oid(row.pk), "name": row.name, "scopes": row.scopes, "last_four": row.last_four, "created_at": at(row.created_at),
            "expires_at": at(row.expires_at), "revoked_at": at(row.revoked_at), "last_used_at": at(row.last_used_at),
            "secret": self.beside.get(row.pk),
        }  # fmt: skip

    def do_create(self, values: dict[str, Any]) -> ApiToken:
        self._need(values["scopes"], field="scopes")
        made = operations.create_token(**values, by=self.hub.by, now=self.hub.now, member=self._maker())
        self.beside[made.token.pk] = made.secret
        return made.token

    def _maker(self) -> Member | None:
        """Return who made the calling token: what it makes ends with them too."""
        maker: Member | None = self.rows().select_related("created_by").get(pk=self.hub.caller.token_id).created_by
        return maker

    def _need(self, scopes: Sequence[str], *, field: str = "") -> None:
        """Refuse scopes that the caller lacks. Raises ApiError 403."""
        lacking = next((one for one in scopes if one in operations.SCOPES and not self.hub.caller.may(one)), None)
        if lacking:
            raise ApiError("scope_needed", 403, field=field, scope=lacking)

    def do_retire(self, row: ApiToken) -> None:
        operations.revoke_token(row, by=self.hub.by, now=self.hub.now)

    def rotate(self, request: Request, pk: int) -> Response:
        """Make a new token with the same name, scopes and length of life; the old one ends in an hour at the latest."""
        row = self.get_row(self.rows().filter(revoked_at__isnull=True), pk)
        self._need(row.scopes)
        life = max(row.expires_at - row.created_at, timedelta(days=1))
        made = operations.rotate_token(row, life=life, by=self.hub.by, now=self.hub.now, member=self._maker())
        self.beside[made.token.pk] = made.secret
        return self.shown(made.token, status=201)


urls: list[URLPattern] = [
    *rows("members", Members, create=False),
    *rows("invitations", Invitations, change=False),
    *rows("tokens", Tokens, change=False),
    path("tokens/<oid:pk>/rotate", Tokens.as_view({"post": "rotate"})),
]
