"""Named crash points, so that tests can kill the process between any two commits of the delivery path.

A no-op unless HUB_CRASH names the point (`effects.after_mark`, optionally `:n` for the n-th passage); then the process ends at once,
as by kill -9. With `:n:freeze` every n-th passage freezes it, as by SIGSTOP, until somebody lets it go on. Names are listed by
`tests/test_crash_points.py`, which fails when a commit has no point around it.
"""

import os
import signal
from collections import Counter

_WANTED, _, _REST = os.environ.get("HUB_CRASH", "").partition(":")
_NTH, _, _HOW = _REST.partition(":")
_passed: Counter[str] = Counter()


def crash(name: str) -> None:
    """End or freeze the process here when the environment asks for it."""
    if name != _WANTED:
        return
    _passed[name] += 1
    if _HOW == "freeze":
        if _passed[name] % int(_NTH) == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
    elif _passed[name] >= int(_NTH or 1):
        os._exit(9)
