"""Row *counts*: live counts by status at growing sizes, and their exactness after importers, bulk acts and a killed worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from statistics import median

from benches.measuring import Figure, p95, slope
from benches.shelf import Shelf, calls
from hub.embedded import roles
from hub.tenancy import tenant_transaction
from orders.models import StatusDelta
from orders.queries.counts import fold_deltas, recount, status_counts

CROWD_SECONDS = 6.0


class Counts:
    """Milliseconds of each size; the crowd comes at the last."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.middle: list[float] = []
        self.worst: list[float] = []

    def at(self, shelf: Shelf) -> None:
        """Measure one size, differences folded as the housekeeping leaves them."""
        with tenant_transaction(shelf.house.tenant_id):
            fold_deltas()
        inside, _ = calls(shelf, status_counts, "")
        self.sizes.append(shelf.orders)
        self.middle.append(median(inside))
        self.worst.append(p95(inside))
        if shelf.last:
            self._crowd(shelf)

    def _crowd(self, shelf: Shelf) -> None:
        """Importers, two bulk acts and a folder at once; one of the bulk workers dies by SIGKILL in the middle."""
        urls = {key: roles.with_database(os.environ[key], shelf.name) for key in ("DATABASE_URL", "OWNER_DATABASE_URL")}
        begin = [sys.executable, "-m", "benches.crowd", str(shelf.house.tenant_id), str(shelf.house.shop_id)]
        crowd = [
            subprocess.Popen([*begin, what, str(number)], env={**os.environ, **urls})
            for number, what in enumerate(("import", "bulk", "bulk", "fold"))
        ]
        time.sleep(CROWD_SECONDS)
        crowd[1].send_signal(signal.SIGKILL)
        for process in crowd:
            process.wait(timeout=120)
        ended = [process.returncode for process in crowd]
        with tenant_transaction(shelf.house.tenant_id):
            counted, there = status_counts(), recount()
            self.deltas = StatusDelta.objects.count()
        self.differ = sum(counted.get(key, 0) != there.get(key, 0) for key in {*counted, *there})
        self.ended = (
            "killed and the others done"
            if ended[1] == -signal.SIGKILL and not any(ended[:1] + ended[2:])
            else f"ended with {ended}"
        )
        self.right = self.differ == 0 and self.ended.startswith("killed")

    def figures(self) -> list[Figure]:
        grows = slope(self.sizes, self.middle)
        return [
            Figure(
                row="counts",
                goal="14",
                what="live counts by status",
                limit=f"table size {' / '.join(f'{n:,}' for n in self.sizes)}",
                product=f"{' / '.join(f'{m:.2f}' for m in self.middle)} ms; p95 {self.worst[-1]:.2f} ms",
                ratio=f"slope {grows:.2f}",
                bar="slope ≤ 0.05; p95 ≤ 1 ms",
                met=grows <= 0.05 and self.worst[-1] <= 1,
                data={"sizes": self.sizes, "ms": self.middle, "p95_ms": self.worst},
            ),
            Figure(
                row="counts",
                goal="14",
                what=f"after an importer, two bulk acts and a folder at once: one {self.ended}",
                limit="count(*) by status",
                product=f"{self.deltas} difference rows",
                ratio=f"{self.differ} statuses differ",
                bar="0 differ",
                met=self.right,
                data={"differ": self.differ},
            ),
        ]
