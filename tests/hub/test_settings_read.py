"""A missing or malformed setting stops the start with its name and what is wanted, and never shows its value."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub import secrets
from hub.conf import reading
from tests.markdown import ROOT

HIDDEN = "s3cret"


def of_database(name: str) -> Any:
    return reading.database(name, "postgresql://…")


def of_outside(name: str) -> Any:
    return reading.web_address(name, default="https://api.example.jp", only_https=True)


def of_time(name: str) -> Any:
    return reading.seconds(name, default=5.0)


def of_switch(name: str) -> Any:
    return reading.switch(name, default=True)


def of_number(name: str) -> Any:
    return reading.count(name, default=0)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (of_database, HIDDEN), (of_database, f"mysql://hub:{HIDDEN}@db/hub"), (of_database, f"postgresql://hub:{HIDDEN}@db"),
        (of_database, f"postgresql://hub:{HIDDEN}@/hub"), (of_database, f"postgresql://hub:{HIDDEN}@db:port/hub"),
        (reading.mail, HIDDEN), (reading.mail, f"smtp+tls://hub:{HIDDEN}@"), (reading.mail, f"smtp://hub:{HIDDEN}@host:port"),
        (of_outside, HIDDEN), (of_outside, f"http://{HIDDEN}.example.jp"), (of_outside, f"ftp://{HIDDEN}"), (of_outside, ""),
        (of_time, HIDDEN), (of_time, "0"), (of_time, "-3"), (of_time, "nan"), (of_time, "inf"), (of_time, ""),
        (of_switch, HIDDEN), (of_switch, ""), (of_number, HIDDEN), (of_number, "-1"), (of_number, "1.5"),
    ],
)  # fmt: skip
def test_a_malformed_setting_is_named_and_its_value_is_not(
    read: Callable[[str], Any], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SETTING", value)

    with pytest.raises(
        ImproperlyConfigured, match=r"A_SETTING is malformed: wanted .+|A_SETTING is not set: .+"
    ) as caught:
        read("A_SETTING")

    assert HIDDEN not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_well_formed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", "postgresql://hub:pw@db:5433/orders")
    monkeypatch.setenv("ELSEWHERE", "http://127.0.0.1:9001")
    monkeypatch.setenv("PACE", "0.02")
    monkeypatch.setenv("LIGHT", "off")

    assert (of_database("DB")["NAME"], of_database("DB")["PORT"]) == ("orders", 5433)
    assert reading.web_address("ELSEWHERE", default="") == "http://127.0.0.1:9001"
    assert reading.web_address("NOT_GIVEN", default="") == ""
    assert (of_time("PACE"), of_switch("LIGHT"), of_number("NOT_GIVEN")) == (0.02, False, 0)
    assert reading.mail("NOT_GIVEN") == {}


@pytest.mark.parametrize("ring", ["k1", "k1:AAAA", ":" + "A" * 43 + "=", "k1:!!"])
def test_a_malformed_key_ring_is_named(ring: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CREDENTIAL_KEYS entry 1"):
        secrets.check_ring(ring)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("SECRET_KEY", "too short", "SECRET_KEY is malformed: wanted 50 or more random characters"),
        ("EMAIL_URL", "", "EMAIL_URL is not set: smtp+tls://user:password@host:587 (mail of the system itself)"),
        ("RAKUTEN_BASE_URL", "http://127.0.0.1:1", "RAKUTEN_BASE_URL is malformed: wanted https://host"),
    ],
)
def test_a_start_ends_with_one_line(name: str, value: str, line: str) -> None:
    production = {"HUB_ENV": "production", "SECRET_KEY": "s" * 50, "EMAIL_URL": "consolemail://", "MFA": "required"}
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env={**os.environ, **production, name: value},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (ended.returncode, ended.stderr.strip()) == (1, line)
