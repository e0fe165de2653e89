"""Everything that leaves: decided once as a row, in flight once under a lane's token, looked for when the answer is lost.

The states and the order of commits are promises G10 to G18. `queue` writes decisions, `deliver` is the stage that keeps them,
`operations` is what people may do to what stopped, `queries` is what screens show.
"""

from hub.effects.delivery import Delivery, LineDown, LostClaim, Stopping
from hub.effects.handlers import Absent_, Found, Handler, StillOpen
from hub.effects.outcomes import NotDone, Outcome, Receipt, Refused, Unsure
from hub.effects.queue import Wish, enqueue, enqueue_all

__all__ = [
    "Absent_", "Delivery", "Found", "Handler", "LineDown", "LostClaim", "NotDone", "Outcome", "Receipt", "Refused", "StillOpen",
    "Stopping", "Unsure", "Wish", "enqueue", "enqueue_all",
]  # fmt: skip
