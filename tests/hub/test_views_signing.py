"""Signing in: new session, limits, removed members, suspended tenants, second factor, passwords by mail, invitations."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_settings

from hub import operations
from hub.audit import Actor
from hub.clock import business_now
from hub.models import Invitation, Member, Tenant, User
from hub.tenancy import tenant_transaction
from tests.pages import PASSWORD, browser, make_member, signed_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BY = Actor(kind="member", name="店長")


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


def sign_in(client: Client, member: Member, password: str = PASSWORD, **more: str) -> Any:
    user = User.objects.get(pk=member.user_id)
    return client.post("/sign-in/", {"login": user.email, "password": password, **more})


def digits() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def test_sign_in_leads_home_under_a_new_session(tenant: Tenant) -> None:
    member, client = make_member(tenant, password=PASSWORD), Client()
    client.get("/sign-in/")
    client.session["planted"] = "1"
    planted = client.session
    planted["planted"] = "1"
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = str(planted.session_key)

    answer = sign_in(client, member)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert client.get("/").status_code == 200


def test_next_leads_only_to_pages_of_ours(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)

    assert sign_in(Client(), member, next="/orders/").headers["Location"] == "/orders/"
    assert sign_in(Client(), member, next="https://evil.example/").headers["Location"] == "/"


def test_a_wrong_password_says_the_same_as_an_unknown_address(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)

    wrong = sign_in(Client(), member, "not this one")
    unknown = Client().post("/sign-in/", {"login": "nobody@example.com", "password": "not this one"})

    said = "メールアドレスかパスワードが違います。"
    assert said in wrong.content.decode()
    assert said in unknown.content.decode()
    assert wrong.status_code == unknown.status_code == 200


def test_five_wrong_passwords_shut_the_address_and_not_the_office(tenant: Tenant) -> None:
    member, colleague = make_member(tenant, password=PASSWORD), make_member(tenant, "staff", password=PASSWORD)
    for _ in range(5):
        sign_in(Client(), member, "not this one")

    shut, open_ = sign_in(Client(), member), sign_in(Client(), colleague)

    assert "続けて違った" in shut.content.decode()
    assert open_.status_code == 302


def test_an_office_of_slips_is_not_shut_by_its_address(tenant: Tenant) -> None:
    members = [make_member(tenant, "staff", password=PASSWORD) for _ in range(8)]
    for member in members:
        for _ in range(3):
            sign_in(Client(), member, "not this one")

    assert sign_in(Client(), members[0]).status_code == 302


def test_a_stranger_does_not_shut_out_who_has_a_second_factor(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    TOTP.activate(User.objects.get(pk=member.user_id), SECRET)
    stranger = Client(REMOTE_ADDR="198.51.100.7")
    for _ in range(5):
        sign_in(stranger, member, "not this one")

    assert "続けて違った" in sign_in(stranger, member).content.decode()
    assert sign_in(Client(), member).headers["Location"] == "/sign-in/second-factor/"


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_each_address_is_counted_for_itself(tenant: Tenant) -> None:
    for number in range(40):
        forwarded = f"spoofed, 198.51.100.{number % 2}"
        Client(headers={"x-forwarded-for": forwarded}).post(
            "/sign-in/", {"login": f"n{number}@example.com", "password": "wrong"}
        )
    member = make_member(tenant, password=PASSWORD)

    assert sign_in(Client(headers={"x-forwarded-for": "203.0.113.9"}), member).status_code == 302


def test_a_removed_member_is_out_with_the_next_click(tenant: Tenant) -> None:
    owner, member = make_member(tenant), make_member(tenant, "admin")
    client = signed_in(member)
    assert client.get("/orders/").status_code == 200

    with tenant_transaction(tenant.pk):
        operations.remove_member(member, remover=owner, by=BY, now=business_now())

    assert client.get("/orders/").status_code == 403


def test_a_changed_role_holds_from_the_next_click(tenant: Tenant) -> None:
    owner, member = make_member(tenant), make_member(tenant, "admin")
    client = signed_in(member)
    assert client.get("/settings/tokens/").status_code == 200

    with tenant_transaction(tenant.pk):
        operations.change_role(member, role="viewer", changer=owner, by=BY, now=business_now())

    assert client.get("/settings/tokens/").status_code == 403


def test_a_suspended_tenant_lets_nobody_in(tenant: Tenant) -> None:
    client = browser(tenant)

    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=business_now())

    assert client.get("/orders/").status_code == 403


@pytest.mark.feature("F178")
def test_a_person_of_two_tenants_switches_and_cannot_switch_further(tenant: Tenant, other_tenant: Tenant) -> None:
    from hub.ids import encode

    member = make_member(tenant)
    with tenant_transaction(other_tenant.pk):
        Member.objects.create(user_id=member.user_id, role="viewer")
    stranger = Tenant.objects.create(name="知らない店")
    client = signed_in(member)

    client.post("/tenant/", {"tenant": encode(other_tenant.pk)})
    assert other_tenant.name in client.get("/").content.decode()
    client.post("/tenant/", {"tenant": encode(stranger.pk)})
    assert client.session["tenant"] == other_tenant.pk
    assert client.get("/settings/tokens/").status_code == 403


def test_signing_out_is_a_post_and_ends_the_session(tenant: Tenant) -> None:
    client = browser(tenant)

    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")

    assert client.get("/").status_code == 302


def test_a_stranger_comes_back_to_the_page_and_not_to_what_a_button_sent() -> None:
    page = "http://testserver/orders/?held=1"

    opened = Client().get("/orders/?held=1")
    sent = Client().post("/orders/bulk/", headers={"referer": page})
    part = Client().get("/orders/bulk/", headers={"hx-request": "true", "hx-current-url": page})
    panel = Client().get("/attention/", headers={"hx-request": "true", "hx-current-url": page})

    to = "/sign-in/?next=/orders/%3Fheld%3D1"
    assert opened.headers["Location"] == sent.headers["Location"] == panel.headers["HX-Redirect"] == to
    assert (part.status_code, panel.status_code) == (405, 204)


# The second factor.


def test_the_second_factor_is_asked_at_sign_in_and_each_number_works_once(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    TOTP.activate(User.objects.get(pk=member.user_id), SECRET)
    client = Client()

    first = sign_in(client, member)
    assert (first.status_code, first.headers["Location"]) == (302, "/sign-in/second-factor/")
    assert client.get("/").status_code == 302
    wrong = client.post("/sign-in/second-factor/", {"code": "000000"})
    assert "数字が違います" in wrong.content.decode()
    code = digits()
    assert client.post("/sign-in/second-factor/", {"code": code}).status_code == 302
    assert client.get("/").status_code == 200
    again = Client()
    sign_in(again, member)
    assert "数字が違います" in again.post("/sign-in/second-factor/", {"code": code}).content.decode()


def test_setting_up_the_second_factor_shows_recovery_codes_once(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    client = Client()
    sign_in(client, member)
    _prove_password(client)
    page = client.get("/account/second-factor/").content.decode()
    secret = client.session["mfa.totp.secret"]
    assert secret in page

    done = client.post(
        "/account/second-factor/", {"code": format_hotp_value(hotp_value(secret, int(time.time()) // 30))}
    )

    stored = Authenticator.objects.get(user_id=member.user_id, type="totp")
    assert secret not in str(stored.data), "kept encrypted"
    codes = Authenticator.objects.get(user_id=member.user_id, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    assert all(code in done.content.decode() for code in codes)
    assert codes[0] not in client.get("/account/").content.decode()
    recovered = Client()
    sign_in(recovered, member)
    assert recovered.post("/sign-in/second-factor/", {"code": codes[0]}).status_code == 302
    assert recovered.get("/").status_code == 200


def _prove_password(client: Client) -> None:
    answer = client.post("/sign-in/again/", {"password": PASSWORD})
    assert answer.status_code == 302


@override_settings(MFA="required")
def test_owners_and_admins_must_have_one_where_it_is_required(tenant: Tenant) -> None:
    assert browser(tenant, "owner").get("/orders/").headers["Location"] == "/account/second-factor/"
    assert browser(tenant, "admin").get("/orders/").headers["Location"] == "/account/second-factor/"
    assert browser(tenant, "staff").get("/orders/").status_code == 200


@override_settings(MFA="offered")
def test_where_it_is_offered_a_banner_asks_for_it_until_there_is_one(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    client = signed_in(member)
    offer = re.compile(r"二段階認証がまだです。.*?href=\"/account/second-factor/\"", re.S)
    places = ("/", "/settings/", "/account/")

    before = {place: bool(offer.search(client.get(place).content.decode())) for place in places}
    TOTP.activate(User.objects.get(pk=member.user_id), SECRET)
    after = {place: "二段階認証がまだです" in client.get(place).content.decode() for place in places}

    assert before == dict.fromkeys(places, True)
    assert after == dict.fromkeys(places, False)


def test_it_is_asked_again_before_an_export_and_a_token(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    client = signed_in(member)
    assert client.get("/orders/csv/").status_code == 200, "offered: who has none is not asked"
    TOTP.activate(User.objects.get(pk=member.user_id), SECRET)

    for url in ("/orders/csv/", "/settings/tokens/new/"):
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert "next=" in answer.headers["Location"], url
    client.post("/sign-in/second-factor/again/", {"code": digits()})

    assert client.get("/orders/csv/").status_code == 200, "looking at the form spends nothing"
    made = client.post("/settings/tokens/new/", {"name": "倉庫", "scopes": ["orders:read"], "days": "30"})
    assert made.status_code == 200
    for url in ("/orders/csv/", "/settings/tokens/new/"):
        assert "next=" in client.get(url).headers["Location"], "asked each time: what was given counted for one act"


# Passwords.


def test_a_password_is_reset_by_mail_and_other_sessions_end(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    user = User.objects.get(pk=member.user_id)
    elsewhere = signed_in(member)
    mail.outbox.clear()

    known = Client().post("/password/reset/", {"email": user.email})
    unknown = Client().post("/password/reset/", {"email": "nobody@example.com"})

    assert (
        (known.status_code, known.headers["Location"])
        == (unknown.status_code, unknown.headers["Location"])
        == (302, "/password/reset/sent/")
    )
    assert [letter.to for letter in mail.outbox] == [[user.email]]
    path = re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body)).group(1)  # type: ignore[union-attr]
    client = Client()
    form = client.get(path, follow=True)
    weak = client.post(form.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert weak.status_code == 200
    client.post(form.request["PATH_INFO"], {"password1": "a new long password", "password2": "a new long password"})
    assert sign_in(Client(), member, "a new long password").status_code == 302
    assert elsewhere.get("/").status_code == 302
    assert "期限が切れています" in Client().get(path, follow=True).content.decode()


def test_a_changed_password_ends_every_session(tenant: Tenant) -> None:
    member = make_member(tenant, password=PASSWORD)
    here, elsewhere = signed_in(member), signed_in(member)

    wrong = here.post("/account/password/", {"old": "not this", "new": "a new long password"})
    assert "パスワードが違います" in wrong.content.decode()
    here.post("/account/password/", {"old": PASSWORD, "new": "a new long password"})

    assert here.get("/").status_code == elsewhere.get("/").status_code == 302
    assert sign_in(Client(), member, "a new long password").status_code == 302


# Invitations.


def invited(tenant: Tenant, email: str, role: str = "staff") -> str:
    client = browser(tenant)
    mail.outbox.clear()
    client.post("/settings/members/invite/", {"email": email, "role": role})
    return str(re.search(r"http://testserver(/\S+)", str(mail.outbox[0].body)).group(1))  # type: ignore[union-attr]


def test_a_new_person_joins_by_the_link_and_only_once(tenant: Tenant) -> None:
    path = invited(tenant, "new.person@example.com")
    client = Client()
    assert tenant.name in client.get(path).content.decode()

    weak = client.post(path, {"name": "新人", "password": "short"})
    joined = client.post(path, {"name": "新人", "password": "a good long password"})

    assert weak.status_code == 200
    assert joined.headers["Location"] == "/"
    assert client.get("/orders/").status_code == 200
    with tenant_transaction(tenant.pk):
        assert [m.user.name for m in Member.objects.filter(role="staff").select_related("user")] == ["新人"]
    assert Client().get(path).status_code == 410


def test_a_person_with_an_account_must_be_the_one_invited(tenant: Tenant, other_tenant: Tenant) -> None:
    member = make_member(other_tenant, "staff", password=PASSWORD)
    address = User.objects.get(pk=member.user_id).email
    path = invited(tenant, address, "viewer")

    wrong = browser(other_tenant).get(path)
    assert wrong.status_code == 302
    assert wrong.headers["Location"].startswith("/sign-in/")
    client = signed_in(member)
    client.post(path)

    with tenant_transaction(tenant.pk):
        assert Member.objects.get(user__email=address).role == "viewer"


def test_an_old_or_dropped_link_says_the_same(tenant: Tenant) -> None:
    path = invited(tenant, "late@example.com")
    with tenant_transaction(tenant.pk):
        Invitation.objects.update(expires_at=business_now() - timedelta(minutes=1))

    old, wrong = Client().get(path), Client().get("/invitations/not-a-secret/")

    assert old.status_code == wrong.status_code == 410
    assert "この招待は使えません" in old.content.decode()


def test_nobody_is_invited_as_an_owner_by_leaving_the_list_alone(tenant: Tenant) -> None:
    page = browser(tenant).get("/settings/members/").content.decode()

    assert re.findall(r'<option value="(\w+)" selected', page) == ["staff"]


def test_an_admin_cannot_make_an_owner(tenant: Tenant) -> None:
    client = browser(tenant, "admin")

    answer = client.post("/settings/members/invite/", {"email": "x@example.com", "role": "owner"})

    assert answer.status_code == 422
    with tenant_transaction(tenant.pk):
        assert not Invitation.objects.exists()


def test_the_last_owner_stays(tenant: Tenant) -> None:
    from hub.ids import encode

    member = make_member(tenant)
    client = signed_in(member)

    answer = client.post(f"/settings/members/{encode(member.pk)}/remove/", follow=True)

    assert "最後のオーナーは外せません" in answer.content.decode()
    with tenant_transaction(tenant.pk):
        assert Member.objects.get(pk=member.pk).removed_at is None


def test_a_token_is_shown_once(tenant: Tenant) -> None:
    client = browser(tenant, "admin")

    made = client.post("/settings/tokens/new/", {"name": "会計", "scopes": ["orders:read"], "days": "90"})

    secret = re.search(r"hub_[A-Za-z0-9_-]{43}", made.content.decode())
    assert secret is not None
    assert secret.group() not in client.get("/settings/tokens/").content.decode()
    assert operations.find_token(secret.group()) is not None


def test_health_says_whether_the_database_answers() -> None:
    assert Client().get("/healthz").json() == {"ok": True, "database": "ok", "redis": "ok"}
    assert Client().get("/readyz").json() == {"ready": True}
