"""`manage.py tick --once`: one round of every stage in this process, without Celery. Also the plain cron line that keeps work going."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hub import stages


class Command(BaseCommand):
    help = "Run what is due at every stage in this process and print what each did."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--once", action="store_true", help="one round of every stage")
        how.add_argument("--until-idle", action="store_true", help="rounds until nothing is due, or --seconds are over")
        parser.add_argument("--seconds", type=float, default=300.0, help="limit of --until-idle (default 300)")

    def handle(self, *args: Any, once: bool, seconds: float, **options: Any) -> None:
        end = time.monotonic() + seconds
        while True:
            rounds = [self._run(stage) for stage in settings.STAGES]
            if once or not any(found.due for found in rounds) or time.monotonic() > end:
                return

    def _run(self, stage: str) -> stages.Round:
        found = stages.tick(stage)
        self.stdout.write(
            f"{stage:<10} due {found.due:>4}  done {found.done:>4}  failed {found.failed:>3}  {found.seconds:7.2f} s"
        )
        return found
