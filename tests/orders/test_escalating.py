"""Age makes an effect louder and never stops it: shown as late after 30 minutes, a mail after 4 hours, a summary at 21:00 (promise G16)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import override_settings

from hub import stages, troubles
from hub.audit import Actor
from hub.clock import true_now
from hub.effects import NotDone, operations
from hub.effects.late import LATE, VERY_LATE, lanes_late, trying_for
from hub.effects.switches import switch_system, switch_tenant
from hub.models import AuditEntry, Clock, Effect, Member, Role, System, Tenant, User
from hub.tenancy import tenant_transaction
from orders import keeping
from orders.escalating import escalate, last_evening
from orders.models import Shop, Warehouse
from tests.conftest import NOW, at
from tests.hub.counterpart import Counterpart, change, decide, deliver_all, effect, make_due, world
from tests.hub.forks import Child
from tests.orders.making import make_shop
from tests.orders.order_page import read
from tests.pages import browser

BY = Actor(kind="member", id=1, name="担当")
NINE = NOW.replace(hour=12)
"""21:00 in Japan of the day the tests live at."""


@pytest.fixture(autouse=True)
def _at_now(django_db_setup: None) -> Iterator[None]:
    at(NOW)
    mail.outbox.clear()
    yield
    Clock.objects.all().delete()
    System.objects.all().delete()


@pytest.fixture
def leaders(tenant: Tenant) -> list[str]:
    """The tenant's people; only the first two lead it. The second reads English."""
    with tenant_transaction(tenant.pk):
        for role, language in ((Role.OWNER, "ja"), (Role.ADMIN, "en"), (Role.STAFF, "ja")):
            user = User.objects.create_user(f"{role}{tenant.pk}@example.com", "x" * 20)
            User.objects.filter(pk=user.pk).update(language=language)
            Member.objects.create(user=user, role=role)
    return [f"{role}{tenant.pk}@example.com" for role in ("owner", "admin")]


@pytest.fixture
def shop(tenant: Tenant) -> Shop:
    with tenant_transaction(tenant.pk):
        return make_shop()


@pytest.fixture
def other_side() -> Iterator[Counterpart]:
    with world() as counterpart:
        yield counterpart


def waits(tenant: Tenant, lane: str, *, hours: float, state: str = "waiting", key: str = "", **more: object) -> int:
    """An effect that was decided so long ago, by both clocks."""
    with tenant_transaction(tenant.pk):
        past = timedelta(hours=hours)
        row = Effect.objects.create(
            kind=more.pop("kind", "mall.report"), lane=lane, key=key or f"k{Effect.objects.count()}", state=state, decided_at=NOW - past,
            created_at=true_now() - past, **more,
        )  # fmt: skip
        return row.pk


def keep(tenant: Tenant) -> None:
    keeping.work(tenant.pk)


def letters(to: str) -> list[str]:
    return [f"{letter.subject}\n{letter.body}" for letter in mail.outbox if letter.to == [to]]


def noted(tenant: Tenant, verb: str) -> list[dict[str, object]]:
    with tenant_transaction(tenant.pk):
        return [entry.params for entry in AuditEntry.objects.filter(verb=verb).order_by("pk")]


# 30 minutes.


@pytest.mark.parametrize("state", ["waiting", "sending", "unsure"])
def test_what_tries_for_half_an_hour_is_shown_as_late_and_counted_once(tenant: Tenant, shop: Shop, state: str) -> None:
    late = waits(tenant, f"shop:{shop.pk}", hours=0.51, state=state, reason="line_down")
    waits(tenant, f"shop:{shop.pk}", hours=0.49, state=state)

    page = re.sub(r"<[^>]+>", "", read(browser(tenant), "/attention/errors/?source=late"))
    home = re.sub(r"<[^>]+>", "", read(browser(tenant), "/"))

    with tenant_transaction(tenant.pk):
        counts = troubles.counts(NOW)
        assert list(trying_for(LATE).values_list("pk", flat=True)) == [late]
    assert (counts["late"], counts["unsure"]) == (1, 1 if state == "unsure" else 0)
    assert "出荷報告: 30分以上届いていません" in page
    assert ("届いたかどうかを確かめ続けています" if state == "unsure" else "順番を待っています") in page
    assert "遅れている送信1" in home.replace("\n", "").replace(" ", "")


def test_what_a_person_holds_or_has_switched_off_is_not_trying(tenant: Tenant, shop: Shop) -> None:
    held = waits(tenant, f"shop:{shop.pk}", hours=9, hold_reason="flood")
    stopped = waits(tenant, f"shop:{shop.pk}", hours=9, state="stopped", reason="wrong_state")
    waits(tenant, f"shop:{shop.pk}", hours=9, state="done")
    free = waits(tenant, f"shop:{shop.pk}", hours=9)

    with tenant_transaction(tenant.pk):
        assert list(trying_for(LATE).values_list("pk", flat=True)) == [free]
        switch_tenant(False, reason="棚卸し", by=BY, now=NOW)
        assert not trying_for(LATE).exists()
        switch_tenant(True, reason="", by=BY, now=NOW)
        assert not trying_for(LATE).exists(), "it could not leave until now"
        operations.release([held], by=BY, now=NOW)
        operations.send_again([stopped], by=BY, now=NOW)
        assert not trying_for(LATE).exists(), "let go just now"
        Effect.objects.filter(pk=free).update(result={})
        assert trying_for(LATE).exists()
        with override_settings(OUTGOING="off"):
            assert not trying_for(LATE).exists()
    switch_system(False, reason="drill", now=NOW)
    with tenant_transaction(tenant.pk):
        assert not trying_for(LATE).exists()


