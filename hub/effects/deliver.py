"""The deliver stage: one lane's due effects are claimed, sent or looked for, and settled (promises G11 to G16).

The order of commits is claim, mark, settle, with the call between mark and settle; no transaction is open while speaking.
"""

from __future__ import annotations

import logging
import time

from hub import stages
from hub.effects import claims
from hub.effects.carrying import Carrier
from hub.effects.delivery import LostClaim

log = logging.getLogger(__name__)

TURN_SECONDS = 20.0
"""After so long the lane waits for its next turn, so that lanes are served in turn."""


def work(tenant_id: int, lane_id: int) -> int:
    """Deliver what is due in one lane; return how many effects were taken up. Rings again when its turn is over too early."""
    taken = 0
    began = time.monotonic()
    while not stages.stopping():
        claim = claims.take(tenant_id, lane_id)
        if claim is None:
            return taken
        taken += len(claim.effects)
        try:
            Carrier(claim).carry(claim.effects)
        except LostClaim:
            log.warning("lane %s was taken over while we spoke; nothing more is written", claim.lane)
        claims.release(claim)
        if time.monotonic() - began > TURN_SECONDS:
            stages.kick("deliver", tenant_id, lane_id)
            return taken
    return taken
