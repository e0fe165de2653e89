"""Where one is signed in: the list on the account's page, ending one or all others, and an admin's way to end a member's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from hub import devices, sessions
from hub.clock import business_now, true_now
from hub.ids import encode
from hub.models import AuditEntry, Clock, Member, Tenant, User
from hub.tenancy import tenant_transaction
from orders import keeping
from tests.browsing import text_of
from tests.pages import PASSWORD, make_member, signed_in

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
EDGE = f"{CHROME} Edg/140.0.0.0"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)
FIREFOX_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0"
CHROME_IPHONE = IPHONE.replace("Version/18.6", "CriOS/140.0.0.0")


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()
    sessions._noted.clear()


def enter(member: Member, agent: str = CHROME, *, address: str = "203.0.113.7") -> Client:
    """A browser in which the member signed in through the form and looked at a page."""
    client = Client(headers={"accept-language": "ja", "user-agent": agent}, REMOTE_ADDR=address)
    user = User.objects.get(pk=member.user_id)
    assert client.post("/sign-in/", {"login": user.email, "password": PASSWORD}).status_code == 302
    assert client.get("/account/").status_code == 200
    return client


def row_of(client: Client) -> UserSession:
    row: UserSession = UserSession.objects.get(session_key=client.cookies[settings.SESSION_COOKIE_NAME].value)
    return row


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def end(client: Client, row: UserSession) -> Any:
    return client.post(reverse("hub:session_end", args=[row.pk]))


@pytest.fixture
def member(tenant: Tenant) -> Member:
    return make_member(tenant, "staff", password=PASSWORD)


# --- the list


def test_the_page_lists_every_session_in_words_and_marks_this_one(member: Member) -> None:
    phone, here = enter(member, IPHONE, address="198.51.100.4"), enter(member)

    said = text_of(here.get("/account/"))

    listed = said[said.index("サインイン中の端末") : said.index("所属する会社")]
    assert re.search(r"Windows の Chrome この端末 最初 \S+ \S+ ・ 最後 \S+ \S+ ・ 203\.0\.113\.7", listed)
    assert re.search(r"iPhone の Safari 最初 \S+ \S+ ・ 最後 \S+ \S+ ・ 198\.51\.100\.4 終了", listed)
    assert listed.count("この端末") == 1
    assert listed.index("この端末") < listed.index("iPhone"), "this one stands first"
    phones = text_of(phone.get("/account/"))
    assert phones.index("iPhone の Safari この端末") < phones.index("Windows の Chrome")


def test_who_has_one_session_is_offered_nothing_to_end(member: Member) -> None:
    page = enter(member).get("/account/").content.decode()

    assert "この端末" in page
    assert "/account/sessions/" not in page


def test_nobody_elses_session_is_listed(tenant: Tenant, member: Member) -> None:
    enter(make_member(tenant, password=PASSWORD), IPHONE)

    assert "iPhone" not in enter(member).get("/account/").content.decode()


def test_a_session_from_before_the_list_is_on_it_with_its_next_click(member: Member) -> None:
    client = signed_in(member)
    assert not UserSession.objects.filter(user_id=member.user_id).exists()

    assert "この端末" in client.get("/account/").content.decode()


def test_first_and_last_use_are_kept_by_the_products_clock(tenant: Tenant, member: Member) -> None:
    client = enter(member)
    began = row_of(client).created_at
    later = business_now() + timedelta(hours=3)
    Clock.objects.create(real_start=business_now(), business_start=later, speed=1)
    try:
        client.get("/account/")
        assert row_of(client).last_seen_at < later, "not written with every click"
        sessions._noted.clear()  # as another process, or this one five minutes later
        client.get("/account/")
        assert row_of(client).last_seen_at >= later
        assert row_of(client).created_at == began
        with tenant_transaction(tenant.pk):
            assert Member.objects.get(pk=member.pk).last_seen_at >= later, "for the list of members"
        other = enter(member, IPHONE)
        assert row_of(other).created_at >= later
    finally:
        Clock.objects.all().delete()


def test_what_ended_by_itself_is_not_listed(member: Member) -> None:
    here, expired, gone = enter(member), enter(member, IPHONE), enter(member, ANDROID)
    Session.objects.filter(pk=row_of(expired).session_key).update(expire_date=business_now() - timedelta(hours=1))
    gone.post("/sign-out/")

    said = text_of(here.get("/account/"))

    assert "iPhone" not in said
    assert "Android" not in said


def test_a_new_password_empties_the_list(member: Member) -> None:
    here, other = enter(member), enter(member, IPHONE)
    user = User.objects.get(pk=member.user_id)
    user.set_password("another horse battery")
    user.save()

    assert sessions.sessions_of(user) == []
    assert not is_in(here)
    assert not is_in(other)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Windows の Chrome"), (IPHONE, "iPhone の Safari"), (EDGE, "Windows の Edge"), (ANDROID, "Android の Chrome"),
        (FIREFOX_MAC, "Mac の Firefox"), (CHROME_IPHONE, "iPhone の Chrome"), ("curl/8.5.0", "curl"), ("", "不明なブラウザ"),
        ("<b>\u202e", "不明なブラウザ"),
    ],
)  # fmt: skip
def test_browsers_in_words(agent: str, words: str) -> None:
    assert devices.in_words(agent) == words


def test_browsers_in_english() -> None:
    with translation.override("en"):
        assert devices.in_words(EDGE) == "Edge on Windows"
        assert devices.in_words("") == "Unknown browser"


def test_a_hostile_browser_name_stays_a_name(member: Member) -> None:
    client = enter(member, "<script>alert(1)</script> Chrome/1" + "x" * 5_000)

    page = client.get("/account/").content.decode()

    assert "<script>alert" not in page
    assert len(row_of(client).user_agent) == 200


# --- ending


def test_one_session_is_ended_and_the_others_stay(tenant: Tenant, member: Member) -> None:
    here, lost, third = enter(member), enter(member, IPHONE), enter(member, ANDROID)

    answer = end(here, row_of(lost))

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")
    assert "その端末のサインインを終了しました" in here.get("/account/").content.decode()
    assert (is_in(here), is_in(lost), is_in(third)) == (True, False, True)
    with tenant_transaction(tenant.pk):
        [entry] = AuditEntry.objects.filter(verb="member.sessions_ended")
    assert (entry.actor_id, entry.params["count"]) == (member.pk, 1)


def test_all_others_are_ended_at_once(member: Member) -> None:
    here, lost, third = enter(member), enter(member, IPHONE), enter(member, ANDROID)

    here.post(reverse("hub:sessions_end_others"))

    assert (is_in(here), is_in(lost), is_in(third)) == (True, False, False)
    assert Session.objects.filter(pk=row_of(here).session_key).exists()
    assert UserSession.objects.filter(user_id=member.user_id).count() == 1


def test_this_one_and_other_peoples_cannot_be_named(tenant: Tenant, member: Member) -> None:
    here, colleague = enter(member), enter(make_member(tenant, password=PASSWORD))

    assert end(here, row_of(here)).status_code == 404
    assert end(here, row_of(colleague)).status_code == 404
    assert (is_in(here), is_in(colleague)) == (True, True)


def test_an_ended_session_does_not_come_back_with_a_late_answer(member: Member) -> None:
    """A request that was under way while its session ended must not store it again."""
    here, lost = enter(member), enter(member, IPHONE)
    store = lost.session
    assert store["_auth_user_id"]  # read, as a request does before the other one ends it
    end(here, row_of(lost))
    store["late"] = "1"

    with pytest.raises(UpdateError):
        store.save()

    assert not is_in(lost)


# --- an admin, for a member


def sign_out(client: Client, member: Member) -> Any:
    return client.post(reverse("hub:member_sign_out", args=[member.pk]))


def test_an_admin_ends_every_session_of_a_member(tenant: Tenant, member: Member) -> None:
    admin = make_member(tenant, "admin", password=PASSWORD)
    here, one, two = enter(admin), enter(member), enter(member, IPHONE)
    page = here.get(reverse("hub:member", args=[member.pk])).content.decode()
    assert f"/settings/members/{encode(member.pk)}/sign-out/" in page

    answer = sign_out(here, member)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/settings/members/")
    assert (is_in(here), is_in(one), is_in(two)) == (True, False, False)
    assert is_in(enter(member)), "and the person may sign in again"
    with tenant_transaction(tenant.pk):
        [entry] = AuditEntry.objects.filter(verb="member.signed_out")
    assert (entry.actor_id, entry.params["id"]) == (admin.pk, member.pk)


def test_an_admin_does_not_end_an_owners(tenant: Tenant) -> None:
    owner, admin = (
        enter(boss := make_member(tenant, password=PASSWORD)),
        enter(make_member(tenant, "admin", password=PASSWORD)),
    )

    sign_out(admin, boss)

    assert is_in(owner)
    assert sign_out(enter(make_member(tenant, password=PASSWORD)), boss).status_code == 302
    assert not is_in(owner)


def test_who_ends_all_of_their_own_signs_in_anew(tenant: Tenant) -> None:
    owner = make_member(tenant, password=PASSWORD)
    client = enter(owner)

    assert sign_out(client, owner).headers["Location"] == "/sign-in/"

    assert not is_in(client)


def test_staff_may_not(tenant: Tenant, member: Member) -> None:
    colleague = make_member(tenant, "staff", password=PASSWORD)
    other = enter(colleague)

    assert sign_out(enter(member), colleague).status_code == 403
    assert is_in(other)


def test_the_list_of_members_says_when_each_was_here_last(tenant: Tenant) -> None:
    owner = make_member(tenant, password=PASSWORD)
    make_member(tenant, "viewer", name="まだ来ない人")

    said = text_of(enter(owner).get("/settings/members/"))

    assert re.search(r"最後に使った.*\d+/\d+\(.\) \d\d:\d\d.*まだ来ない人.* – ", said)


# --- clearing


def test_housekeeping_clears_what_expired_and_what_is_known_of_sessions_that_are_gone(
    member: Member, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, expired, signed_out = enter(member), enter(member), enter(member)
    Session.objects.exclude(expire_date__gt=true_now()).delete()
    user = User.objects.get(pk=member.user_id)
    Session.objects.filter(pk=row_of(expired).session_key).update(expire_date=true_now() - timedelta(seconds=1))
    Session.objects.filter(pk=row_of(signed_out).session_key).delete()
    monkeypatch.setattr(sessions, "CLEARED_AT_ONCE", 3)
    past = true_now() - timedelta(days=2)
    Session.objects.bulk_create(
        [Session(session_key=f"nobody{n}-{tenant.pk}", session_data="", expire_date=past) for n in range(8)]
    )
    kept = Session.objects.filter(expire_date__gt=true_now()).count()

    assert 3 <= sessions.clear(true_now()) <= 6, "a batch is bounded"
    assert Session.objects.filter(expire_date__lt=true_now()).exists()
    keeping.work(tenant.pk)

    assert not Session.objects.filter(expire_date__lt=true_now()).exists()
    assert Session.objects.count() == kept
    assert list(UserSession.objects.filter(user=user)) == [row_of(here)]
    assert is_in(here)
    assert not is_in(expired)