def test_after_the_installations_switch_age_begins_anew(tenant: Tenant, shop: Shop) -> None:
    Clock.objects.all().delete()
    waits(tenant, f"shop:{shop.pk}", hours=9)
    with tenant_transaction(tenant.pk):
        moment = true_now()
    switch_system(True, reason="", now=moment)
    with tenant_transaction(tenant.pk):
        assert not trying_for(LATE).exists()
    switch_system(True, reason="", now=moment - timedelta(hours=1))
    with tenant_transaction(tenant.pk):
        assert trying_for(LATE).exists()
        assert not trying_for(VERY_LATE).exists()


def test_late_one_may_be_tried_at_once(tenant: Tenant, other_side: Counterpart) -> None:
    other_side.down = NotDone(reason="ConnectError", line=True)
    (pk,) = decide(tenant.pk, ["a"], now=NOW)
    deliver_all(tenant.pk)
    other_side.down = None
    assert effect(tenant.pk, pk).due_at > true_now()

    with tenant_transaction(tenant.pk):
        assert operations.try_now([pk], by=BY, now=NOW).changed == [pk]
    deliver_all(tenant.pk)

    assert effect(tenant.pk, pk).state == "done"
    with tenant_transaction(tenant.pk):
        assert operations.try_now([pk], by=BY, now=NOW).unchanged == {pk: "over"}


# 4 hours.


def test_after_four_hours_leaders_get_one_mail_for_each_counterpart(
    tenant: Tenant, other_tenant: Tenant, shop: Shop, leaders: list[str]
) -> None:
    with tenant_transaction(tenant.pk):
        second = make_shop("支店", account="2")
        house = Warehouse.objects.create(name="東倉庫", kind="rsl")
    for lane, hours in (
        (f"shop:{shop.pk}", 5),
        (f"shop:{shop.pk}", 4.5),
        (f"shop:{second.pk}", 6),
        (f"warehouse:{house.pk}", 4.1),
    ):
        waits(tenant, lane, hours=hours)  # fmt: skip
    waits(tenant, "mail:1", hours=3.9, kind="mail.send")
    with tenant_transaction(tenant.pk):
        before = list(Effect.objects.order_by("pk").values())

    for _ in range(3):
        keep(tenant)
    keep(other_tenant)

    assert [len(letters(address)) for address in leaders] == [2, 2]
    assert len(mail.outbox) == 4, "staff are not told"
    assert any("楽天市場への送信が4時間以上届いていません（3件）" in letter for letter in letters(leaders[0]))
    assert any("東倉庫への送信が4時間以上届いていません（1件）" in letter for letter in letters(leaders[0]))
    assert not any(re.search("[ぁ-ん]", letter) for letter in letters(leaders[1])), "in the reader's language"
    assert "/attention/errors/?source=late" in letters(leaders[0])[0]
    assert [row["to"] for row in noted(tenant, "outgoing.late")] == ["mall:rakuten", f"warehouse:{house.pk}"]
    with tenant_transaction(tenant.pk):
        assert list(Effect.objects.order_by("pk").values()) == before, "age changes nothing about them"


def test_next_mail_comes_with_the_next_occasion_only(tenant: Tenant, shop: Shop, leaders: list[str]) -> None:
    first = waits(tenant, f"shop:{shop.pk}", hours=5)
    keep(tenant)
    second = waits(tenant, f"shop:{shop.pk}", hours=4.2)
    change(tenant.pk, first, state="done")
    keep(tenant)
    assert len(letters(leaders[0])) == 1, "the mall has been down all the time"

    change(tenant.pk, second, state="done")
    keep(tenant)
    assert len(noted(tenant, "outgoing.caught_up")) == 1
    waits(tenant, f"shop:{shop.pk}", hours=4.1)
    keep(tenant)
    keep(tenant)

    assert len(letters(leaders[0])) == 2
    assert len(noted(tenant, "outgoing.late")) == 2


def test_nothing_is_said_when_nothing_is_late(tenant: Tenant, shop: Shop, leaders: list[str]) -> None:
    waits(tenant, f"shop:{shop.pk}", hours=3.9)
    waits(tenant, f"shop:{shop.pk}", hours=9, hold_reason="flood")
    for hour in range(12):
        at(NOW + timedelta(hours=hour))
        with tenant_transaction(tenant.pk):
            Effect.objects.filter(state="waiting", hold_reason="").update(state="done")
        keep(tenant)

    assert mail.outbox == []
    assert noted(tenant, "outgoing.late") == noted(tenant, "outgoing.evening") == []


