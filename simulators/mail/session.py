"""One SMTP conversation (RFC 5321, with AUTH LOGIN and PLAIN), and the threaded server that holds them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import socket
import socketserver
import threading
from typing import Any

from simulators.faults import SILENCE_SECONDS, Fault
from simulators.mail.faults import TEXTS, refusal_code
from simulators.mail.sink import MailSink

MAX_LINE_BYTES = 10_000
MAX_MAIL_BYTES = 25_000_000
ADDRESS = re.compile(r"<([^<>\s]*)>")


class Hangup(Exception):
    """The conversation is over."""


class SmtpServer:
    """A running SMTP server; `close` also ends the conversations that a fault keeps silent."""

    def __init__(self, sink: MailSink, host: str = "127.0.0.1", port: int = 0) -> None:
        self._sink = sink
        self._server = _Server((host, port), sink)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening and end the conversations."""
        self._sink.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sink: MailSink) -> None:
        self.sink = sink
        super().__init__(address, _Session)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away; anything else is a bug and is printed."""
        import sys  # only on this rare path

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 120
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.sink = self.server.sink
        self.greeted = False
        self.user: str | None = None
        self._forget()

    def _forget(self) -> None:
        self.sender: str | None = None
        self.recipients: list[str] = []

    def handle(self) -> None:
        """Talk until QUIT, a cut or silence."""
        try:
            if not self._struck("connect"):
                self._say(220, "mail.simulator.invalid ESMTP")
            while True:
                verb, _, rest = self._hear().partition(" ")
                self._obey(verb.upper(), rest.strip())
        except Hangup:
            pass

    def _obey(self, verb: str, rest: str) -> None:
        commands = {
            "EHLO": self._ehlo, "HELO": self._helo, "AUTH": self._auth, "MAIL": self._mail, "RCPT": self._rcpt,
            "DATA": self._data, "RSET": self._rset, "NOOP": self._noop, "VRFY": self._vrfy, "QUIT": self._quit,
        }  # fmt: skip
        command = commands.get(verb)
        if command is None:
            self._say(500, "5.5.2 Command unrecognized")
        else:
            command(rest)

    # Commands

    def _ehlo(self, rest: str) -> None:
        if self._struck("ehlo"):
            return
        self.greeted = True
        self._forget()
        self._send_lines(
            250, "mail.simulator.invalid", "AUTH PLAIN LOGIN", "8BITMIME", "SMTPUTF8", f"SIZE {MAX_MAIL_BYTES}"
        )

    def _helo(self, rest: str) -> None:
        if self._struck("ehlo"):
            return
        self.greeted = True
        self._forget()
        self._say(250, "mail.simulator.invalid")

    def _auth(self, rest: str) -> None:
        if self._struck("auth"):
            return
        method, _, initial = rest.partition(" ")
        try:
            user, password = self._credentials(method.upper(), initial)
        except (ValueError, binascii.Error):
            self._say(501, "5.5.2 Cannot decode the credentials")
            return
        if not self.sink.is_known(user, password):
            self._refuse("auth", 535)
            return
        self.user = user
        self._say(235, "2.7.0 Authentication successful")

    def _credentials(self, method: str, initial: str) -> tuple[str, str]:
        if method == "PLAIN":
            _, user, password = _decode(initial or self._ask("")).split("\0")
            return user, password
        if method == "LOGIN":
            user = _decode(initial or self._ask("Username:"))
            return user, _decode(self._ask("Password:"))
        raise ValueError(method)

    def _mail(self, rest: str) -> None:
        address = ADDRESS.search(rest)
        if not self.greeted or self.sender is not None or address is None:
            self._say(503 if address else 501, "5.5.1 Bad sequence or syntax of MAIL")
        elif self.sink.needs_login and self.user is None:
            self._refuse("mail", 530)
        elif not self.sink.may_send_as(self.user, address[1]):
            self._refuse("mail", 553)
        elif not self._struck("mail"):
            self.sender = address[1]
            self._say(250, "2.1.0 Sender ok")

    def _rcpt(self, rest: str) -> None:
        address = ADDRESS.search(rest)
        if self.sender is None or address is None or "@" not in address[1]:
            self._say(503 if address else 501, "5.5.1 Bad sequence or syntax of RCPT")
        elif not self._struck("rcpt", recipient=address[1]):
            self.recipients.append(address[1])
            self._say(250, "2.1.5 Recipient ok")

    def _data(self, rest: str) -> None:
        if not self.recipients:
            self._say(503, "5.5.1 Need RCPT first")
            return
        fault = self._fault("data")
        if fault and fault.kind != "disconnect":
            self._answer_fault("data", fault)
            return
        self._say(354, "End data with <CR><LF>.<CR><LF>")
        if fault:
            self.rfile.readline(MAX_LINE_BYTES)  # cut inside the text, when the sender has begun
            self._cut("data")
        content = self._read_content()
        if content is None:
            self._refuse("dot", 552)
        else:
            self._finish(content)
        self._forget()

    def _finish(self, content: bytes) -> None:
        """Answer the final dot: the ledger line comes first, also when the answer will be lost."""
        fault = self._fault("dot")
        if fault is None:
            line = self._accept(content, "250")
            self._say(250, f"2.0.0 Ok: queued as {line['seq']:08X}")
            return
        if self.sink.faults.is_applied(fault):
            self._accept(content, fault.kind)
        self._answer_fault("dot", fault)

    def _rset(self, rest: str) -> None:
        self._forget()
        self._say(250, "2.0.0 Ok")

    def _noop(self, rest: str) -> None:
        self._say(250, "2.0.0 Ok")

    def _vrfy(self, rest: str) -> None:
        self._say(252, "2.5.2 Cannot verify")

    def _quit(self, rest: str) -> None:
        self._say(221, "2.0.0 Bye")
        raise Hangup

    # Faults

    def _fault(self, stage: str, recipient: str | None = None) -> Fault | None:
        """Pick the fault of a stage; slowness is waited for here and then forgotten."""
        recipient = recipient or (self.recipients[0] if self.recipients else None)
        fault = self.sink.fault_at(stage, user=self.user, recipient=recipient)
        if fault is not None and fault.kind == "slow":
            self.sink.closing.wait(1.0 if fault.seconds is None else fault.seconds)
            return None
        return fault

    def _struck(self, stage: str, recipient: str | None = None) -> bool:
        fault = self._fault(stage, recipient)
        if fault is not None:
            self._answer_fault(stage, fault)
        return fault is not None

    def _answer_fault(self, stage: str, fault: Fault) -> None:
        if fault.kind == "disconnect":
            self._cut(stage)
        if fault.kind in ("timeout_before", "timeout_after"):
            self.sink.closing.wait(SILENCE_SECONDS if fault.seconds is None else fault.seconds)
            self._cut(stage)
        self._refuse(stage, refusal_code(fault, stage))

    def _refuse(self, stage: str, code: int) -> None:
        self._note(stage, code)
        self._say(code, TEXTS[code])
        if code == 421:
            raise Hangup

    def _cut(self, stage: str) -> None:
        self._note(stage, 0)
        with contextlib.suppress(OSError):  # the other side was quicker
            self.connection.shutdown(socket.SHUT_RDWR)
        raise Hangup

    def _note(self, stage: str, code: int) -> None:
        self.sink.refuse(stage=stage, code=code, user=self.user, sender=self.sender, recipients=self.recipients)

    def _accept(self, content: bytes, answer: str) -> dict[str, Any]:
        return self.sink.accept(
            user=self.user, sender=self.sender or "", recipients=list(self.recipients), content=content, answer=answer
        )

    # Lines

    def _hear(self) -> str:
        line = self.rfile.readline(MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise Hangup  # the sender went away, or never ends its line
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _ask(self, challenge: str) -> str:
        self._say(334, base64.b64encode(challenge.encode()).decode())
        answer = self._hear()
        if answer == "*":
            raise ValueError("cancelled")
        return answer

    def _read_content(self) -> bytes | None:
        """Read up to the final dot; None if it was too much."""
        lines: list[bytes] = []
        size = 0
        while True:
            line = self.rfile.readline(MAX_LINE_BYTES)
            if not line:
                raise Hangup  # without the final dot nothing was sent
            if line in (b".\r\n", b".\n"):
                return b"".join(lines) if size <= MAX_MAIL_BYTES else None
            size += len(line)
            if size <= MAX_MAIL_BYTES:
                lines.append(line[1:] if line.startswith(b".") else line)

    def _say(self, code: int, text: str) -> None:
        self._send_lines(code, text)

    def _send_lines(self, code: int, *texts: str) -> None:
        last = len(texts) - 1
        lines = [f"{code}{' ' if number == last else '-'}{text}\r\n" for number, text in enumerate(texts)]
        try:
            self.wfile.write("".join(lines).encode())
        except OSError:
            raise Hangup from None


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()
