"""Every screen, with much, one and nothing to show: no fault that axe-core knows, no sideways scroll, no word cut off, nothing on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from hub.models import Tenant
from tests.browser import looking
from tests.browser.scenes import Scenes
from tests.browser.screens import LISTS, SCREENS, place_of

pytestmark = pytest.mark.browser
Visit = Callable[[Tenant], Page]


def test_every_screen_can_be_read_by_everybody_everywhere(scenes: Scenes, visit: Visit) -> None:
    wrong = [fault for name in SCREENS for fault in faults_of(name, scenes.full, visit, languages=("ja", "en"))]

    assert wrong == []


def test_a_screen_with_one_row_or_none_can_be_read_as_well(scenes: Scenes, visit: Visit) -> None:
    few = [name for name, address in SCREENS.items() if not address.has_id]
    wrong = [fault for tenant in (scenes.one, scenes.empty) for name in few for fault in faults_of(name, tenant, visit)]

    assert wrong == []


def test_a_screen_that_tells_of_trouble_can_be_read_as_well(scenes: Scenes, visit: Visit) -> None:
    telling = ("home", "shops", "shop", "errors", "order-list")
    wrong = [fault for name in telling for fault in faults_of(name, scenes.troubled, visit)]

    assert wrong == [], "\n".join(wrong)


def test_a_list_of_fifty_rows_with_names_of_forty_characters_can_be_read_as_well(crowded: Tenant, visit: Visit) -> None:
    wrong = [fault for name in sorted(LISTS) for fault in faults_of(name, crowded, visit, thorough=False)]

    assert wrong == [], "\n".join(wrong)


def faults_of(
    name: str, tenant: Tenant, visit: Visit, *, languages: tuple[str, ...] = ("ja",), thorough: bool = True
) -> Iterator[str]:
    """Open a screen of the tenant at both widths and in both themes; yield what is wrong with it.

    Not `thorough`: the colours are looked at once, in the light and at the great width, for a list of many rows has those of a short one.
    """
    place = place_of(name, tenant)
    if place is None:
        yield f"{name}: the tenant has nothing to show"
        return
    page = visit(tenant)
    said = complaints(page)
    for language in languages:
        looking.speak(page, language)
        looking.light_up(page, "light")
        answer = page.goto(place.path)
        if answer is None or answer.status != 200:
            yield f"{name}: answered {answer.status if answer else 'nothing'}"
            break
        for width in looking.SIZES:
            looking.resize(page, width)
            looking.light_up(page, "light")
            for fault in looking.sideways(page) + looking.words_cut(page) + said:
                yield f"{name} at {width} in {language}: {fault}"
            said.clear()
            if language == "ja":
                yield from (
                    f"{name} at {width}: {fault}"
                    for fault in (colours_and_all(page) if thorough else once(page, width))
                )
    looking.speak(page, "ja")


def complaints(page: Page) -> list[str]:
    """Return a list that fills with what the page's console complains about."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def colours_and_all(page: Page) -> Iterator[str]:
    """Yield what axe-core finds: everything in the light, and what the dark can change."""
    yield from looking.axe_faults(page)
    looking.light_up(page, "dark")
    yield from (f"dark {fault}" for fault in looking.axe_faults(page, only=looking.COLOURS))


def once(page: Page, width: int) -> list[str]:
    """Return what axe-core finds, the colours at the great width alone."""
    return looking.axe_faults(page, but=[] if width == 1440 else looking.COLOURS)
