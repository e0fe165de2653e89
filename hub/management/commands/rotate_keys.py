"""`manage.py rotate_keys [--dry-run]`: put everything that is sealed under the newest key of CREDENTIAL_KEYS (promise G30)."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub import rotation, secrets
from hub.rotation import BATCH, Place

EVERY = 20
"""Batches between two lines about a long place."""


class Command(BaseCommand):
    help = (
        "Seal anew, with the newest key of CREDENTIAL_KEYS, what is sealed with an older one, and say under which keys anything is "
        "left. May be ended at any moment and begun again, beside the running product."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--batch", type=int, default=BATCH, help="rows of one transaction (default: %(default)s)")

    def handle(self, *args: Any, dry_run: bool, batch: int, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch: at least 1")
        newest, *older = secrets.key_ids()
        self.stdout.write(f"newest key: {newest}; older keys in the ring: {', '.join(older) or 'none'}")
        lost = {place: found for place in rotation.places() if (found := self._turn(place, dry_run, batch))}
        left = self._count()
        for line in _told(lost):
            self.stdout.write(line)
        if n := sum(map(len, lost.values())):
            raise CommandError(
                f"{n} rows cannot be opened; they stand as they were. Put the key they name back into CREDENTIAL_KEYS, behind the newest, "
                "and run this again; or enter anew what they hold."
            )
        if not dry_run and (still := sum(n for key_id, n in left.items() if key_id != newest)):
            raise CommandError(
                f"{still} are under an older key still: a process goes on sealing with it. Restart all with the new CREDENTIAL_KEYS, "
                "then run this again."
            )

    def _turn(self, place: Place, dry_run: bool, batch: int) -> dict[int, str]:
        """Rotate a place, or only look at it, and return what cannot be opened."""
        if dry_run:
            return rotation.find_unknown(place)
        batches = 0

        def tell(done: int) -> None:
            nonlocal batches
            batches += 1
            if batches % EVERY == 0:
                self.stdout.write(f"{place}: {done} so far")

        turn = rotation.rotate(place, size=batch, tell=tell)
        if turn.resealed:
            self.stdout.write(f"{place}: {turn.resealed} sealed anew")
        return turn.lost

    def _count(self) -> Counter[str]:
        """Print how much is under which key, by table, and what that means for each key; return the sums by key."""
        by_table: dict[str, Counter[str]] = defaultdict(Counter)
        for place in rotation.places():
            by_table[place.table].update(rotation.count_keys(place))
        for table, counts in by_table.items():
            said = ", ".join(f"{n} under {key_id}" for key_id, n in sorted(counts.items()))
            self.stdout.write(f"{table}: {said or 'empty'}")
        sums: Counter[str] = sum(by_table.values(), Counter())
        for key_id in secrets.key_ids()[1:]:
            if sums[key_id]:
                self.stdout.write(f"{sums[key_id]} are left under key {key_id}: keep it")
            else:
                self.stdout.write(f"nothing is left under key {key_id}: it may be removed")
        return sums


def _told(lost: dict[Place, dict[int, str]]) -> Iterator[str]:
    """Say what cannot be opened: a line for each place and reason, with the ids."""
    for place, rows in lost.items():
        for why in sorted(set(rows.values())):
            ids = ", ".join(str(pk) for pk, reason in sorted(rows.items()) if reason == why)
            yield f"{place}: cannot be opened ({why}): id {ids}"
