#!/usr/bin/env python
"""Django's command line. Where no database is named it starts the embedded services first."""

import os
import sys

from hub.embedded import environment

AS_OWNER = {"migrate", "sqlmigrate", "showmigrations", "makemigrations"}
WITHOUT_DATABASE = {"setup_roles", "makemessages", "compilemessages", "collectstatic", "spectacular", "help", "check"}


def main() -> None:
    """Run the command. A setting that is missing or malformed ends it with one line, or with the trace where that is asked for."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        run()
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


def run() -> None:
    """Fill the environment, refuse a database role that the fences do not bind, and hand over to Django."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command != "setup_roles":
        environment.fill()
    if command in AS_OWNER:
        os.environ["HUB_AS_OWNER"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")
    # Django and what needs it: only now, because settings read the environment.
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line

    if command not in ("setup_roles", "help"):
        _ = settings.INSTALLED_APPS  # reads them all: Django itself goes on without what it could not read
    if command not in AS_OWNER | WITHOUT_DATABASE:
        django.setup()
        from hub.checks import refuse_exempt_role

        refuse_exempt_role()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
