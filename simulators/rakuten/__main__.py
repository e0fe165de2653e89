"""Run the mall: `python -m simulators.rakuten --port 9001 --ledger FILE [--seed N] [--faults FILE] [--state FILE]`."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.rakuten.faults import MallFaults
from simulators.rakuten.mall import RakutenMall
from simulators.server import serve_until_stopped

TICK_SECONDS = 0.5


def main() -> None:
    """Serve until stopped; while nobody asks, a tick keeps ledger and late changes up to date."""
    parser = argparse.ArgumentParser(prog="simulators.rakuten", description="A simulated Rakuten mall.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--ledger", type=Path, required=True, help="the file of accepted changes, appended to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=Path, help="a plan of faults as JSON")
    parser.add_argument("--state", type=Path, help="keep shops and orders in this file over a restart")
    args = parser.parse_args()
    clock = Clock()
    faults = MallFaults.load(args.faults) if args.faults else MallFaults(args.seed)
    mall = RakutenMall(clock=clock, ledger=Ledger(args.ledger, clock), seed=args.seed, faults=faults)
    if args.state and args.state.exists():
        mall.restore(args.state)
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(mall, stop), daemon=True)
    ticker.start()
    serve_until_stopped(mall.app, args.host, args.port)
    stop.set()
    ticker.join()
    if args.state:
        mall.save(args.state)


def _tick(mall: RakutenMall, stop: threading.Event) -> None:
    while not stop.wait(TICK_SECONDS):
        mall.catch_up()


if __name__ == "__main__":
    main()
