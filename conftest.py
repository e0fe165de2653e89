"""Gives every test run its environment, settings and a migrated database of its own, before Django loads.

Tests commit for real, each in fresh tenants, and nothing is flushed: effects need real commits, and a tenant transaction
is durable, so it cannot run inside a test case that is rolled back.
"""

import os
import signal
from collections.abc import Iterator

import django
import pytest
from pytest_django.plugin import DjangoDbBlocker

from hub.embedded import databases, environment, roles, valkey

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background of a shell ignores Ctrl-C and would hand that on to the programs that tests end by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
environment.fill()
NAME = databases.scratch_name("test")
# With `-n 2` the runs side by side are started with this process's environment: each needs the address from before its change.
OWNER_URL = os.environ.setdefault("TEST_HOME_URL", os.environ["OWNER_DATABASE_URL"])
for variable in ("DATABASE_URL", "OWNER_DATABASE_URL"):
    os.environ[variable] = roles.with_database(os.environ[variable], NAME)
os.environ["REDIS_URL"] = valkey.with_number(os.environ["REDIS_URL"], valkey.scratch_number())
os.environ["EMAIL_URL"] = "memorymail://"
os.environ.setdefault("HUB_ENV", "development")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")
django.setup()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the database of this run: a copy of a migrated template, so it takes a moment. Dropped at the end."""
    databases.create(OWNER_URL, NAME)
    with django_db_blocker.unblock():
        yield
        django.db.connections.close_all()
    databases.drop(OWNER_URL, NAME)


def pytest_configure(config: pytest.Config) -> None:
    """Let the runs side by side (`-n 2`) load their settings themselves, each after it has named its database."""
    if config.getoption("numprocesses", None):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
