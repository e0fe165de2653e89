"""Run the mail sink: `python -m simulators.mail --port 9003 --control-port 9013 --ledger FILE`."""

from __future__ import annotations

import argparse

from simulators.clock import Clock
from simulators.ledger import Ledger
from simulators.mail.control import control_app
from simulators.mail.faults import MailFaults
from simulators.mail.session import SmtpServer
from simulators.mail.sink import MailSink
from simulators.server import serve_until_stopped


def main() -> None:
    """Serve SMTP and the control port until SIGTERM."""
    parser = argparse.ArgumentParser(prog="simulators.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9003)
    parser.add_argument("--control-port", type=int, default=9013)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", help="a plan of faults as JSON")
    args = parser.parse_args()
    clock = Clock()
    faults = MailFaults.load(args.faults) if args.faults else MailFaults(args.seed)
    sink = MailSink(clock=clock, ledger=Ledger(args.ledger, clock), faults=faults)
    server = SmtpServer(sink, args.host, args.port)
    serve_until_stopped(control_app(sink), args.host, args.control_port)
    server.close()


if __name__ == "__main__":
    main()
