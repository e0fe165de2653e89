"""The words of templates: money, moments, ages, roles. No database."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.utils import translation

from hub.templatetags import hub_ui

AT = datetime(2026, 11, 22, 5, 5, 12, tzinfo=UTC)  # 14:05:12 in Japan


@pytest.fixture(params=["ja", "en"])
def language(request: pytest.FixtureRequest) -> object:
    with translation.override(request.param):
        yield request.param


def test_yen_by_language(language: str) -> None:
    shown = [hub_ui.yen(12340), hub_ui.yen(-500), hub_ui.yen(0), hub_ui.yen(None)]

    assert shown == (["12,340円", "−500円", "0円", "–"] if language == "ja" else ["¥12,340", "−¥500", "¥0", "–"])


def test_moment_is_said_in_japanese_time(language: str) -> None:
    shown = hub_ui.moment(AT)

    assert 'datetime="2026-11-22T14:05:12+09:00"' in shown
    assert (">11/22(日) 14:05<" if language == "ja" else ">Sun 22 Nov 14:05<") in shown
    assert "14:05:12" in shown


def test_day_is_not_moved_by_a_time_zone() -> None:
    with translation.override("ja"):
        assert ">11/22(日)<" in hub_ui.day(date(2026, 11, 22))


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(seconds=59), "数秒"),
        (timedelta(minutes=59), "59分"),
        (timedelta(minutes=90), "1時間30分"),
        (timedelta(hours=31), "31時間"),
        (timedelta(days=3), "3日"),
    ],
)
def test_age_uses_the_clock_of_the_frame(gone: timedelta, words: str) -> None:
    context = {"frame": SimpleNamespace(now=AT)}

    with translation.override("ja"):
        shown = hub_ui.age(context, AT - gone)

    assert f">{words}<" in shown


def test_icon_escapes_its_name() -> None:
    assert "<script>" not in hub_ui.icon('"><script>')


def test_current_marks_the_place_and_what_lies_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_ui, "reverse", {"home": "/", "list": "/orders/"}.__getitem__)
    inside = {"request": RequestFactory().get("/orders/x/")}

    marks = [
        hub_ui.current(inside, "list"),
        hub_ui.current(inside, "home"),
        hub_ui.current({"request": RequestFactory().get("/")}, "home"),
    ]

    assert marks == ['aria-current="true"', "", 'aria-current="page"']
