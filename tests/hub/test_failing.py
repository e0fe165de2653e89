"""A fault of ours: a page that stands alone, with a number that the log names too, and nothing of what failed."""

from __future__ import annotations

import logging
import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from hub.conf import urls
from hub.models import Tenant
from tests.pages import make_member, signed_in


def fall(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("花子の住所")


urlpatterns = [path("fall/", fall), *urls.urlpatterns]
handler500 = urls.handler500


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("known", [True, False])
def test_the_page_carries_the_number_that_the_log_names(
    tenant: Tenant, caplog: pytest.LogCaptureFixture, known: bool
) -> None:
    client = signed_in(make_member(tenant)) if known else Client()
    client.raise_request_exception = False

    with caplog.at_level(logging.ERROR):
        answer = client.get("/fall/")

    page = answer.content.decode()
    [number] = re.findall(r"data-error-id>([0-9a-f]{12})<", page)
    assert answer.status_code == 500
    assert "花子" not in page
    [line] = [record.getMessage() for record in caplog.records if record.name == "hub.views.failing"]
    assert line == f"page failed ({number}): GET /fall/"
