"""Conditions from callers: ids in their outside form, faults located, and no probing of personal data without the scope."""

from __future__ import annotations

from typing import Any

from hub.api.problems import ApiError
from orders.conditions import Node, fields_of, parse
from orders.fields import FIELDS

PERSONAL_SUBJECTS = frozenset({"buyer", "recipient"})
PERSONAL_FIELDS = frozenset({"remarks", "remark_left", "memo"})
REGION = frozenset(
    {"buyer_prefecture", "recipient_prefecture", "address_doubt", "recipient_is_buyer", "several_destinations"}
)
"""What anybody may see of a person."""


def read_condition(data: Any, *, personal: bool) -> Node:
    """Return the condition of a body or query. Raises ConditionError, or ApiError 403 for personal fields without the scope."""
    node = parse(data)
    if not personal:
        for key in sorted(fields_of(node)):
            if key in PERSONAL_FIELDS or (FIELDS[key].subject in PERSONAL_SUBJECTS and key not in REGION):
                raise ApiError("scope_needed", 403, field="condition", scope="personal:read")
    return node
