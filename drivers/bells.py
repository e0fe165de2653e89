"""A broker that misbehaves: a proxy before Valkey that doubles, shuffles or drops the doorbells passing through it.

It understands only so much of the protocol as it needs to see a command that puts a message into a queue (LPUSH).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from random import Random
from typing import BinaryIO, Literal
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "thrice", "drop"]


class BellProxy:
    """Listens on the loopback and hands everything on to the broker; `mode` says what becomes of messages."""

    def __init__(self, redis_url: str, *, seed: int) -> None:
        self._parts = urlsplit(redis_url)
        self._dice = Random(seed)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.mode: Mode = "pass"
        self.struck = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address that the processes are told instead of the broker's."""
        port = self._server.getsockname()[1]
        login = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(self._parts._replace(netloc=f"{login}@127.0.0.1:{port}"))

    def close(self) -> None:
        """Stop listening and end all lines."""
        self._server.close()
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        broker = socket.create_connection((self._parts.hostname or "", self._parts.port or 6379))
        self._open |= {client, broker}
        threading.Thread(target=_pour, args=(broker, client), daemon=True).start()
        with contextlib.suppress(OSError, ValueError), client.makefile("rb") as asked:
            for command in _commands(asked):
                broker.sendall(_written(self._bend(command)))
        for line in (client, broker):
            with contextlib.suppress(OSError):
                line.close()
        self._open -= {client, broker}

    def _bend(self, command: list[bytes]) -> list[bytes]:
        """Return the command as it goes on. Each one is answered as the client expects: with a number."""
        if self.mode == "pass" or len(command) != 3 or command[0].upper() != b"LPUSH" or b"hub.jobs" not in command[2]:
            return command
        self.struck += 1
        if self.mode == "drop":
            return [b"LLEN", command[1]]
        push = self._dice.choice((b"LPUSH", b"RPUSH"))
        return [push, command[1], command[2], command[2], command[2]]


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Hand answers on as they come."""
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def _commands(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Yield commands as clients write them: arrays of byte strings."""
    while head := stream.readline():
        if head[:1] != b"*":
            raise ValueError(f"not a command: {head[:40]!r}")
        yield [_argument(stream) for _ in range(int(head[1:]))]


def _argument(stream: BinaryIO) -> bytes:
    size = int(stream.readline()[1:])
    value = stream.read(size)
    stream.read(2)
    return value


def _written(command: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(command) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in command)
