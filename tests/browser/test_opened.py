"""What opens on a page: menus, dialogs and the side panel. Each is opened as a person would, and read by axe-core where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page

from hub.models import Tenant
from tests.browser import looking
from tests.browser.looking import Theme
from tests.browser.scenes import Scenes
from tests.browser.screens import place_of

pytestmark = pytest.mark.browser
Visit = Callable[[Tenant], Page]
SCREENS = ("home", "order-list", "order", "attention", "errors", "members", "rules", "rule-new", "listings", "shop")
LOOKS: tuple[tuple[int, Theme], ...] = ((1440, "light"), (390, "dark"))
OPENERS = {
    "dialog": ("main [data-open], .tools > [data-open]", "dialog[open]"),
    "panel": ("main [hx-get][hx-target='#peek']", "#peek[open]"),
    "menu": ("main details.menu > summary, .topbar details.menu > summary, .foot-nav summary", "details.menu[open] > .drop"),
}  # fmt: skip
"""Kind → what opens it, and what is then open."""


def test_whatever_opens_can_be_read_by_everybody(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    seen: set[tuple[str, str]] = set()
    wrong: list[str] = []
    for name in SCREENS:
        place = place_of(name, scenes.full)
        assert place is not None, name
        page.goto(place.path)
        for width, theme in LOOKS:
            looking.resize(page, width)
            looking.light_up(page, theme)
            for kind, opener in openers(page):
                said = (
                    f"{opener.inner_text()} {opener.get_attribute('data-open') or opener.get_attribute('title') or ''}"
                )
                if (f"{width} {kind}", said) in seen:
                    continue
                seen.add((f"{width} {kind}", said))
                wrong += [
                    f"{name} at {width} in {theme}, {kind} {said.strip()!r}: {fault}"
                    for fault in look(page, kind, opener)
                ]

    assert wrong == [], "\n".join(wrong)
    assert {"dialog", "panel", "menu"} == {kind.split()[1] for kind, _ in seen}
    assert len(seen) > 30, sorted(seen)


def openers(page: Page) -> Iterator[tuple[str, Locator]]:
    """Yield what opens something on the page, and is there to be clicked at this width."""
    for kind, (what, _) in OPENERS.items():
        for opener in page.locator(what).all():
            if opener.is_visible() and opener.is_enabled():
                yield kind, opener


def look(page: Page, kind: str, opener: Locator) -> list[str]:
    """Open it, read it, and close it by the Escape key; return what is wrong."""
    opener.click()
    shown = page.locator(OPENERS[kind][1])
    shown.first.wait_for()
    faults = looking.axe_faults(page, inside=OPENERS[kind][1]) + looking.sideways(page)
    box = shown.first.bounding_box()
    window = page.viewport_size
    if box and window and (box["x"] < -1 or box["x"] + box["width"] > window["width"] + 1):
        faults.append(f"stands out of the window: {box}")
    page.keyboard.press("Escape")
    if shown.first.is_visible():
        faults.append("does not close with Escape")
        page.reload()
    return faults


def test_the_bar_of_a_selection_and_its_menus_can_be_read_on_a_phone(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    looking.resize(page, 390)
    page.goto("/orders/")
    page.locator("tbody [name=orders]").first.check()
    bar = page.locator(".selection")
    shape = bar.bounding_box()
    assert shape is not None
    assert shape["height"] < 70, "one line"

    bar.locator("summary").first.click()

    menu = bar.locator(".drop").first.bounding_box()
    assert menu is not None
    assert min(menu["x"], menu["y"]) >= 0
    assert menu["x"] + menu["width"] <= 390
    assert looking.sideways(page) + looking.axe_faults(page, inside=".selection") == []
    page.evaluate("sessionStorage.clear()")


def test_a_dialog_opened_from_a_menu_gives_the_focus_back_to_the_menu(scenes: Scenes, visit: Visit) -> None:
    page = visit(scenes.full)
    place = place_of("order", scenes.full)
    assert place is not None
    page.goto(place.path)
    menu = page.locator("main details.menu:has([data-open])").first
    menu.locator("summary").click()

    menu.locator("[data-open]").first.click()
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")

    page.wait_for_function("document.activeElement.matches('main details.menu > summary')")
