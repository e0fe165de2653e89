"""The pictures in docs/pictures (`make shots`): every screen in two widths, two themes and two languages; lists with one row and none; while
something loads; when something went wrong. Without `SHOTS` in the environment nothing is kept and these tests are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from hub.models import Tenant
from tests.browser import looking
from tests.browser.looking import Theme
from tests.browser.refusals import REFUSED
from tests.browser.scenes import Scenes
from tests.browser.screens import LISTS, SCREENS, place_of
from tests.browser.waits import LONGER_THAN_UNNOTICED, WAITS, under_way

FOLDER = Path(os.environ.get("SHOTS", ""))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.environ.get("SHOTS"), reason="pictures are kept by make shots"),
]
THEMES: tuple[Theme, Theme] = ("light", "dark")
PLAIN = ("-new", "-edit", "-retire")
"""Forms that look like one another: four pictures, in which every width, theme and language occurs twice."""
WAITS_KEPT = {"shop-test", "order-list-bulk", "file", "batch"}
REFUSALS_KEPT = {"token-new", "invite", "mail-template-new", "rule-new", "edit-address", "warehouse-edit"}
"""One of each look; the others look like one of them."""
Visit = Callable[[Tenant], Page]


def keep(page: Page, name: str, suffix: str, language: str, *, few: bool = False) -> None:
    """Keep the page as it stands, at both widths and in both themes."""
    for width in looking.SIZES:
        looking.resize(page, width)
        for theme in THEMES:
            if few and ((width == 1440) == (theme == "light")) != (language == "ja"):
                continue
            looking.light_up(page, theme)
            page.wait_for_timeout(60)
            looking.keep(page, FOLDER, "-".join(filter(None, [name, str(width), theme, language, suffix])))


def take(page: Page, name: str, path: str, suffix: str = "", *, few: bool = False) -> None:
    """Open a screen in both languages and keep its pictures."""
    for language in ("ja", "en"):
        looking.speak(page, language)
        page.goto(path)
        keep(page, name, suffix, language, few=few)
    looking.speak(page, "ja")


def test_every_screen(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    for name in SCREENS:
        place = place_of(name, scenes.full)
        assert place is not None, name
        take(page, name, place.path, few=name.endswith(PLAIN))


@pytest.mark.parametrize("kind", ["one", "empty"])
def test_lists_with_little(kind: str, scenes: Scenes, visit: Visit) -> None:
    tenant: Tenant = getattr(scenes, kind)
    for name in sorted(LISTS):
        place = place_of(name, tenant)
        assert place is not None, name
        take(visit(tenant), name, place.path, kind, few=True)


def test_lists_with_fifty_rows(crowded: Tenant, visit: Visit) -> None:
    page = visit(crowded)
    for name in sorted(LISTS):
        place = place_of(name, crowded)
        assert place is not None, name
        take(page, name, place.path, "fifty", few=True)


def test_what_opens(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    order = place_of("order", scenes.full)
    assert order is not None
    for language in ("ja", "en"):
        looking.speak(page, language)
        looking.resize(page, 1440)
        page.goto("/orders/")
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.locator("#peek[open]").wait_for()
        keep(page, "order-list", "peek", language, few=True)
        looking.resize(page, 1440)
        page.goto("/orders/")
        page.locator("[data-select-all]").check()
        keep(page, "order-list", "selected", language, few=True)
        looking.resize(page, 1440)
        page.locator(".selection [name=ask][value=ship_on]").click()
        page.locator("#peek[open]").wait_for()
        keep(page, "order-list", "preview", language, few=True)
        looking.resize(page, 1440)
        page.locator("#peek [data-close]").first.click()
        page.locator(".selection details.menu > summary").last.click()
        page.locator(".selection [name=ask][value=change]").click()
        page.locator("#peek[open] #outcome").wait_for()
        keep(page, "order-list", "several", language, few=True)
        page.evaluate("sessionStorage.clear()")
        looking.resize(page, 1440)
        page.goto(order.path)
        page.keyboard.press("h")
        page.locator("#hold[open]").wait_for()
        keep(page, "order", "hold", language, few=True)
        page.goto("/")
        page.keyboard.press("?")
        page.locator("#keys[open]").wait_for()
        keep(page, "keys", "", language, few=True)
    looking.speak(page, "ja")


def test_while_it_loads(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/peek/", hold)
    for language in ("ja", "en"):
        looking.speak(page, language)
        looking.resize(page, 1440)
        page.goto("/orders/")
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.wait_for_timeout(500)
        keep(page, "order-list", "loading", language, few=True)
    looking.speak(page, "ja")
    page.unroute_all(behavior="ignoreErrors")


def test_each_kind_of_waiting(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    for wait in WAITS:
        if wait.name not in WAITS_KEPT:
            continue
        for language in ("ja", "en"):
            looking.speak(page, language)
            looking.resize(page, 1440)
            with under_way(page, wait):
                wait.press(page, scenes.full)
                page.wait_for_timeout(LONGER_THAN_UNNOTICED)
                keep(page, wait.name, "loading", language, few=True)
            page.evaluate("sessionStorage.clear()")
    looking.speak(page, "ja")


def test_each_kind_of_refusal(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    for refused in REFUSED:
        if refused.name not in REFUSALS_KEPT:
            continue
        for language in ("ja", "en"):
            looking.speak(page, language)
            looking.resize(page, 1440)
            refused.bring(page, scenes.full)
            keep(page, refused.name, "error", language, few=True)
    looking.speak(page, "ja")


def test_when_something_went_wrong(scenes: Scenes, visit: Visit, page: Page) -> None:
    troubled = visit(scenes.troubled)
    for name in ("home", "shops", "shop", "errors", "order-list"):
        place = place_of(name, scenes.troubled)
        assert place is not None, name
        take(troubled, name, place.path, "error", few=True)
    full = visit(scenes.full)
    for language in ("ja", "en"):
        looking.speak(full, language)
        full.goto("/nowhere/")
        keep(full, "not-found", "", language, few=True)
        full.goto("/settings/shops/new/")
        full.evaluate("for (const form of document.forms) form.noValidate = true")
        full.locator("main form button.primary").last.click()
        full.wait_for_load_state()
        keep(full, "shop-new", "error", language, few=True)
        full.goto("/orders/tracking/")
        full.locator("textarea").first.fill("番号のない行\n000000-00000000-0000000000 4012")
        full.locator("main form button.primary").last.click()
        full.wait_for_load_state()
        keep(full, "paste-tracking", "error", language, few=True)
    looking.speak(full, "ja")
    page.goto("/sign-in/")
    for language in ("ja", "en"):
        looking.speak(page, language)
        page.goto("/sign-in/")
        keep(page, "sign-in", "", language)
        page.locator("input[type=email]").fill("nobody@midoriya.example")
        page.locator("input[type=password]").fill("wrong")
        page.locator("form button.primary").click()
        page.wait_for_load_state()
        keep(page, "sign-in", "error", language, few=True)
