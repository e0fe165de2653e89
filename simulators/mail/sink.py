"""What the sink knows: accounts, faults and the messages it took. The conversation itself is in `session`."""

from __future__ import annotations

import email
import email.policy
import hmac
import threading
from collections import Counter
from email.message import EmailMessage
from typing import Any

from simulators.clock import Clock
from simulators.faults import Fault
from simulators.ledger import Ledger
from simulators.mail.faults import USED_KINDS, MailFaults

KEPT_HEADERS = ("From", "To", "Cc", "Reply-To", "Return-Path", "Date", "Subject", "Message-ID", "Auto-Submitted")


class MailSink:
    """Take mails into a ledger; without accounts any user, or none, may send."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        faults: MailFaults | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock or Clock()
        self.ledger = ledger or Ledger(clock=self.clock)
        self.faults = faults or MailFaults(seed)
        self.closing = threading.Event()
        self.counts: Counter[str] = Counter()
        self._accounts: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._messages = self.ledger.lines("mail")

    @property
    def needs_login(self) -> bool:
        """Say whether a sender must log in: from the first account on."""
        return bool(self._accounts)

    def add_account(self, *, user: str, password: str, sender: str | None = None) -> dict[str, Any]:
        """Add or replace an account; with a sender, mail from any other address is refused."""
        with self._lock:
            self._accounts[user] = {"password": password, "sender": sender}
        return {"user": user, "sender": sender}

    def is_known(self, user: str, password: str) -> bool:
        """Check a login."""
        if not self._accounts:
            return True
        account = self._accounts.get(user)
        return account is not None and hmac.compare_digest(account["password"].encode(), password.encode())

    def may_send_as(self, user: str | None, sender: str) -> bool:
        """Say whether the account's registered sender allows this address."""
        registered = self._accounts.get(user or "", {}).get("sender")
        return registered is None or registered.lower() == sender.lower()

    def fault_at(self, stage: str, *, user: str | None = None, recipient: str | None = None) -> Fault | None:
        """Throw the dice for one stage of one conversation."""
        return self.faults.pick(stage, USED_KINDS, now=self.clock.now(), shop=user, number=recipient)

    def accept(
        self, *, user: str | None, sender: str, recipients: list[str], content: bytes, answer: str
    ) -> dict[str, Any]:
        """Write a mail to the ledger; `answer` says what the sender will hear afterwards (250, silence, a code, a cut)."""
        with self._lock:
            line = self.ledger.write(
                "mail",
                **{
                    "user": user,
                    "envelope": {"from": sender, "to": recipients},
                    "answer": answer,
                    **read_mail(content),
                },
            )
            self._messages.append(line)
            self.counts["accepted"] += 1
        return line

    def refuse(self, *, stage: str, code: int, user: str | None, sender: str | None, recipients: list[str]) -> None:
        """Note a refusal, so that a test can see that its fault struck."""
        with self._lock:
            self.ledger.write("refused", stage=stage, code=code, user=user, envelope={"from": sender, "to": recipients})
            self.counts[f"refused_{stage}"] += 1

    def messages(self, *, to: str | None = None, subject: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
        """Return the newest messages, oldest first; `to` is a whole address, `subject` a part of it."""
        with self._lock:
            found = [
                line
                for line in self._messages
                if (to is None or to.lower() in (address.lower() for address in line["envelope"]["to"]))
                and (subject is None or subject in line["subject"])
            ]
        return found[-limit:]

    def state(self) -> dict[str, Any]:
        """Describe the sink."""
        with self._lock:
            return {
                "clock": self.clock.to_json(),
                "faults": self.faults.to_json(),
                "accounts": [{"user": user, "sender": row["sender"]} for user, row in self._accounts.items()],
                "messages": len(self._messages),
                "counts": dict(self.counts),
            }


def read_mail(content: bytes) -> dict[str, Any]:
    """Pick out of a mail what the ledger keeps: subject, Message-ID, kept headers, every X-Hub-* header, texts."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    names = {name for name in message.keys() if name.lower().startswith("x-hub-")}  # noqa: SIM118 not a dict
    return {
        "message_id": str(message.get("Message-ID", "")).strip(),
        "subject": str(message.get("Subject", "")),
        "headers": {name: str(message[name]) for name in KEPT_HEADERS if name in message},
        "hub": {name: str(message[name]) for name in sorted(names)},
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "attachments": [part.get_filename() for part in message.iter_attachments()],
        "size": len(content),
    }


def _body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, UnicodeError):  # a charset that Python does not know
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
