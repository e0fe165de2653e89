"""Log lines hold no values of rows, whatever goes wrong, and a stranger's text begins no line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import Error, connection

from hub.logs import Formatter
from hub.models import Tenant, User
from hub.tenancy import tenant_transaction
from orders.models import Tag

BUYER, ADDRESS = "見本花子\n東京都千代田区\n090-0000-0001", "taro@example.com"


def logged(act: Callable[[], None]) -> str:
    """What a formatter of ours makes of the exception that the act ends in."""
    try:
        act()
    except (Error, RuntimeError):
        record = logging.LogRecord(
            "hub", logging.ERROR, __file__, 1, "failed: %r", (sys.exc_info()[1],), sys.exc_info()
        )
        return Formatter().format(record)
    raise AssertionError("it was not refused")


def test_what_the_database_says_of_a_row_stays_out_of_the_log(tenant: Tenant) -> None:
    def twice() -> None:
        with tenant_transaction(tenant.pk):
            for _ in range(2):
                Tag.objects.create(name=BUYER)

    def whole_row() -> None:
        nothing: Any = None
        User.objects.create(email=ADDRESS, name=BUYER, language=nothing)

    def as_number() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text::bigint", [BUYER])

    def wrapped() -> None:
        try:
            twice()
        except Error as error:
            raise RuntimeError("saving failed") from error

    for act, place in ((twice, "orders_tag"), (whole_row, "hub_user"), (as_number, "22P02"), (wrapped, "orders_tag")):
        text = logged(act)
        assert "見本花子" not in text
        assert "千代田区" not in text
        assert ADDRESS not in text
        assert place in text, "the place is named"
        assert "Traceback" in text


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_end_in_a_text_begins_no_line_of_ours(end: str) -> None:
    record = logging.LogRecord("hub", logging.INFO, __file__, 1, "path %s", (f"/x{end}2026 ERROR forged",), None)

    assert len(Formatter().format(record).splitlines()) == 1
