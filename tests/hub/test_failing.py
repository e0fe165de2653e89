"""A fault of ours: a page that stands alone, with a number that the log names too, and nothing of what failed. An address not to be opened."""

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


# An address that takes only what a button sends.

BUTTON = "/orders/bulk/"


@pytest.mark.parametrize(
    ("language", "words", "back"),
    [
        ("ja", "このアドレスは、そのままでは開けません", "戻る"),
        ("en", "This address cannot be opened as it is", "Back"),
    ],
)
def test_what_only_a_button_uses_is_told_in_the_language_of_the_person(
    tenant: Tenant, language: str, words: str, back: str
) -> None:
    answer = signed_in(make_member(tenant)).get(BUTTON, headers={"accept-language": language})

    page = answer.content.decode()
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert re.findall(r"data-error-words>([^<]+)<", page)[0].startswith(words)
    assert re.findall(r'class="button primary" href="([^"]+)">([^<]+)<', page) == [("/orders/", back)]


@pytest.mark.parametrize(
    ("path", "referrer", "back"),
    [
        (BUTTON, "http://testserver/attention/?cause=1", "/attention/?cause=1"),
        (BUTTON, f"http://testserver{BUTTON}", "/orders/"),
        (BUTTON, "http://testserver/attention/triage/next/", "/orders/"),
        (BUTTON, "https://evil.example/", "/orders/"),
        ("/sign-out/", "", "/"),
        ("/language/", "", "/"),
    ],
)
def test_the_way_back_is_where_the_person_came_from_or_the_nearest_page(
    tenant: Tenant, path: str, referrer: str, back: str
) -> None:
    page = signed_in(make_member(tenant)).get(path, headers={"referer": referrer}).content.decode()

    assert f'class="button primary" href="{back}"' in page


def test_a_method_refused_to_a_program_keeps_its_form(tenant: Tenant) -> None:
    client = signed_in(make_member(tenant))

    options, api = client.options(BUTTON), client.put("/api/v1/orders")

    assert (options.status_code, options.content, options["Allow"]) == (405, b"", "POST")
    assert api["Content-Type"].startswith("application/problem+json")
