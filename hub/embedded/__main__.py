"""`python -m hub.embedded`: start, stop, status, psql-url, url, run COMMAND."""

import argparse
import os
import sys

from hub.embedded import environment, stack
from hub.embedded.state import EmbeddedError


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.embedded", description="The private PostgreSQL and Valkey of this project."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("start", help="start both and print their addresses")
    stopping = verbs.add_parser("stop", help="stop both")
    stopping.add_argument("--unless-used", action="store_true", help="leave them running where a process needs them")
    verbs.add_parser("status", help="say what runs, without passwords")
    verbs.add_parser("psql-url", help="print the superuser's address, for psql")
    running = verbs.add_parser(
        "run", help="run a command with the environment filled in, e.g. run celery -A hub.conf worker"
    )
    running.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    try:
        return _do(given)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


def _do(given: argparse.Namespace) -> int:
    if given.verb == "start":
        urls = stack.ensure()
        print(
            f"DATABASE_URL={urls.database_url}\nOWNER_DATABASE_URL={urls.owner_database_url}\nREDIS_URL={urls.redis_url}"
        )
    elif given.verb == "stop":
        if not stack.stop(unless_used=given.unless_used):
            print("the embedded services are in use; left running")
    elif given.verb == "status":
        for name, what in stack.status().items():
            print(f"{name}: {what}")
    elif given.verb == "psql-url":
        print(stack.ensure().admin_url)
    else:
        if not given.command:
            print("run needs a command", file=sys.stderr)
            return 2
        environment.fill()
        os.execvp(given.command[0], given.command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
