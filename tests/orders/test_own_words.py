"""The program's own words follow the reader's language; what a tenant named stays as the tenant named it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from hub.clock import business_now
from hub.ids import encode
from hub.models import Tenant
from hub.templatetags.hub_ui import listed, yen
from hub.tenancy import tenant_transaction
from orders import carriers
from orders.models import Order, Task, Warehouse
from orders.operations import holds
from orders.system_tasks import SYSTEM_TASKS, said
from tests.browsing import text_of
from tests.conftest import TESTER
from tests.orders.making import make_order, make_shop
from tests.pages import browser, make_member

APPS = ("hub", "orders", "warehouses", "automation", "mailer", "documents", "channels_rakuten")
SPEAKS = ("_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy")


@pytest.fixture
def order(tenant: Tenant) -> Order:
    """An order that a task of the program holds."""
    now = business_now()
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop("本店"), at=now - timedelta(hours=2))
        task = Task.objects.get(key="sums_differ")
        holds.open_mark([order.pk], task=task, by=TESTER, now=now - timedelta(hours=1))
        return order


@pytest.fixture
def english(tenant: Tenant) -> Client:
    client = browser(tenant)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def where_tasks_are_named(order: Order, task: Task) -> list[str]:
    return [
        "/", "/attention/", f"/attention/triage/?task={encode(task.pk)}", "/orders/", f"/orders/?task={encode(task.pk)}",
        f"/orders/{encode(order.pk)}/", "/settings/tasks/",
    ]  # fmt: skip


def test_a_task_of_the_program_is_named_in_the_language_of_the_reader(
    tenant: Tenant, order: Order, english: Client
) -> None:
    with tenant_transaction(tenant.pk):
        task = Task.objects.get(key="sums_differ")

    for path in where_tasks_are_named(order, task):
        page = text_of(english.get(path))
        assert "Amounts differ" in page, path
        assert task.name not in page, path
        assert task.what_to_do not in page, path


def test_a_task_that_the_tenant_renamed_keeps_its_name(tenant: Tenant, order: Order, english: Client) -> None:
    with tenant_transaction(tenant.pk):
        Task.objects.filter(key="sums_differ").update(name="一部出荷の確認", what_to_do="店長に聞く")
        task = Task.objects.get(key="sums_differ")

    for path in where_tasks_are_named(order, task):
        assert "一部出荷の確認" in text_of(english.get(path)), path


def test_a_task_of_a_tenant_with_the_words_of_the_program_stays_as_it_is() -> None:
    with translation.override("en"):
        assert said("", "一部出荷") == "一部出荷"
        assert said("short", "一部出荷") == "Shipped in part"


def test_every_task_of_the_program_has_english_words() -> None:
    with translation.override("en"):
        foreign = [
            one for key, name, what, _holds in SYSTEM_TASKS for one in (name, what) if not said(key, one).isascii()
        ]

    assert foreign == []


def test_the_other_carrier_is_other_on_screens_and_stays_japanese_in_mails() -> None:
    with translation.override("en"):
        assert carriers.said("other") == "Other"
        assert carriers.label_of("other") == "その他"
    assert carriers.said("other") == "その他"
    assert carriers.said("yamato") == "ヤマト運輸"


def test_kinds_of_warehouses_are_told_in_the_language_of_the_reader(tenant: Tenant, english: Client) -> None:
    with tenant_transaction(tenant.pk):
        Warehouse.objects.create(name="よそ", kind="other")

    assert "Shipped by another system" in text_of(english.get("/settings/warehouses/"))
    assert "Shipped by another system" in text_of(english.get("/settings/warehouses/new/"))


def test_no_words_hide_from_translation_in_a_formatted_string() -> None:
    root = Path(__file__).parents[2]
    files = [path for app in APPS for path in (root / app).rglob("*.py")]

    hidden = [
        f"{path.relative_to(root)}:{call.lineno}"
        for path in files
        for string in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SPEAKS
    ]

    assert len(files) > 200
    assert hidden == []


def test_malls_and_one_warehouse_are_told_in_the_language_of_the_reader(
    tenant: Tenant, order: Order, english: Client
) -> None:
    shops, form = text_of(english.get("/settings/shops/")), text_of(english.get("/orders/new/"))

    assert "Rakuten Ichiba" in shops
    assert "楽天市場" not in shops
    assert "Warehouse optional" in form
    assert settings.CHANNELS["rakuten"].label == "楽天市場", "mails say it in Japanese"


def test_a_list_of_tracking_numbers_names_its_carriers_in_the_language_of_the_reader(
    order: Order, english: Client
) -> None:
    values = {"text": f"{order.number}\tA12345", "carrier": "other", "shipped_on": "2026-11-22", "step": "check"}

    checked = text_of(english.post("/orders/tracking/", values))

    assert order.number in checked
    assert "Other A12345" in checked
    assert "その他" not in checked


def test_names_are_listed_as_the_language_has_them(tenant: Tenant, order: Order) -> None:
    with tenant_transaction(tenant.pk):
        for name in ("North", "South"):
            make_shop(name, mode="observe", polling=True)
    for name in ("Ann", "Ben"):
        make_member(tenant, name=name)
    viewer = browser(tenant, "viewer")
    viewer.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    assert "North, South" in text_of(viewer.get("/"))
    assert "Ann, Ben" in text_of(viewer.get("/settings/shops/"))


def test_words_and_amounts_stand_as_the_language_has_them() -> None:
    with translation.override("en"):
        assert (listed(["a", "b"]), yen(-1000)) == ("a, b", "−¥1,000")
    assert (listed(["a", "b"]), yen(-1000)) == ("a、b", "−1,000円")
