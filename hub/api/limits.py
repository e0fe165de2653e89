"""Ten calls a second for each token, kept on its row: one short UPDATE, no lock held over the call, no Redis needed.

The row holds when the next call would be on time at an even rate; a call may come up to a burst earlier (a leaky bucket).
"""

from __future__ import annotations

import math

from django.db import connection

from hub.api.problems import ApiError
from hub.tenancy import tenant_transaction

CALLS_A_SECOND = 10

_TAKE = """
UPDATE hub_apitoken SET
    window_start = greatest(window_start, clock_timestamp()) + make_interval(secs => %(gap)s),
    last_used_at = clock_timestamp()
WHERE id = %(token)s AND revoked_at IS NULL AND expires_at > clock_timestamp()
  AND (window_start IS NULL OR window_start <= clock_timestamp() + make_interval(secs => %(burst)s))
RETURNING name, scopes"""

_WAIT = """SELECT extract(epoch FROM window_start - clock_timestamp()) - %(burst)s FROM hub_apitoken
WHERE id = %(token)s AND revoked_at IS NULL AND expires_at > clock_timestamp()"""


def take_call(tenant_id: int, token_id: int) -> tuple[str, list[str]]:
    """Count one call of the token; return its name and scopes. Raises ApiError 429 with Retry-After, or 401 if it ended just now."""
    gap = 1.0 / CALLS_A_SECOND
    values = {"token": token_id, "gap": gap, "burst": 1.0 - gap}
    with tenant_transaction(tenant_id), connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        taken = cursor.fetchone()
        if taken is not None:
            return taken[0], taken[1]
        cursor.execute(_WAIT, values)
        left = cursor.fetchone()
    if left is None:
        raise ApiError("not_signed_in", 401, headers={"WWW-Authenticate": 'Bearer realm="hub"'})
    wait = max(1, math.ceil(float(left[0])))
    raise ApiError("too_many_calls", 429, headers={"Retry-After": str(wait)}, limit=CALLS_A_SECOND)
