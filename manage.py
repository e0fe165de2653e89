#!/usr/bin/env python
"""Django's command line. Where no database is named it starts the embedded services first."""

import os
import sys

from hub.embedded import environment

AS_OWNER = {"migrate", "sqlmigrate", "showmigrations", "makemigrations"}
WITHOUT_SERVICES = {"setup_roles"}


def main() -> None:
    """Fill the environment and hand over to Django."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_SERVICES:
        environment.fill()
    if command in AS_OWNER:
        os.environ["HUB_AS_OWNER"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")
    from django.core.management import execute_from_command_line  # only now: it reads the environment

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
