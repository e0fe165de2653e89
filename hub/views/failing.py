"""Pages that stand alone: a fault of ours, which asks nothing of what failed, and an address that only a button uses."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from hub.problems import Problem
from hub.web import referrer

log = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Answer for an exception that nobody expected. Its trace follows in the log, by Django; its number is in both."""
    number = uuid.uuid4().hex[:12]
    log.error("page failed (%s): %s %s", number, request.method, request.path)
    return HttpResponseServerError(loader.get_template("500.html").render({"id": number}))


def say_what_is_not_allowed(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: give a refused method a page with a way back. The API says it in its own words; HEAD and OPTIONS have no page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        bare = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.streaming and not response.content
        if not bare or request.method in ("HEAD", "OPTIONS"):
            return response
        problem = Problem(code="only_by_button", status=response.status_code)
        context = {
            "status": problem.status, "title": problem.title(), "what_to_do": problem.advice(),
            "url": way_back(request), "action": _("戻る"),
        }  # fmt: skip
        told = render(request, "error.html", context, status=problem.status)
        told["Allow"] = response["Allow"]
        return told

    return middleware


def way_back(request: HttpRequest) -> str:
    """Return the page of ours that led here, else the nearest above this address, else home."""
    came_from = referrer(request)
    path = urlsplit(came_from).path
    if path not in ("/", request.path) and opens(path):
        return came_from
    return next(filter(opens, _above(request.path)), "/")


def opens(path: str) -> bool:
    """Say whether a page stands at this path that can be opened."""
    try:
        return "GET" in getattr(resolve(path).func, "methods", ("GET",))
    except Resolver404:
        return False


def _above(path: str) -> Iterator[str]:
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
        yield path
