"""Fixtures of all tests: two tenants that both always have data, and the blocker lifted (tests commit for real)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from django.conf import settings
from django.utils import translation

from automation.setup import fill_tenant
from hub.audit import Actor
from hub.http import expect_departure
from hub.models import Clock, Tenant
from hub.tenancy import tenant_transaction

_numbers = count(1)
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""The business time most tests live at: Sunday 2026-11-22 12:00 in Japan."""
TESTER = Actor(kind="member", name="試験係")


@pytest.fixture(autouse=True)
def thread_of_its_own() -> Iterator[None]:
    """Nothing that a thread keeps passes from test to test: the language of the last page, the mark of a call that was not made."""
    with translation.override(settings.LANGUAGE_CODE):
        yield
    expect_departure(None)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def by() -> Actor:
    return TESTER


def at(moment: datetime) -> None:
    """Let the business clock stand at a moment; for tests that use `at_now`, which lets it go."""
    Clock.objects.all().delete()
    Clock.objects.create(real_start=moment, business_start=moment, speed=0.0)


@pytest.fixture
def at_now(django_db_setup: None) -> Iterator[None]:
    """The business clock stands at NOW."""
    at(NOW)
    yield
    Clock.objects.all().delete()


def make_tenant(name: str = "") -> Tenant:
    """A fresh tenant with the mixed preset."""
    tenant = Tenant.objects.create(name=name or f"店 {next(_numbers)}")
    with tenant_transaction(tenant.pk):
        fill_tenant("rakuten", now=NOW)
    return tenant


def rest(tenant: Tenant) -> None:
    """Let the stages find nothing of the tenant any more, so that what a test left open meets no later test's world."""
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=NOW)


@pytest.fixture
def tenant(django_db_setup: None) -> Iterator[Tenant]:
    made = make_tenant()
    yield made
    rest(made)


@pytest.fixture
def other_tenant(django_db_setup: None) -> Iterator[Tenant]:
    made = make_tenant()
    yield made
    rest(made)


@pytest.fixture
def inside(tenant: Tenant) -> Iterator[Tenant]:
    """Runs the test inside the tenant's transaction, which commits."""
    with tenant_transaction(tenant.pk):
        yield tenant
