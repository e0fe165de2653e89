"""The platform app: builds the fences after each migrate."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class HubConfig(AppConfig):
    name = "hub"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in

        from hub import checks, ids, jobs, sessions  # noqa: F401  (registers the system checks; carries doorbells)

        ids.register_in_paths()
        user_logged_in.connect(sessions.signed_in, dispatch_uid="signed in")
        post_migrate.connect(build_fences, dispatch_uid="fences")


def build_fences(app_config: AppConfig, **_: Any) -> None:
    """Run once, after the last app was migrated."""
    from django.apps import apps

    if app_config is list(apps.get_app_configs())[-1]:
        from hub.database import install

        if settings.DATABASE_ROLE_IS_OWNER:
            install()
