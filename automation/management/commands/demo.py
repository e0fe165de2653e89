"""`manage.py demo`: two tenants with a past, orders coming in, until Ctrl-C (drivers/demo.py)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from drivers import demo, place


class Command(BaseCommand):
    help = "Run the demo: embedded services, simulated mall, warehouse and mail, web, worker and beat."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--speed", type=float, default=1.0, help="how much faster than true time business goes")
        parser.add_argument("--past", type=int, default=demo.PAST_ORDERS, help="past orders that the first start makes")

    def handle(self, *args: Any, port: int, speed: float, past: int, **options: Any) -> None:
        try:
            demo.run(port=port, speed=speed, past=past, say=self.say)
        except (place.NoOwner, demo.PortTaken) as missing:
            raise CommandError(str(missing)) from None

    def say(self, text: str) -> None:
        """Print a line at once."""
        self.stdout.write(text)
        self.stdout.flush()
