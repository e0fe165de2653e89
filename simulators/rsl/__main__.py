"""Run the simulated warehouse: `python -m simulators.rsl --port 9002 --ledger FILE`."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rsl.app import RslWarehouse
from simulators.rsl.faults import RslFaults
from simulators.server import serve_until_stopped

TICK_SECONDS = 0.25


def main() -> None:
    """Serve until SIGTERM; a thread lets things happen between calls, so that the ledger is never behind."""
    parser = argparse.ArgumentParser(prog="simulators.rsl", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9002)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", help="a plan of faults as JSON")
    parser.add_argument("--state", type=Path, help="keep accounts and shipments in this file over a restart")
    args = parser.parse_args()
    clock = Clock()
    faults = RslFaults.load(args.faults) if args.faults else RslFaults(args.seed)
    warehouse = RslWarehouse(clock=clock, ledger=Ledger(args.ledger, clock), faults=faults, seed=args.seed)
    if args.state and args.state.exists():
        warehouse.restore(args.state)
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(TICK_SECONDS):
            warehouse.run_due()

    threading.Thread(target=tick, daemon=True).start()
    serve_until_stopped(warehouse.app, args.host, args.port)
    stop.set()
    if args.state:
        warehouse.save(args.state)


if __name__ == "__main__":
    main()
