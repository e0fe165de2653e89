"""The Celery app. Its messages are doorbells: losing or doubling one changes nothing (hub/jobs.py)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hub"], related_name="jobs")
