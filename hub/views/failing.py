"""The page of a fault of ours: it asks nothing of what failed, and carries a number that the log names too."""

from __future__ import annotations

import logging
import uuid

from django.http import HttpRequest, HttpResponseServerError
from django.template import loader

log = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Answer for an exception that nobody expected. Its trace follows in the log, by Django."""
    number = uuid.uuid4().hex[:12]
    log.error("page failed (%s): %s %s", number, request.method, request.path)
    return HttpResponseServerError(loader.get_template("500.html").render({"id": number}))
