"""The page of the retention period: who may change it, within which bounds, and that fewer days are confirmed with a number first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.models import AuditDetail, AuditEntry, RetentionRun, Tenant
from hub.tenancy import tenant_transaction
from orders.models import Order
from orders.retention import running
from tests.conftest import NOW
from tests.factories import make_shop, mall_order, take_in
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("at_now")
URL = "/settings/retention/"


def days_of(tenant: Tenant) -> int:
    return Tenant.objects.get(pk=tenant.pk).retention_days


def test_an_owner_sets_the_days_and_the_audit_says_so(tenant: Tenant) -> None:
    browser(tenant).post(URL, {"days": "365"})

    assert days_of(tenant) == 365
    with tenant_transaction(tenant.pk):
        entry = AuditEntry.objects.get(verb="retention.changed")
        detail = AuditDetail.objects.get(entry=entry)
    assert (entry.actor_kind, detail.before, detail.after) == ("member", {"days": 180}, {"days": 365})


@pytest.mark.parametrize("role", ["admin", "staff"])
def test_others_see_it_and_may_not_change_it(tenant: Tenant, role: str) -> None:
    client = browser(tenant, role)

    seen = client.get(URL)

    assert (seen.status_code, client.post(URL, {"days": "365"}).status_code) == (200, 403)
    assert "変えられるのはオーナーだけです。" in seen.content.decode()
    assert days_of(tenant) == 180


@pytest.mark.parametrize("days", ["6", "3651", "", "半年", "-1"])
def test_days_out_of_bounds_are_refused_in_the_form(tenant: Tenant, days: str) -> None:
    assert browser(tenant).post(URL, {"days": days}).status_code == 422
    assert days_of(tenant) == 180


@pytest.mark.parametrize("days", ["7", "3650"])
def test_the_bounds_themselves_are_allowed(tenant: Tenant, days: str) -> None:
    browser(tenant).post(URL, {"days": days})

    assert days_of(tenant) == int(days)


def test_fewer_days_that_erase_something_are_asked_for_once_more(tenant: Tenant) -> None:
    take_in(tenant, make_shop(tenant), mall_order())
    with tenant_transaction(tenant.pk):
        moment = NOW - timedelta(days=40)
        Order.objects.update(phase="done", shipped_at=moment, status_at=moment, unreported=False)
    client = browser(tenant)

    asked = client.post(URL, {"days": "30"}).content.decode()
    unsure = client.post(URL, {"days": "30", "sure": "50"}).content.decode()
    between = days_of(tenant)
    client.post(URL, {"days": "30", "sure": "30"})

    assert "30日にすると、次の夜に 1件の受注の個人情報を消去します" in asked
    assert "sure" in unsure
    assert (between, days_of(tenant)) == (180, 30)


def test_the_page_says_what_the_nights_erased(tenant: Tenant) -> None:
    take_in(tenant, make_shop(tenant), mall_order())
    with tenant_transaction(tenant.pk):
        moment = NOW - timedelta(days=181)
        Order.objects.update(phase="done", shipped_at=moment, status_at=moment, unreported=False)
    running.run_to_end(tenant.pk)

    page = browser(tenant, "staff").get(URL).content.decode()

    with tenant_transaction(tenant.pk):
        rows = sum(RetentionRun.objects.get().counts.values())
    assert "消去の記録" in page
    assert f'<td class="num">{rows}</td>' in page
    for words in ("注文者と届け先の名前", "運送会社と送り状番号", "あと35日残ります", "戻せる30日間"):
        assert words in page