def test_four_workers_tell_once(tenant: Tenant, shop: Shop, leaders: list[str]) -> None:
    waits(tenant, f"shop:{shop.pk}", hours=5)

    def one() -> int:
        with tenant_transaction(tenant.pk):
            escalate(NINE)
        return len(mail.outbox)

    sent = [child.join() for child in [Child(one) for _ in range(4)]]

    assert [code for code, _ in sent] == [0, 0, 0, 0]
    assert sorted(count for _, count in sent) == [0, 0, 0, 4], "the mail of the hours and of the evening, to two people"
    assert len(noted(tenant, "outgoing.late")) == len(noted(tenant, "outgoing.evening")) == 1


def test_a_try_that_fails_after_hours_rings_for_the_look(
    tenant: Tenant, other_side: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_side.down = NotDone(reason="ConnectError", line=True)
    young, old = decide(tenant.pk, ["a", "b"], now=NOW)
    rung: list[str] = []
    monkeypatch.setattr(stages, "_publisher", lambda bells: rung.extend(stage for stage, _, _ in bells))
    deliver_all(tenant.pk)
    assert "keep" not in rung

    with tenant_transaction(tenant.pk):
        change_to = true_now() - VERY_LATE - timedelta(minutes=1)
    change(tenant.pk, old, created_at=change_to)
    make_due(tenant.pk)
    deliver_all(tenant.pk)

    assert "keep" in rung
    assert {effect(tenant.pk, pk).state for pk in (young, old)} == {"waiting"}


# 21:00.


def test_at_nine_in_the_evening_one_summary_of_what_is_not_done(tenant: Tenant, shop: Shop, leaders: list[str]) -> None:
    lane = f"shop:{shop.pk}"
    for state, more in (
        ("unsure", {}),
        ("stopped", {"reason": "wrong_state"}),
        ("done", {}),
        ("dropped", {}),
        ("waiting", {"hold_reason": "flood"}),
    ):
        waits(tenant, lane, hours=1, state=state, **more)  # fmt: skip
    waits(tenant, "mail:1", hours=2, kind="mail.send")
    yesterday = waits(tenant, lane, hours=26, state="stopped", reason="wrong_state")
    just_now = waits(tenant, lane, hours=0)
    change(tenant.pk, just_now, decided_at=NINE - timedelta(minutes=1))

    for minutes in (-1, 0, 1, 30, 65, 179):
        at(NINE + timedelta(minutes=minutes))
        keep(tenant)
        assert len(letters(leaders[0])) == (minutes >= 0), minutes

    (letter,) = letters(leaders[0])
    assert letter.startswith("11/22 のうちに届いていない送信が3件あります")
    assert "メール 1件\n出荷報告 2件（うち1件は止まっています）" in letter
    assert len(mail.outbox) == 2
    assert noted(tenant, "outgoing.evening") == [{"day": "2026-11-22", "count": 3}]

    at(NINE + timedelta(hours=15))
    keep(tenant)
    assert len(mail.outbox) == 2, "nothing at noon"
    at(NINE + timedelta(days=1))
    keep(tenant)
    assert noted(tenant, "outgoing.evening")[1] == {"day": "2026-11-23", "count": 3}, (
        "what still tries, and what came later"
    )
    assert effect(tenant.pk, yesterday).state == "stopped"


def test_housekeeping_is_due_at_nine_in_the_evening(tenant: Tenant) -> None:
    def due(moment: datetime) -> bool:
        return any(unit.tenant_id == tenant.pk for unit in stages.due("keep", moment, n=10_000))

    Tenant.objects.filter(pk=tenant.pk).update(kept_at=NINE - timedelta(minutes=20))
    assert [due(NINE + timedelta(seconds=seconds)) for seconds in (-1, 1)] == [False, True]
    at(NINE + timedelta(seconds=1))
    keep(tenant)
    assert not due(NINE + timedelta(minutes=59))
    assert due(NINE + timedelta(minutes=61))


def test_crash_before_the_summary_is_made_up_for_within_the_evening(
    tenant: Tenant, shop: Shop, leaders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits(tenant, f"shop:{shop.pk}", hours=1)
    at(NINE)

    def dies(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("orders.notices.note", dies)
        with pytest.raises(RuntimeError):
            keep(tenant)
    assert mail.outbox == []

    keep(tenant)
    keep(tenant)

    assert len(letters(leaders[0])) == 1


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(NINE, NINE), (NINE - timedelta(seconds=1), NINE - timedelta(days=1)), (NINE + timedelta(hours=23), NINE)],
)
def test_last_evening_is_nine_in_japan(moment: datetime, expected: datetime) -> None:
    assert last_evening(moment) == expected


def test_lanes_are_counted_with_their_first(tenant: Tenant, shop: Shop) -> None:
    waits(tenant, "mail:1", hours=5)
    waits(tenant, "mail:1", hours=7)
    with tenant_transaction(tenant.pk):
        (lane,) = lanes_late(VERY_LATE)
        assert (lane.lane, lane.effects) == ("mail:1", 2)
        assert timedelta(hours=6.9) < true_now() - lane.since < timedelta(hours=7.1)
