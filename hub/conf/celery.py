"""The Celery app. Its messages are doorbells: losing or doubling one changes nothing (hub/jobs.py)."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")

app = Celery("hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hub"], related_name="jobs")


@app.on_after_finalize.connect
def configure(sender: Celery, **_: Any) -> None:
    """Give the app its queues, and beat a tick for each stage."""
    from hub import jobs  # late: this module is loaded by the settings themselves

    jobs.configure(sender)


@worker_init.connect
@beat_init.connect
def refuse_exempt_role(**_: Any) -> None:
    """End worker and beat at their start when the fences would not bind their database role."""
    import django
    from django.db import connections

    django.setup()
    from hub import checks  # needs Django set up

    checks.refuse_exempt_role()
    connections.close_all()  # the pool's processes are forked from this one
