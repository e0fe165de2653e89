"""One SMTP conversation, and what each way of failing means: all before the final dot is certain, silence after it is not.

It neither logs nor repeats. Django's mail backend is not used because it hides at which stage a mail failed.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings

from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.http import refuse_inside_transaction
from hub.internet import is_public

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
GOODBYE_SECONDS = 2.0
KEPT_TEXT = 500
_LOCAL_PART = re.compile(r"[^\s<>@,;:\"'()]+@")
PORTS = (25, 465, 587, 2525)
SECURITY = ("starttls", "ssl", "none")


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where to speak to and as whom; an empty user sends without a login."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""


class Failed(Exception):
    """The conversation came to an end without a mail taken: `outcome` says what it means, `stage` where."""

    def __init__(self, outcome: NotDone | Refused, stage: str, code: int = 0) -> None:
        super().__init__(f"{stage} {code}")
        self.outcome = outcome
        self.stage = stage
        self.code = code


class PrivateAddress(OSError):
    """The server's name leads into a private network."""


class Conversation:
    """An open line to a server, logged in. `with` closes it; `send` may be called again and again while `alive`."""

    def __init__(self, server: Server) -> None:
        """Connect, greet, secure and log in, within 20 seconds in all. Raises Failed."""
        refuse_inside_transaction()
        self.alive = False
        self._stage = "connect"
        self._client = _Secured() if server.security == "ssl" else _Plain()
        try:
            with self._bounded():
                self._open(server)
        except BaseException:
            self._client.close()
            raise
        self.alive = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, *, sender: str, recipient: str, content: bytes, before_dot: Callable[[], None]) -> Outcome:
        """Hand one mail over, within 20 seconds. `before_dot` runs when only the dot is missing; what it raises is passed on
        and the mail is surely not sent. Raises Failed for what is certain."""
        refuse_inside_transaction()
        try:
            with self._bounded():
                self._ask("mail", "MAIL", f"FROM:<{sender}>")
                self._ask("rcpt", "RCPT", f"TO:<{recipient}>")
                self._ask("data", "DATA", "", wanted=354)
                self._stage = "content"
                self._client.send(_dot_stuffed(content))
                before_dot()
                return self._end()
        except BaseException as error:
            if not (isinstance(error, Failed) and error.code and error.code != 421):
                self.close()
            raise

    def close(self) -> None:
        """End the conversation; an open mail is given up, never finished."""
        line = self._client.sock
        if self.alive and self._stage == "end" and line is not None:
            with _quietly():
                line.settimeout(GOODBYE_SECONDS)
                self._client.quit()
        self.alive = False
        self._client.close()

    def _open(self, server: Server) -> None:
        code, text = self._client.connect(server.host, server.port)
        self._check(code, text, 220)
        self._stage = "ehlo"
        code, text = self._client.ehlo()
        self._check(code, text, 250)
        if server.security == "starttls":
            self._stage = "starttls"
            self._client.starttls(context=ssl.create_default_context())
            self._client.ehlo()
        if server.user:
            self._stage = "auth"
            self._client.login(server.user, server.password)
        self._stage = "end"

    def _ask(self, stage: str, verb: str, rest: str, wanted: int = 250) -> None:
        self._stage = stage
        code, text = self._client.docmd(verb, rest)
        if not (code == wanted or (stage == "rcpt" and code == 251)):
            if code != 421:
                with _quietly():
                    self._client.docmd("RSET")
                self._stage = "end"
            raise _refusal(stage, code, text)

    def _end(self) -> Outcome:
        self._stage = "dot"
        try:
            self._client.send(b".\r\n")
            code, text = self._client.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Unsure(reason="no_answer", detail=type(error).__name__)
        self._stage = "end"
        if code == 250:
            return Receipt(data={"answer": _readable(text)})
        raise _refusal("dot", code, text)

    def _check(self, code: int, text: bytes, wanted: int) -> None:
        if code != wanted:
            raise _refusal(self._stage, code, text)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cut the line when 20 seconds are over, however slowly the other side drips; put errors into words."""
        guard = threading.Timer(settings.CALL_SECONDS, self._cut)
        guard.daemon = True
        guard.start()
        try:
            yield
        except Failed:
            raise
        except smtplib.SMTPAuthenticationError as error:
            raise _refusal("auth", error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(self._stage, error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise Failed(NotDone(reason="not_supported", detail=self._stage, blind=True), self._stage) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            detail = f"{self._stage}: {type(error).__name__}"
            raise Failed(NotDone(reason="no_connection", detail=detail), self._stage) from None
        finally:
            guard.cancel()

    def _cut(self) -> None:
        line = self._client.sock
        with _quietly():
            if line is not None:
                line.shutdown(socket.SHUT_RDWR)


def _refusal(stage: str, code: int, text: bytes | str) -> Failed:
    """Say what a refusing answer means: the recipient and the content are about this mail, all else about the account or the line."""
    said = f"{code} {_readable(text)}"
    about_this_mail = stage in ("rcpt", "data", "dot") and code not in (421, 530, 535)
    outcome: NotDone | Refused
    if code >= 500 and about_this_mail:
        outcome = Refused(
            reason="recipient_refused" if stage == "rcpt" else "mail_refused", detail=said, params={"stage": stage}
        )
    elif code >= 500:
        reason = {"auth": "login_refused", "mail": "sender_refused"}.get(stage, "server_refused")
        outcome = NotDone(reason=reason, detail=said, blind=True)
    else:
        outcome = NotDone(reason="try_later", detail=said, line=not (about_this_mail and stage in ("rcpt", "dot")))
    return Failed(outcome, stage, code)


def _readable(text: bytes | str) -> str:
    """Return a server's answer in one line, without whose address it speaks of: it is kept where many people look."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return _LOCAL_PART.sub("…@", " ".join(said.split()))[:KEPT_TEXT]


def _dot_stuffed(content: bytes) -> bytes:
    return re.sub(rb"(?m)^\.", b"..", content if content.endswith(b"\r\n") else content + b"\r\n")


@contextmanager
def _quietly() -> Iterator[None]:
    """For goodbyes: whether they are heard changes nothing."""
    try:
        yield
    except (OSError, smtplib.SMTPException):
        return


def _addresses(host: str, port: int) -> list[tuple[str, int]]:
    """Resolve a host that a tenant typed. In production every address must be public, and the port one of mail (promise G33)."""
    found = [row[4] for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    pairs = [(str(row[0]), int(row[1])) for row in found]
    if settings.PRODUCTION and not (port in PORTS and all(is_public(address) for address, _ in pairs)):
        raise PrivateAddress(host)
    return list(dict.fromkeys(pairs))


def _connected(host: str, port: int) -> socket.socket:
    last: OSError = OSError("no address")
    for address in _addresses(host, port)[:2]:
        try:
            line = socket.create_connection(address, timeout=CONNECT_SECONDS)
        except OSError as error:
            last = error
            continue
        line.settimeout(ANSWER_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the lone dot waits for a delayed answer
        return line
    raise last


def _own_name() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "localhost"


class _Plain(smtplib.SMTP):
    def __init__(self) -> None:
        super().__init__(local_hostname=_own_name(), timeout=ANSWER_SECONDS)

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        self._host = host
        return super().connect(host, port)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _connected(host, port)


class _Secured(_Plain):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return ssl.create_default_context().wrap_socket(_connected(host, port), server_hostname=host)
