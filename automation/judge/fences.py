"""J9: nothing of one tenant reaches another's world. J10: no secret stands anywhere. J12: every table is fenced, every role ordinary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import connection

from automation.judge.findings import OTHER, Case, Looked
from hub.models import AuditDetail, AuditEntry, Effect, EffectTry
from hub.tenancy import GLOBAL_TABLES
from mailer.models import MailAccount, Message
from orders.models import Order, RejectedPayload, Shop
from warehouses.models import WarehouseRequest

ROWS_WITH_TEXT: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
    (Effect, ("payload", "result", "reason_params")),
    (EffectTry, ("request", "answer")),
    (AuditEntry, ("params",)),
    (AuditDetail, ("before", "after")),
    (RejectedPayload, ("reason", "params")),
    (Message, ("body", "subject")),
    (Shop, ("test_result", "blind_reason", "signature")),
)
"""Where a secret might come to stand by mistake."""


def own_world_only(case: Case) -> Looked:
    """J9, as the world outside saw it: our mail accounts and warehouse contracts carried only our own orders."""
    looked = Looked()
    if case.ledgers is None:
        return looked
    numbers = set(Order.objects.values_list("number", flat=True))
    users = set(MailAccount.objects.exclude(user="").values_list("user", flat=True))
    for mail in case.ledgers.mails:
        if mail.user in users:
            looked.at += 1
            if mail.order not in numbers:
                looked.find(
                    OTHER, f"a mail about {mail.order} went through {mail.user}, whose tenant has no such order"
                )
    references = set(WarehouseRequest.objects.values_list("reference", flat=True))
    contracts = {line["shop"] for line in case.ledgers.warehouse_lines if line.get("reference") in references}
    for line in case.ledgers.warehouse_lines:
        if line["kind"] == "request" and line["shop"] in contracts:
            looked.at += 1
            if line["reference"] not in references:
                looked.find(
                    OTHER, f"request {line['reference']} went through {line['shop']}, another tenant's contract"
                )
    return looked


def no_secret_in_rows(case: Case) -> Looked:
    """J10 in the rows of a tenant: the run's keys, tokens and passwords stand in none of them."""
    looked = Looked()
    canaries = case.ledgers.canaries if case.ledgers is not None else []
    if not canaries:
        return looked
    for model, columns in ROWS_WITH_TEXT:
        for row in model.objects.values("pk", *columns).iterator(chunk_size=1_000):
            looked.at += 1
            text = json.dumps([row[name] for name in columns], ensure_ascii=False, default=str)
            if any(canary in text for canary in canaries):
                looked.find(OTHER, f"a secret stands in {model.__name__} {row['pk']}")
    return looked


def no_secret_in_logs(logs: Path, canaries: list[str]) -> Looked:
    """J10 in the logs of the product's processes."""
    looked = Looked()
    for file in sorted(logs.glob("*.log")) if canaries else []:
        if file.stem in ("rakuten", "rsl", "mail"):
            continue  # the simulators' own
        looked.at += 1
        text = file.read_text(errors="replace")
        if any(canary in text for canary in canaries):
            looked.find(OTHER, f"a secret stands in {file.name}")
    return looked


_UNFENCED = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"""

_OPEN_POLICY = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relrowsecurity
  AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'
                  AND pg_get_expr(p.polqual, p.polrelid) LIKE '%app.tenant_id%')"""

_SINGLE_KEYS = """
SELECT c.conrelid::regclass::text || '.' || c.conname FROM pg_constraint c
JOIN pg_attribute mine ON mine.attrelid = c.conrelid AND mine.attname = 'tenant_id' AND NOT mine.attisdropped
JOIN pg_attribute theirs ON theirs.attrelid = c.confrelid AND theirs.attname = 'tenant_id' AND NOT theirs.attisdropped
WHERE c.contype = 'f' AND NOT (mine.attnum = ANY(c.conkey))"""

_EXEMPT = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)"


def catalogue() -> Looked:
    """J12: row security is forced on every table but the global ones, its policy names the tenant, keys are composite, we are ordinary."""
    looked = Looked()
    with connection.cursor() as cursor:
        for query, text in (
            (_UNFENCED, "row security is not forced on {}"),
            (_OPEN_POLICY, "no policy of {} asks for the tenant"),
            (_SINGLE_KEYS, "the foreign key {} does not carry the tenant"),
            (_EXEMPT, "the running role {} is exempt from row security"),
        ):
            cursor.execute(query.replace("%", "%%"), [])
            for (name,) in cursor.fetchall():
                looked.at += 1
                if name not in GLOBAL_TABLES:
                    looked.find(OTHER, text.format(name))
    looked.at += 1
    return looked
