"""The mail sink: an SMTP server that takes every mail, writes it to a ledger, and can refuse or fall silent at any stage."""

from simulators.mail.sink import MailSink

__all__ = ["MailSink"]
