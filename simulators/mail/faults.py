"""How the mail sink can misbehave: a fault's function is the stage of the SMTP conversation that it strikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulators.faults import Fault, Faults

# Each stage with the refusal that is usual there; the function of a fault is one of these names or "*".
STAGES = {"connect": 421, "ehlo": 421, "auth": 454, "mail": 451, "rcpt": 450, "data": 452, "dot": 451}
REFUSALS = {f"refuse_{code}": code for code in (421, 450, 451, 452, 454, 530, 535, 550, 552, 553, 554)}
# refuse: the usual code of the stage · disconnect: cut the line (at "data": inside the text; at "dot": after it)
MAIL_KINDS = frozenset({"refuse", "disconnect", *REFUSALS})
# timeout_before, timeout_after: silence, at "dot" without or with the mail taken · slow: answer late
USED_KINDS = MAIL_KINDS | {"timeout_before", "timeout_after", "slow"}

TEXTS = {
    421: "4.3.2 Service not available, closing transmission channel",
    450: "4.2.1 Mailbox busy",
    451: "4.3.0 Local error in processing",
    452: "4.3.1 Insufficient system storage",
    454: "4.7.0 Temporary authentication failure",
    530: "5.7.0 Authentication required",
    535: "5.7.8 Authentication credentials invalid",
    550: "5.1.1 User unknown",
    552: "5.3.4 Message too big",
    553: "5.7.1 Sender address rejected",
    554: "5.6.0 Transaction failed",
}


@dataclass(kw_only=True)
class MailFault(Fault):
    """A fault of the sink."""

    kinds: ClassVar[frozenset[str]] = USED_KINDS


class MailFaults(Faults):
    """A plan that knows the sink's own kinds."""

    fault_class = MailFault


def refusal_code(fault: Fault, stage: str) -> int:
    """Return the SMTP code with which a refusing fault answers at this stage."""
    return REFUSALS.get(fault.kind) or STAGES[stage]
