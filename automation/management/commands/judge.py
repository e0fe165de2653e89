"""`manage.py judge`: check J1 to J12, read-only; exit 1 if one fails (automation/judge/)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from automation.judge import judge
from hub.clock import business_now, true_now
from hub.models import Tenant


class Command(BaseCommand):
    help = "Check the invariants J1 to J12 in the rows and, with --ledgers, against what the simulators wrote down."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ledgers", type=Path, help="a folder with mall.jsonl, rsl.jsonl and mail.jsonl")
        parser.add_argument("--json", action="store_true", help="print verdicts and findings as JSON")
        parser.add_argument("--tenant", type=int, action="append", help="only this tenant; may be given several times")

    def handle(self, *args: Any, ledgers: Path | None, json: bool, tenant: list[int] | None, **options: Any) -> None:
        if ledgers is not None and not ledgers.is_dir():
            raise CommandError(f"there is no folder {ledgers}")
        for one in tenant or ():
            if not Tenant.objects.filter(pk=one).exists():
                raise CommandError(f"there is no tenant {one}")
        judgement = judge(now=business_now(), true_now=true_now(), ledgers=ledgers, tenant_ids=tenant)
        if json:
            self.stdout.write(as_json(judgement))
        else:
            for verdict in judgement.verdicts:
                self.stdout.write(verdict.line())
        if not judgement.holds:
            raise SystemExit(1)


def as_json(judgement: Any) -> str:
    """Write the judgement for programs."""
    verdicts = [
        {
            "invariant": verdict.invariant, "what": verdict.what, "holds": verdict.holds, "looked_at": verdict.looked_at,
            "skipped": verdict.skipped, "findings": [{"count": one.count, "text": one.text} for one in verdict.findings],
        }
        for verdict in judgement.verdicts
    ]  # fmt: skip
    return json.dumps({"holds": judgement.holds, **judgement.sums, "verdicts": verdicts}, ensure_ascii=False, indent=1)
