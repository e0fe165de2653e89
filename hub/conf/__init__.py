"""The only package that knows every app: settings, registry, URLs, Celery. Loading it makes our Celery app the current one."""

from hub.conf.celery import app as celery_app

__all__ = ["celery_app"]
