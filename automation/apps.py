"""Rules: when they look, what they do, why they did."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "automation"

    def ready(self) -> None:
        from automation import observing, words  # noqa: F401  (what rules would do for an observed shop; how errors read)
