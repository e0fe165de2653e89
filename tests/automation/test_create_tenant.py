"""`manage.py create_tenant`: how the first person of an installation gets in."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from hub.models import Member, Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Status
from tests.pages import PASSWORD


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def create(monkeypatch: pytest.MonkeyPatch, owner: str, *words: str, stdin: str = "") -> Tenant:
    monkeypatch.setattr("sys.stdin", StringIO(stdin))
    out = StringIO()
    call_command("create_tenant", "うつわの店", *words, owner=owner, stdout=out)
    return Tenant.objects.get(pk=json.loads(out.getvalue())["tenant"])


def test_the_owner_signs_in_with_the_password_of_the_pipe(
    django_db_setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = create(monkeypatch, "first@example.com", "--password-stdin", stdin=f"{PASSWORD}\n")

    client = Client()
    answer = client.post("/sign-in/", {"login": "first@example.com", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert "うつわの店" in client.get("/").content.decode()
    with tenant_transaction(tenant.pk):
        assert Member.objects.get().role == "owner"
        assert Status.objects.filter(default_for="ready").exists()


def test_an_owner_without_password_sets_one_by_mail(django_db_setup: None, monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch, "second@example.com")
    client = Client()

    client.post("/password/reset/", {"email": "second@example.com"})

    [link] = re.findall(r"https?://\S+", str(mail.outbox[0].body))
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    client.post(path, {"password1": PASSWORD, "password2": PASSWORD})
    answer = client.post("/sign-in/", {"login": "second@example.com", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_a_weak_password_and_a_wrong_address_make_nothing(
    django_db_setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="12"):
        create(monkeypatch, "third@example.com", "--password-stdin", stdin="short\n")
    with pytest.raises(CommandError, match="not an e-mail"):
        create(monkeypatch, "nobody", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert not User.objects.filter(email="third@example.com").exists()


def test_a_person_who_has_one_contract_keeps_the_password_for_a_second(
    django_db_setup: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(monkeypatch, "fourth@example.com", "--password-stdin", stdin=f"{PASSWORD}\n")

    create(monkeypatch, "Fourth@example.com", "--password-stdin", stdin="another one entirely\n")

    user = User.objects.get(email="fourth@example.com")
    assert user.check_password(PASSWORD)
    answer = Client().post("/sign-in/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
