"""People who open pages: a signed-in browser for a role of a tenant, and what its answers say."""

from __future__ import annotations

import html
import re
from itertools import count
from typing import Any

from django.http import HttpResponse
from django.test import Client

from hub.models import AuditEntry, Member, Tenant, User
from hub.tenancy import tenant_transaction

_numbers = count(1)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Browser:
    """A person at their browser."""

    def __init__(self, tenant: Tenant, role: str) -> None:
        self.tenant = tenant
        self.user = User.objects.create_user(f"{role}{next(_numbers)}-{tenant.pk}@example.jp", "correct horse battery")
        with tenant_transaction(tenant.pk):
            Member.objects.create(user=self.user, role=role)
        self.client = Client(headers={"accept-language": "ja"})
        self.client.force_login(self.user, backend=BACKEND)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, data: Any = None, **more: Any) -> Any:
        return self.client.post(path, {**(data or {}), **more})

    def toast(self) -> str:
        """Return what the next page would say."""
        return "".join(toast["words"] for toast in self.client.session.get("toasts", []))


def text_of(response: Any) -> str:
    """Return the words of a page, without its tags and its script data."""
    body = re.sub(r"<script.*?</script>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def hidden(response: HttpResponse, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found is not None, name
    return html.unescape(found[1])


def verbs(tenant: Tenant) -> list[str]:
    """Return what the audit of acts without an order says, oldest first."""
    with tenant_transaction(tenant.pk):
        return list(AuditEntry.objects.filter(order_id=None).order_by("pk").values_list("verb", flat=True))
