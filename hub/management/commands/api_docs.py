"""Write `docs/openapi.json` and the table of paths in `docs/api.md` from the code; `--check` says whether they are up to date."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.api.described import openapi, with_table


class Command(BaseCommand):
    help = "Write docs/openapi.json and the table in docs/api.md from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        docs = settings.BASE_DIR / "docs"
        page = (docs / "api.md").read_text()
        wanted = {docs / "openapi.json": openapi(), docs / "api.md": with_table(page)}
        for file, text in wanted.items():
            if options["check"]:
                if not file.exists() or file.read_text() != text:
                    raise CommandError(f"docs/{file.name} is out of date: run `manage.py api_docs`")
            else:
                file.write_text(text)
                self.stdout.write(f"docs/{file.name}")
