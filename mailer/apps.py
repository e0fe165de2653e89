"""Mail to buyers."""

from django.apps import AppConfig


class MailerConfig(AppConfig):
    name = "mailer"

    def ready(self) -> None:
        from mailer import words  # noqa: F401  (how errors read)
