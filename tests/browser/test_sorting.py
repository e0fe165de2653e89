"""Lists are put in order by hand, by mouse and by keyboard; what was put stays so after a reload, and the program works in that order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from automation.models import Rule, RuleGroup
from hub.models import Tenant
from hub.tenancy import tenant_transaction
from tests.browser.conftest import sign_in
from tests.browser.scenes import owner_of
from tests.conftest import NOW

pytestmark = pytest.mark.browser
RULES = "/rules/"


@pytest.fixture
def owner(page: Page, tenant: Tenant) -> Page:
    """An owner whose tenant has two groups of rules of its own, three rules in the first."""
    with tenant_transaction(tenant.pk):
        RuleGroup.objects.update(retired_at=NOW)  # those of the preset: a mouse reaches what is on the screen
        for name, rules in (("午前のルール", ("一", "二", "三")), ("午後のルール", ("四",))):
            group = RuleGroup.objects.create(name=name, phases=["intake"], position=90)
            for place, rule in enumerate(rules):
                Rule.objects.create(
                    group=group, name=f"{rule}番", condition={"all": []}, actions=[{"do": "stop"}], position=place
                )
    return sign_in(page, owner_of(tenant))


def rules_list(page: Page, name: str) -> Locator:
    return (
        page.locator("section.card")
        .filter(has=page.get_by_role("heading", name=name, exact=True))
        .locator("ol[data-sort]")
    )


def told(items: Locator) -> list[str]:
    return [name.strip() for name in items.locator(".name").all_inner_texts()]


def stored(tenant: Tenant, group: str) -> list[str]:
    with tenant_transaction(tenant.pk):
        return list(Rule.objects.filter(group__name=group).order_by("position", "pk").values_list("name", flat=True))


def saved(page: Page, act: Callable[[], None], *, times: int = 1) -> None:
    """Do something and wait until the page has had so many orders taken by the server."""
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if answer.request.method == "POST" else None)
    act()
    for _ in range(100):
        if len(answers) >= times:
            break
        page.wait_for_timeout(50)
    assert len(answers) == times
    assert set(answers) <= {200, 204}


def drag(page: Page, grip: Locator, onto: Locator, *, below: bool) -> None:
    """Take hold with the mouse, go there in steps as a hand does, and let go over the upper or lower part of the other row."""
    start, end = grip.bounding_box(), onto.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    x, y = end["x"] + 40, end["y"] + end["height"] * (0.9 if below else 0.1)
    for step in range(1, 4):  # rows glide aside for 120 ms: a hand sees that and goes on
        page.mouse.move(x, y - 4 + step, steps=8)
        page.wait_for_timeout(200)
    page.mouse.up()


def test_rules_are_dragged_into_order_by_their_grip(owner: Page, tenant: Tenant) -> None:
    owner.goto(RULES)
    rows = rules_list(owner, "午前のルール").locator("> li")
    assert told(rules_list(owner, "午前のルール")) == ["一番", "二番", "三番"]

    saved(owner, lambda: drag(owner, rows.nth(0).locator(".grip"), rows.nth(2), below=True))

    assert told(rules_list(owner, "午前のルール")) == ["二番", "三番", "一番"]
    owner.reload()
    assert told(rules_list(owner, "午前のルール")) == ["二番", "三番", "一番"]
    assert stored(tenant, "午前のルール") == ["二番", "三番", "一番"]


def test_a_rule_is_dragged_into_another_group(owner: Page, tenant: Tenant) -> None:
    owner.goto(RULES)
    morning, afternoon = rules_list(owner, "午前のルール"), rules_list(owner, "午後のルール")

    grip = morning.locator("> li").nth(1).locator(".grip")
    saved(owner, lambda: drag(owner, grip, afternoon.locator("> li").first, below=False), times=2)
    owner.reload()

    assert told(morning) == ["一番", "三番"]
    assert told(afternoon) == ["二番", "四番"]
    assert (stored(tenant, "午前のルール"), stored(tenant, "午後のルール")) == (["一番", "三番"], ["二番", "四番"])


def test_rules_are_put_in_order_with_alt_and_an_arrow(owner: Page, tenant: Tenant) -> None:
    owner.goto(RULES)
    rules = rules_list(owner, "午前のルール")
    grip = rules.get_by_role("button", name="三番 並べ替える")
    grip.focus()

    saved(owner, lambda: owner.keyboard.press("Alt+ArrowUp"))
    expect(grip).to_be_focused()
    saved(owner, lambda: owner.keyboard.press("Alt+ArrowUp"))
    owner.keyboard.press("Alt+ArrowUp")  # it is the first: nothing happens
    owner.reload()

    assert told(rules) == ["三番", "一番", "二番"]
    assert stored(tenant, "午前のルール") == ["三番", "一番", "二番"]
    rules.get_by_role("button", name="三番 並べ替える").focus()
    saved(owner, lambda: owner.keyboard.press("Alt+ArrowDown"))
    owner.reload()
    assert told(rules) == ["一番", "三番", "二番"]


@pytest.mark.parametrize("path", ["/settings/statuses/", "/settings/tasks/", "/settings/tags/"])
def test_other_lists_keep_their_order_too(owner: Page, tenant: Tenant, path: str) -> None:
    owner.goto(path)
    lists = owner.locator("[data-sort]:not(:has([data-sort]))")
    rows = lists.filter(has=owner.locator("> [data-id]:nth-of-type(2) .grip")).first.locator("> [data-id]")
    before = [row.get_attribute("data-id") for row in rows.all()]
    place = next(n for n in range(1, len(before)) if rows.nth(n).locator(".grip").count())
    wanted = [*before[: place - 1], before[place], before[place - 1], *before[place + 1 :]]
    rows.nth(place).locator(".grip").focus()

    saved(owner, lambda: owner.keyboard.press("Alt+ArrowUp"))
    owner.reload()

    assert [row.get_attribute("data-id") for row in rows.all()] == wanted
