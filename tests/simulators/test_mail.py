"""The mail sink: what it takes is in the ledger before the sender hears of it, and each stage can be refused."""

import contextlib
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from simulators.ledger import Ledger, read
from simulators.mail import MailSink
from simulators.mail.control import control_app
from simulators.mail.session import SmtpServer
from simulators.server import mock_handler

BUYER = "buyer-0123@pc.fw.rakuten.example"


@pytest.fixture
def sink(tmp_path: Path) -> MailSink:
    return MailSink(ledger=Ledger(tmp_path / "mail.jsonl"))


@pytest.fixture
def server(sink: MailSink) -> Iterator[SmtpServer]:
    server = SmtpServer(sink)
    yield server
    server.close()


@pytest.fixture
def control(sink: MailSink) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(mock_handler(control_app(sink))), base_url="http://sink")


def mail(
    subject: str = "ご注文ありがとうございます", text: str = "いつもありがとうございます。\n.点で始まる行\n"
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "テスト商店 <shop@example.jp>"
    message["To"] = BUYER
    message["Subject"] = subject
    message["Message-ID"] = "<thanks-1@hub.example>"
    message["X-Hub-Order"] = "123456-20261122-0000000001"
    message["X-Hub-Occasion"] = "thanks:1"
    message.set_content(text)
    return message


def send(server: SmtpServer, message: EmailMessage | None = None, timeout: float = 5, **login: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=timeout) as client:
        if login:
            client.login(login["user"], login["password"])
        client.send_message(message or mail())


def fault(sink: MailSink, **entry: object) -> None:
    sink.faults.replace({"seed": 1, "faults": [entry]})


def test_accepted_mail_is_in_the_ledger_with_its_hub_headers(sink: MailSink, server: SmtpServer) -> None:
    send(server)

    [line] = sink.ledger.lines("mail")
    assert line["envelope"] == {"from": "shop@example.jp", "to": [BUYER]}
    assert line["subject"] == "ご注文ありがとうございます"
    assert line["text"] == "いつもありがとうございます。\n.点で始まる行\n"
    assert line["message_id"] == "<thanks-1@hub.example>"
    assert line["hub"] == {"X-Hub-Occasion": "thanks:1", "X-Hub-Order": "123456-20261122-0000000001"}
    assert line["headers"]["From"] == "テスト商店 <shop@example.jp>"


def test_two_mails_in_one_conversation_are_two_lines(sink: MailSink, server: SmtpServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
        client.send_message(mail("一通目"))
        client.send_message(mail("二通目"))

    assert [line["subject"] for line in sink.ledger.lines("mail")] == ["一通目", "二通目"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_login_is_asked_for_once_an_account_exists(sink: MailSink, server: SmtpServer, mechanism: str) -> None:
    sink.add_account(user="shop", password="secret-123")

    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        send(server)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(server, user="shop", password="wrong")
    with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
        client.ehlo()
        client.user, client.password = "shop", "secret-123"
        code, _ = client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))
        client.send_message(mail())

    assert code == 235
    assert refused.value.smtp_code == 530
    assert [line["user"] for line in sink.ledger.lines("mail")] == ["shop"]


def test_another_sender_than_the_registered_one_is_refused(sink: MailSink, server: SmtpServer) -> None:
    sink.add_account(user="shop", password="secret", sender="other@example.jp")

    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        send(server, user="shop", password="secret")

    assert refused.value.smtp_code == 553
    assert sink.ledger.lines("mail") == []


@pytest.mark.parametrize(
    ("stage", "kind", "code"),
    [
        ("connect", "refuse", 421),
        ("ehlo", "refuse", 421),
        ("mail", "refuse", 451),
        ("rcpt", "refuse", 450),
        ("rcpt", "refuse_550", 550),
        ("data", "refuse", 452),
        ("dot", "refuse", 451),
        ("dot", "refuse_554", 554),
    ],
)
def test_refusal_at_a_stage_takes_nothing_and_the_next_try_goes_through(
    sink: MailSink, server: SmtpServer, stage: str, kind: str, code: int
) -> None:
    fault(sink, kind=kind, function=stage, count=1)

    with pytest.raises((smtplib.SMTPException, OSError)):
        send(server)
    after_refusal = sink.ledger.lines("mail")
    send(server)

    assert after_refusal == []
    assert {(line["stage"], line["code"]) for line in sink.ledger.lines("refused")} == {(stage, code)}
    assert len(sink.ledger.lines("mail")) == 1


@pytest.mark.parametrize(("kind", "taken"), [("timeout_after", 1), ("timeout_before", 0)])
def test_silence_after_the_final_dot(sink: MailSink, server: SmtpServer, kind: str, taken: int) -> None:
    fault(sink, kind=kind, function="dot")

    with pytest.raises((smtplib.SMTPServerDisconnected, TimeoutError)):
        send(server, timeout=0.5)

    assert len(sink.ledger.lines("mail")) == taken


@pytest.mark.parametrize(("stage", "applied", "taken"), [("data", None, 0), ("dot", 0.0, 0), ("dot", 1.0, 1)])
def test_cut_line(sink: MailSink, server: SmtpServer, stage: str, applied: float | None, taken: int) -> None:
    fault(sink, kind="disconnect", function=stage, applied=applied)

    with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
        send(server, mail(text="長い本文\n" * 50_000))

    assert len(sink.ledger.lines("mail")) == taken


def test_sender_that_leaves_before_the_dot_has_sent_nothing(sink: MailSink, server: SmtpServer) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as line:
        line.sendall(b"EHLO x\r\nMAIL FROM:<a@b.jp>\r\nRCPT TO:<c@d.jp>\r\nDATA\r\nSubject: x\r\n\r\nhalf")
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass

    assert sink.ledger.lines("mail") == []


def test_slow_stage_still_answers(sink: MailSink, server: SmtpServer) -> None:
    fault(sink, kind="slow", function="rcpt", seconds=0.05)

    send(server)

    assert len(sink.ledger.lines("mail")) == 1


def test_fault_for_one_recipient_leaves_others_alone(sink: MailSink, server: SmtpServer) -> None:
    fault(sink, kind="refuse_550", function="rcpt", number="gone@example.jp")
    message = mail()
    message.replace_header("To", "gone@example.jp")

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, message)
    send(server)

    assert [line["envelope"]["to"] for line in sink.ledger.lines("mail")] == [[BUYER]]


def test_control_lists_messages_and_takes_faults_and_clock(
    sink: MailSink, server: SmtpServer, control: httpx.Client
) -> None:
    send(server, mail("発送しました"))
    send(server, mail("ご注文ありがとうございます"))

    found = control.get("/_control/messages", params={"to": BUYER.upper(), "subject": "発送"}).json()["messages"]
    clock = control.post("/_control/clock", json={"business_start": "2026-11-25T15:29:59+09:00", "speed": 0}).json()
    bad = control.post("/_control/faults", json={"faults": [{"kind": "no_such"}]})

    assert [line["subject"] for line in found] == ["発送しました"]
    assert clock["now"] == "2026-11-25T15:29:59+09:00"
    assert bad.status_code == 400
    assert control.get("/_control/state").json()["messages"] == 2
    assert control.get("/_control/nothing").status_code == 404


def test_restarted_sink_still_lists_what_its_ledger_holds(sink: MailSink, server: SmtpServer) -> None:
    send(server)

    again = MailSink(ledger=Ledger(sink.ledger.path))

    assert [line["subject"] for line in again.messages()] == ["ご注文ありがとうございます"]
    assert sink.ledger.path is not None
    assert len(read(sink.ledger.path)) == 1
