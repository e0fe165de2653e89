"""Pages of warehouses: shown, added with a live test against a simulated one, paused, refused, fenced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.urls import reverse

from hub.models import Tenant
from hub.tenancy import tenant_transaction
from orders.models import Warehouse
from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rsl.app import RslWarehouse
from simulators.server import Server
from tests.browsing import Browser, hidden, text_of, verbs
from tests.orders.making import make_shop

FORM = {"name": "RSL東日本", "cutoff_at": "15:30", "collect_every_seconds": "900", "result_due_hour": "21"}


@pytest.fixture
def owner(tenant: Tenant) -> Browser:
    return Browser(tenant, "owner")


@pytest.fixture
def keys(tmp_path: Any, settings: Any) -> Iterator[dict[str, str]]:
    """A warehouse on loopback and the keys of an account there."""
    desk = RslWarehouse(clock=Clock(), ledger=Ledger(tmp_path / "rsl.jsonl"), seed=3)
    server = Server(desk.app, "127.0.0.1", 0)
    settings.WAREHOUSE_BASE_URLS = {**settings.WAREHOUSE_BASE_URLS, "rsl": server.url}
    httpx.post(
        f"{server.url}/_control/accounts", json={"shop": "akari", "token": "right-token"}, trust_env=False, timeout=10
    ).raise_for_status()
    yield {"shop_code": "akari", "token": "right-token", "dedupes": "on", "askable": "on"}
    server.close()


def url(name: str, *pks: int) -> str:
    return reverse(f"warehouses:{name}", args=pks)


def named(tenant: Tenant, name: str) -> Warehouse:
    with tenant_transaction(tenant.pk):
        return Warehouse.objects.get(name=name)


def test_list_shows_none_and_many(tenant: Tenant, owner: Browser) -> None:
    with tenant_transaction(tenant.pk):
        Warehouse.objects.all().delete()
    empty = text_of(owner.get(url("list")))
    with tenant_transaction(tenant.pk):
        for k in range(20):
            Warehouse.objects.create(
                name=f"とても長い名前の倉庫{k}", kind="rsl", collect_error="no_answer" if k else ""
            )

    many = text_of(owner.get(url("list")))

    assert "まだ倉庫がありません" in empty
    assert many.count("つながりません") == 19
    assert "毎日 15:30" in many


def test_warehouse_is_added_after_a_live_test(tenant: Tenant, owner: Browser, keys: dict[str, str]) -> None:
    answer = owner.post(url("new") + "?kind=rsl", {**FORM, **keys})

    assert answer.url == url("list")
    assert "RSL東日本 につながりました" in owner.toast()
    assert verbs(tenant) == ["warehouse.created", "warehouse.credentials", "warehouse.tested"]


def test_wrong_token_is_saved_and_said(tenant: Tenant, owner: Browser, keys: dict[str, str]) -> None:
    answer = owner.post(url("new") + "?kind=rsl", {**FORM, **keys, "token": "wrong"})

    warehouse = named(tenant, "RSL東日本")
    assert answer.url == url("edit", warehouse.pk)
    page = owner.get(answer.url)
    assert "つながりません" in text_of(page)
    assert "wrong" not in page.content.decode().replace("wrong_key", "")


@pytest.mark.parametrize("name", ["shop_code", "token"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_beside_it(
    tenant: Tenant, owner: Browser, keys: dict[str, str], name: str
) -> None:
    answer = owner.post(url("new") + "?kind=rsl", {**FORM, **keys, name: "あかり"})

    assert answer.status_code == 422
    assert "半角英数字と記号だけで、空白を入れずに入力してください。" in text_of(answer)
    with tenant_transaction(tenant.pk):
        assert not Warehouse.objects.filter(name="RSL東日本").exists()


def test_contract_that_differs_is_named(tenant: Tenant, owner: Browser, keys: dict[str, str]) -> None:
    del keys["dedupes"]

    owner.post(url("new") + "?kind=rsl", {**FORM, **keys})

    assert "契約の内容が、入れた内容と違います" in owner.toast()


def test_change_without_keys_keeps_them(tenant: Tenant, owner: Browser, keys: dict[str, str]) -> None:
    owner.post(url("new") + "?kind=rsl", {**FORM, **keys})
    before = named(tenant, "RSL東日本")
    seen = hidden(owner.get(url("edit", before.pk)), "seen")

    owner.post(url("edit", before.pk), {**FORM, "cutoff_at": "16:00"}, seen=seen)

    after = named(tenant, "RSL東日本")
    assert (f"{after.cutoff_at:%H:%M}", bytes(after.credentials)) == ("16:00", bytes(before.credentials))
    assert "つながりました" in owner.toast()


def test_weekdays_have_cut_offs_of_their_own(tenant: Tenant, owner: Browser) -> None:
    house = named(tenant, "自社倉庫")
    form = {"name": "自社倉庫", "cutoff_at": "15:30", "result_due_hour": "20"}

    owner.post(url("edit", house.pk), {**form, "cutoffs_sat": "12:00", "cutoffs_sun": "12:00", "cutoffs_wed": "17:00"})
    page, listed = owner.get(url("edit", house.pk)), text_of(owner.get(url("list")))
    wrong = owner.post(url("edit", house.pk), {**form, "cutoffs_sat": "25:00"}, seen=hidden(page, "seen"))
    kept = named(tenant, "自社倉庫").cutoffs
    owner.post(url("edit", house.pk), form, seen=hidden(page, "seen"))
    late = owner.post(url("edit", house.pk), {**form, "cutoffs_fri": "9:00"}, seen=hidden(page, "seen"))

    assert kept == {"wed": "17:00", "sat": "12:00", "sun": "12:00"}
    assert 'name="cutoffs_sat" value="12:00"' in page.content.decode()
    assert "15:30 · 水 17:00 · 土・日 12:00" in listed
    assert wrong.status_code == 422
    assert named(tenant, "自社倉庫").cutoffs == {}
    assert late.status_code == 422, "the page was made before they were taken away"


def test_own_shelf_needs_no_keys(tenant: Tenant, owner: Browser) -> None:
    owner.post(url("new") + "?kind=own", name="二階の棚", cutoff_at="17:00", result_due_hour="20")

    assert named(tenant, "二階の棚").kind == "own"


def test_name_that_is_taken_is_refused(tenant: Tenant, owner: Browser) -> None:
    answer = owner.post(url("new") + "?kind=own", name="自社倉庫", cutoff_at="17:00", result_due_hour="20")

    assert answer.status_code == 422
    assert "「自社倉庫」はすでに使われています" in text_of(answer)
    assert verbs(tenant) == []


def test_pause_and_resume(tenant: Tenant, owner: Browser) -> None:
    warehouse = named(tenant, "自社倉庫")

    owner.post(url("pause", warehouse.pk), on="1")
    paused = named(tenant, "自社倉庫").paused_at
    owner.post(url("pause", warehouse.pk), on="0")

    assert paused is not None
    assert named(tenant, "自社倉庫").paused_at is None
    assert verbs(tenant) == ["warehouse.paused", "warehouse.resumed"]


def test_warehouse_that_a_shop_uses_is_not_retired(tenant: Tenant, owner: Browser) -> None:
    warehouse = named(tenant, "自社倉庫")
    with tenant_transaction(tenant.pk):
        make_shop("うつわの店", warehouse=warehouse)

    owner.post(url("retire", warehouse.pk))

    assert "うつわの店" in owner.toast()
    assert verbs(tenant) == []


def test_staff_sees_and_changes_nothing(tenant: Tenant) -> None:
    staff, warehouse = Browser(tenant, "staff"), named(tenant, "自社倉庫")

    answers = [
        staff.get(url("new")),
        staff.get(url("edit", warehouse.pk)),
        staff.post(url("pause", warehouse.pk), on="1"),
        staff.post(url("test", warehouse.pk)),
    ]

    assert staff.get(url("list")).status_code == 200
    assert [answer.status_code for answer in answers] == [403] * 4
    assert "管理者" in text_of(answers[0])


def test_warehouse_of_another_tenant_is_not_found(tenant: Tenant, other_tenant: Tenant, owner: Browser) -> None:
    pk = named(other_tenant, "自社倉庫").pk

    answers = [owner.get(url("edit", pk)), *(owner.post(url(name, pk), on="1") for name in ("test", "pause", "retire"))]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert named(other_tenant, "自社倉庫").paused_at is None
