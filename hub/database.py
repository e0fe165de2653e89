"""What the database itself must hold besides tables: fences, triggers, and the few functions that look across tenants.

Every app may have a `sql/` folder; its files are run in name order after each migrate and must be repeatable.
"""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from hub.tenancy import install_fences


def sql_files() -> list[Path]:
    """Return the repeatable SQL files of all apps, in app order, then by name."""
    return [
        path
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(settings.BASE_DIR)
        for path in sorted((Path(config.path) / "sql").glob("*.sql"))
    ]


def install() -> None:
    """Install fences and functions; changes nothing when run twice."""
    with transaction.atomic():
        install_fences()
        with connection.cursor() as cursor:
            for path in sql_files():
                cursor.execute(path.read_text())
