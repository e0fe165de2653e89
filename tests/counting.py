"""How many statements a call costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def statements(call: Callable[[], Any]) -> int:
    """Return the number of statements that the call sent."""
    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)
