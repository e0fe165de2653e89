"""Rules: when they look, what they do, why they did."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "automation"

    def ready(self) -> None:
        from automation import words  # noqa: F401  (how errors read, and who uses what)
