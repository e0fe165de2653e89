"""How the core's expected errors read as problems (`hub.problems`). Loaded by `OrdersConfig.ready`."""

from __future__ import annotations

from hub.problems import Problem, teach
from orders import uses  # noqa: F401  (registers who uses rows of settings)
from orders.batches import UnknownAction
from orders.channels import MallBlind, MallDown, Unsupported
from orders.conditions import ConditionError
from orders.operations import edits, holds, parcels, products, shipments, shops, status, undo
from orders.operations.door import TooManyOrders
from orders.queries import BadCursor, NoOrder
from orders.system_tasks import said_by_name


def _of_condition(error: ConditionError) -> Problem:
    params = {**error.params, "path": error.path, "reason": error.message}
    return Problem(
        code="bad_condition",
        status=422,
        field=f"condition{error.path}".rstrip("/"),
        params=params,
        more={"reason": error.code},
    )


def _of_conflict(error: edits.Conflict) -> Problem:
    return Problem(
        code="stale", status=412, more={"revision": error.revision, "theirs": error.theirs, "yours": error.yours}
    )


teach(ConditionError, _of_condition)
teach(edits.Conflict, _of_conflict)
teach(edits.ParcelBusy, lambda e: Problem(code="parcel_busy", params={"state": str(e)}))
teach(parcels.NothingToSplit, lambda e: Problem(code="nothing_to_split", status=422, field="take"))
teach(shipments.NotRecordable, lambda e: Problem(code=e.reason))
teach(status.StatusRetired, lambda e: Problem(code="retired", field="status", params={"name": str(e)}))
teach(products.ProductRetired, lambda e: Problem(code="retired", field="product", params={"name": str(e)}))
teach(holds.CauseStillThere, lambda e: Problem(code="cause_still_there", params={"name": said_by_name(str(e))}))
teach(holds.NeverPassed, lambda e: Problem(code="never_passed", params={"name": said_by_name(str(e))}))
teach(undo.NotUndoable, lambda e: Problem(code="not_undoable", params={"verb": str(e)}))
teach(shops.OtherAccount, lambda e: Problem(code="other_account", params={"known": e.known, "found": e.found}))
teach(shops.AccountTaken, lambda e: Problem(code=f"account_taken_{e.where}"))
teach(shops.TestNeeded, lambda e: Problem(code="test_failed" if e.failed else "test_needed"))
teach(shops.StartsInThePast, lambda e: Problem(code="starts_in_the_past", status=422, field="since"))
teach(shops.TooOld, lambda e: Problem(code="too_old", status=422, field="since", params={"days": shops.OLDEST.days}))
teach(TooManyOrders, lambda e: Problem(code="too_many_orders", status=422, params={"limit": 1_000}))
teach(UnknownAction, lambda e: Problem(code="unknown_action", status=404, params={"action": str(e)}))
teach(BadCursor, lambda e: Problem(code="bad_cursor", status=422, field="after"))
teach(NoOrder, lambda e: Problem(code="not_found", status=404))
teach(MallDown, lambda e: Problem(code="outside_down", status=502, params={"counterpart": "mall"}))
teach(MallBlind, lambda e: Problem(code="mall_blind", status=502, params={"reason": str(e)}))
teach(Unsupported, lambda e: Problem(code="unsupported", params={"what": str(e)}))


def result_code(result: str) -> str:
    """Return the catalogue's code of one result of a shop's live test: silence there is not silence after sending."""
    return "test_no_answer" if result == "no_answer" else result
