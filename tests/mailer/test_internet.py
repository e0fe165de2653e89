"""Servers that tenants name reach only the public internet, by ports of mail (promise G33)."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.test.utils import override_settings

from hub.internet import is_public
from mailer.smtp import Conversation, Failed, Server

PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "198.18.0.1", "192.0.0.8", "240.0.0.1", "::1", "::", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::a00:1", "2002:0a00:0001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00::1", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_lead_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "133.237.16.1", "2001:4860:4860::8888", "2404:6800:4004::1"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@override_settings(PRODUCTION=True)
@pytest.mark.parametrize(
    ("found", "port"), [(["127.0.0.1"], 587), (["8.8.8.8", "10.0.0.1"], 587), (["64:ff9b::a00:1"], 25), (["8.8.8.8"], 6379), (["8.8.8.8"], 22)]
)  # fmt: skip
def test_no_line_is_opened_to_them(found: list[str], port: int, monkeypatch: Any) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, port)) for address in found])
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: opened.append(args))

    with pytest.raises(Failed):
        Conversation(Server(host="smtp.example.jp", port=port, security="none"))

    assert opened == []
