"""`manage.py chaos`: faults, one line a row (drivers/chaos.py)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from drivers import chaos, place
from drivers.rows import ROWS, chosen


class Command(BaseCommand):
    help = "Let faults strike while orders go their way; every row must end with nothing lost and nothing twice."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows", default=",".join(map(str, ROWS)), help="numbers of the reliability page, e.g. 1,5,23"
        )
        parser.add_argument("--size", choices=list(chaos.SIZES), default="c", help="c: 300 orders a row, n: 5,000")
        parser.add_argument("--orders", type=int, help="another number of orders a row")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, rows: str, size: str, orders: int | None, seed: int, **options: Any) -> None:
        try:
            ok = chaos.run(rows=chosen(rows), size=size, orders=orders, seed=seed, say=self.say)
        except (place.NoOwner, ValueError) as wrong:
            raise CommandError(str(wrong)) from None
        if not ok:
            raise SystemExit(1)

    def say(self, text: str) -> None:
        """Print a line at once: a run is long and is watched."""
        self.stdout.write(text)
        self.stdout.flush()
