"""`manage.py journey`: the main job to its end, judged (drivers/journey.py)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from drivers import journey, place


class Command(BaseCommand):
    help = "Place orders at a simulated mall and follow them to their end, through real processes, then judge."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=300)
        parser.add_argument("--shops", type=int, default=4)
        parser.add_argument("--faults", choices=["none", "some", "many"], default="none")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, orders: int, shops: int, faults: str, seed: int, **options: Any) -> None:
        try:
            ok = journey.run(orders=orders, shops=shops, faults_level=faults, seed=seed, say=self.say)
        except place.NoOwner as missing:
            raise CommandError(str(missing)) from None
        if not ok:
            raise SystemExit(1)

    def say(self, text: str) -> None:
        """Print a line at once: a run is long and is watched."""
        self.stdout.write(text)
        self.stdout.flush()
