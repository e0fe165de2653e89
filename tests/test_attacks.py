"""Attacks that were tried on the product by a stranger and by people of its own, each of which must come to nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from hub import operations
from hub.answers import came_from
from hub.audit import note
from hub.clock import business_now, true_now
from hub.effects import enqueue
from hub.ids import encode
from hub.models import AccessRow, ApiToken, Effect, Invitation, Member, Tenant, User
from hub.tenancy import tenant_transaction
from hub.web import referrer
from mailer.smtp import _readable
from orders.models import Tag
from tests.api.conftest import Caller, caller_of, furnish
from tests.conftest import TESTER
from tests.orders.making import make_order, make_shop
from tests.pages import BACKEND, browser, make_member

pytestmark = pytest.mark.usefixtures("django_db_setup")


# Tokens and roles.


def test_a_token_gets_no_secret_of_a_stronger_one(tenant: Tenant) -> None:
    call = caller_of(tenant, "members:write", "orders:read")
    with tenant_transaction(tenant.pk):
        strong = operations.create_token(name="強い鍵", scopes=["settings:write"], by=TESTER, now=true_now()).token
    before = call.get("tokens").json()

    answer = call.post(f"tokens/{next(one['id'] for one in before['items'] if one['name'] == '強い鍵')}/rotate")

    assert (answer.status_code, answer.json()["params"]) == (403, {"scope": "settings:write"})
    with tenant_transaction(tenant.pk):
        assert ApiToken.objects.get(pk=strong.pk).expires_at > true_now() + timedelta(days=30)
        assert ApiToken.objects.filter(name="強い鍵").count() == 1


def test_tokens_made_by_a_members_token_end_with_the_member(tenant: Tenant) -> None:
    owner, admin = make_member(tenant), make_member(tenant, "admin")
    with tenant_transaction(tenant.pk):
        first = operations.create_token(
            name="一つ目", scopes=["members:write", "orders:read"], by=TESTER, now=true_now(), member=admin
        )
    second = Caller(first.secret).post("tokens", {"name": "二つ目", "scopes": ["orders:read"]}).json()["secret"]
    assert Caller(second).get("orders").status_code == 200

    with tenant_transaction(tenant.pk):
        operations.remove_member(admin, remover=owner, by=TESTER, now=business_now())

    assert Caller(first.secret).get("orders").status_code == 401
    assert Caller(second).get("orders").status_code == 401


def test_tokens_and_invitations_end_where_the_role_that_gave_them_ends(tenant: Tenant) -> None:
    owner, admin = make_member(tenant), make_member(tenant, "admin")
    with tenant_transaction(tenant.pk):
        wide = operations.create_token(name="広い", scopes=["settings:write"], by=TESTER, now=true_now(), member=admin)
        narrow = operations.create_token(name="狭い", scopes=["orders:read"], by=TESTER, now=true_now(), member=admin)
        operations.invite(email="second.self@example.com", role="admin", inviter=admin, by=TESTER, now=business_now())

        operations.change_role(admin, role="staff", changer=owner, by=TESTER, now=business_now())

        assert ApiToken.objects.get(pk=wide.token.pk).revoked_at is not None
        assert ApiToken.objects.get(pk=narrow.token.pk).revoked_at is None
        assert not Invitation.objects.exists(), "a role that may not invite leaves no open invitation behind"


def test_a_removed_member_leaves_no_open_invitation(tenant: Tenant) -> None:
    owner, admin = make_member(tenant), make_member(tenant, "admin")
    with tenant_transaction(tenant.pk):
        operations.invite(email="back.door@example.com", role="admin", inviter=admin, by=TESTER, now=business_now())
        operations.remove_member(admin, remover=owner, by=TESTER, now=business_now())

        assert not Invitation.objects.exists()
        assert Member.objects.filter(removed_at__isnull=True).count() == 1


def test_the_link_that_the_api_answers_leads_to_the_invitation(tenant: Tenant, client: Any) -> None:
    made = caller_of(tenant).post("invitations", {"email": "by.api@example.com", "role": "staff"}).json()

    assert tenant.name in client.get(made["link"].removeprefix("http://localhost:8000")).content.decode()


@pytest.mark.parametrize("limit", ["0000001999", "00000019999999", "201", "0", "-1", "２", "1e2", "9" * 30])
def test_no_spelling_of_the_limit_asks_for_more_than_a_page(tenant: Tenant, limit: str) -> None:
    assert caller_of(tenant).get(f"orders?limit={limit}").status_code == 422


# Ways out of the site.


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example", "/\\evil.example/", "///evil.example", "/%09/evil.example"]
)
@pytest.mark.parametrize("find", [came_from, referrer])
def test_the_way_back_never_leaves_the_site(find: Any, path: str) -> None:
    make: Any = RequestFactory()
    asked: list[HttpRequest] = [
        make.post("/x/", {"next": f"http://testserver{path}"}),
        make.post("/x/", {"next": path}),
        make.post("/x/", headers={"referer": f"http://testserver{path}"}),
        make.post("/x/", headers={"hx-current-url": f"http://testserver{path}"}),
    ]

    for request in asked:
        back = find(request)
        assert back.startswith("/")
        assert not back.startswith(("//", "/\\")), back


# Who saw whom.


def test_every_bulk_read_of_persons_leaves_a_row(tenant: Tenant) -> None:
    furnish(tenant)
    call, blind = caller_of(tenant), caller_of(tenant, "orders:read", "settings:read")
    client = browser(tenant)

    for path in ("orders", "parcels", "effects", "audit"):
        assert call.get(path).status_code == 200
        assert blind.get(path).status_code == 200
    for url in ("/search/?q=0", "/orders/", "/mail/"):
        assert client.get(url).status_code in (200, 302), url
    browser(tenant, "viewer").get("/orders/")

    with tenant_transaction(tenant.pk):
        rows = list(AccessRow.objects.order_by("pk").values_list("actor_kind", "what"))
    assert [what for kind, what in rows if kind == "token"] == [
        "api.orders",
        "api.parcels",
        "api.effects",
        "api.audit",
    ]
    assert [what for kind, what in rows if kind == "member"][-1:] == ["orders.list"], (
        "the viewer saw masks and left none"
    )


def test_what_a_mail_server_says_of_a_buyer_stays_out_of_what_many_see() -> None:
    assert (
        _readable(b"5.1.1 <taro.yamada@example.com>: User unknown in virtual table")
        == "5.1.1 <…@example.com>: User unknown in virtual table"
    )


def test_details_of_effects_are_for_those_who_may_see_persons(tenant: Tenant) -> None:
    ids = furnish(tenant)
    with tenant_transaction(tenant.pk):
        Effect.objects.filter(state="stopped").update(reason_params={"detail": "佐藤花子様 不在", "code": "x"})
    url = f"/attention/effects/{ids['effects']}/"

    assert "佐藤花子" in caller_of(tenant).get(f"effects/{ids['effects']}").content.decode()
    assert "佐藤花子" not in caller_of(tenant, "orders:read").get(f"effects/{ids['effects']}").content.decode()
    for page in (url, "/attention/errors/"):
        assert "佐藤花子" in browser(tenant, "staff").get(page).content.decode()
        assert "佐藤花子" not in browser(tenant, "viewer").get(page).content.decode()


def test_a_shop_is_added_with_its_warehouse(tenant: Tenant) -> None:
    """Looking the warehouse up before the transaction was opened answered 500."""
    ids = furnish(tenant)

    made = caller_of(tenant).post("shops", {"channel": "rakuten", "name": "二号店", "warehouse": ids["warehouses"]})

    assert (made.status_code, made.json()["warehouse"]) == (201, ids["warehouses"])


# Several tenants in one browser.


def of_two(tenant: Tenant, other: Tenant, role: str = "admin") -> tuple[Member, Client]:
    """A person who works in both tenants, and their browser, which checks the tokens of forms."""
    member = make_member(tenant, role)
    with tenant_transaction(other.pk):
        Member.objects.create(user_id=member.user_id, role=role)
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "ja"})
    client.force_login(User.objects.get(pk=member.user_id), backend=BACKEND)
    return member, client


def form_token(client: Client) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/settings/tags/new/").content.decode())
    assert found
    return found[1]


def tags(tenant: Tenant) -> set[str]:
    with tenant_transaction(tenant.pk):
        return set(Tag.objects.filter(key="").values_list("name", flat=True))


def test_a_form_of_an_older_tab_is_not_done_in_the_tenant_switched_to(tenant: Tenant, other_tenant: Tenant) -> None:
    _, client = of_two(tenant, other_tenant)
    client.get("/")
    stale = form_token(client)
    values = {"name": "古いタブから", "colour": "blue"}

    switched = client.post("/tenant/", {"tenant": encode(other_tenant.pk), "csrfmiddlewaretoken": stale})
    late = client.post("/settings/tags/new/", {**values, "csrfmiddlewaretoken": stale})

    assert (switched.status_code, late.status_code) == (302, 403)
    assert "この画面は古くなりました" in late.content.decode()
    assert "古いタブから" not in tags(tenant) | tags(other_tenant)
    assert client.post("/settings/tags/new/", {**values, "csrfmiddlewaretoken": form_token(client)}).status_code == 302
    assert "古いタブから" in tags(other_tenant) - tags(tenant)


def test_a_form_is_not_done_in_another_tenant_when_the_membership_ends(tenant: Tenant, other_tenant: Tenant) -> None:
    member, client = of_two(tenant, other_tenant)
    client.handler.enforce_csrf_checks = False
    client.post("/tenant/", {"tenant": encode(tenant.pk)})
    with tenant_transaction(tenant.pk):
        operations.remove_member(member, remover=make_owner(), by=TESTER, now=business_now())

    answer = client.post("/settings/tags/new/", {"name": "外された後", "colour": "blue"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "外された後" not in tags(tenant) | tags(other_tenant)
    assert client.get("/").status_code == 200


def make_owner() -> Member:
    user = User.objects.create_user("owner-of-both@people.example")
    owner: Member = Member.objects.create(user=user, role="owner")
    return owner


@override_settings(MFA="required")
def test_whoever_takes_persons_data_away_has_a_second_factor_where_it_is_required(tenant: Tenant) -> None:
    staff, packing, viewer = (browser(tenant, role) for role in ("staff", "packing", "viewer"))

    assert staff.get("/orders/csv/").headers["Location"] == "/account/second-factor/"
    assert packing.post("/orders/packing-slips/", {"orders": ""}).headers["Location"] == "/account/second-factor/"
    assert viewer.get("/orders/csv/").status_code == 403
    assert packing.get("/orders/").status_code == 200


def test_an_invitation_is_mailed_only_when_it_is_there(tenant: Tenant, monkeypatch: Any) -> None:
    sent: list[bool] = []

    def send(letter: EmailMessage, **_: Any) -> int:
        sent.append(connection.in_atomic_block)
        return 1

    monkeypatch.setattr(EmailMessage, "send", send)

    browser(tenant).post("/settings/members/invite/", {"email": "later@example.com", "role": "staff"})

    assert sent == [False], "nothing outside is called inside a transaction"


# What leaves.


def test_nothing_is_decided_to_leave_for_an_order_that_is_not_ours(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        shop = make_shop()
        ours, theirs = make_order(shop), make_order(shop, ours=False)
        wish: dict[str, Any] = {"lane": f"shop:{shop.pk}", "payload": {}, "now": business_now()}

        assert enqueue("mall.confirm", key="ours", order_id=ours.pk, **wish) is not None
        with pytest.raises(IntegrityError, match="not ours"), transaction.atomic():
            enqueue("mall.confirm", key="theirs", order_id=theirs.pk, **wish)
        with pytest.raises(IntegrityError, match="not ours"), transaction.atomic():
            Effect.objects.create(
                kind="mail.send", key="past the queue", lane="mail:1", decided_at=business_now(), order_id=theirs.pk
            )


def test_the_audit_names_no_row_by_its_number(tenant: Tenant) -> None:
    """Numbers of rows rise with all tenants' volume; outside they are a permutation."""
    call = caller_of(tenant)
    made = call.post("tokens", {"name": "回す", "scopes": ["orders:read"]}).json()
    call.post(f"tokens/{made['id']}/rotate")
    with tenant_transaction(tenant.pk):
        note("mail.account_tested", by=TESTER, now=business_now(), account=987_654_321, name="店", passed=True)
        note("mail.sent", by=TESTER, now=business_now(), message=987_654_321, name="店")

    for entry in call.get("audit?limit=200").json()["items"]:
        numbers = [value for value in entry["params"].values() if type(value) is int]
        assert numbers == [], entry
