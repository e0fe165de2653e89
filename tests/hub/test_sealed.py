"""The list of sealed columns is the whole list: another column of bytes, or somebody else who seals, is noticed."""

from __future__ import annotations

import ast
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

from hub import secrets
from hub.tenancy import TenantModel, tenant_models

ROOT = Path(settings.BASE_DIR)

NOT_SEALED = {
    "hub.ApiToken.secret_hash", "hub.Invitation.secret_hash", "hub.IdempotencyKey.body_hash", "hub.AuditEntry.digest", "hub.AuditSeal.hash",
    "hub.StoredFile.body", "orders.MallSnapshot.hash", "orders.Order.snapshot_hash", "orders.PollWindow.names_hash",
}  # fmt: skip
"""Bytes that are no boxes: hashes, and files that are erased within days."""

WHO_SEALS = {
    "hub/accounts.py", "hub/secrets.py", "mailer/accounts.py", "orders/intake/fresh.py", "orders/intake/merge.py", "orders/intake/save.py",
    "orders/operations/shops.py", "orders/views/pasted.py", "orders/views/settings/connect.py", "warehouses/settings.py",
}  # fmt: skip
"""Who seals anything. Two keep it in no column: with `connect.py` what was typed travels in the form, with `pasted.py` a long search
lies in the cache for a day."""


def binary_columns() -> set[str]:
    return {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.BinaryField)
    }


def who_seals() -> set[str]:
    found = set()
    for path in ROOT.glob("*/**/*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("tests/", "drivers/", "simulators/", "benches/", ".")):
            continue
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        if {getattr(call, "attr", getattr(call, "id", "")) for call in calls} & {"seal", "seal_box", "seal_text"}:
            found.add(name)
    return found


def test_every_column_that_may_hold_a_box_is_named() -> None:
    named = {f"{one.model}.{one.column}" for one in secrets.SEALED if not one.inside}

    assert binary_columns() - NOT_SEALED == named, (
        "a new column of bytes: name it in hub.secrets.SEALED, or say here that it is none"
    )
    assert not NOT_SEALED & named


def test_nobody_else_seals() -> None:
    assert who_seals() == WHO_SEALS, "who seals into a column names it in hub.secrets.SEALED"


def test_every_place_of_tenants_is_inside_the_fences() -> None:
    of_tenants = [apps.get_model(one.model) for one in secrets.SEALED if not one.inside]

    assert [model for model in of_tenants if not issubclass(model, TenantModel)] == []
    assert set(of_tenants) <= set(tenant_models())
