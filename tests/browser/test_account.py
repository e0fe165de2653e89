"""A lost phone: the account's page names it, one click ends it, and its next click asks for the password; in both languages and widths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.models import Member, Role, Tenant, User
from hub.tenancy import tenant_transaction
from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.looking import SIZES, axe_faults, keep, resize, sideways, speak, words_cut

pytestmark = pytest.mark.browser

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"


@pytest.fixture
def person(tenant: Tenant) -> User:
    user = User.objects.create_user(f"lost{tenant.pk}@example.com", PASSWORD)
    with tenant_transaction(tenant.pk):
        Member.objects.create(user=user, role=Role.OWNER)
    return user


@pytest.fixture
def here(page: Page, person: User) -> Page:
    return sign_in(page, person)


@pytest.fixture
def phone(address: str, chromium: Browser, person: User) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="ja-JP", base_url=address, user_agent=PHONE
    )
    yield sign_in(context.new_page(), person)
    context.close()


def test_a_lost_phone_is_named_and_ended(here: Page, phone: Page) -> None:
    here.goto("/account/")
    line = here.get_by_role("listitem").filter(has_text="iPhone の Safari")

    line.get_by_role("button", name="終了").click()

    expect(here.get_by_text("その端末のサインインを終了しました")).to_be_visible()
    expect(here.get_by_text("iPhone の Safari")).to_have_count(0)
    phone.goto("/orders/")
    assert "/sign-in/" in phone.url


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", SIZES)
def test_the_list_fits_and_reads_well(here: Page, phone: Page, language: str, width: int) -> None:
    for path, name in (("/account/", "account"), (_member_path(here), "member")):
        resize(here, width)
        speak(here, language)
        here.goto(path)
        faults = [*axe_faults(here), *sideways(here), *words_cut(here)]
        if folder := os.environ.get("LOOK_AT"):
            here.locator("ul.rows, form button").last.scroll_into_view_if_needed()
            keep(here, Path(folder), f"{name}-{language}-{width}")
        assert faults == []
        if language == "en" and name == "account":
            expect(here.get_by_text("Safari on iPhone")).to_be_visible()


def _member_path(page: Page) -> str:
    page.goto("/settings/members/")
    path = page.locator("td.tools a").first.get_attribute("href")
    assert path
    return path
