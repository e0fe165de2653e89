"""The judge: what must hold whatever happened (J1 to J12), checked read-only in the hub's rows and, where given, against ledgers.

It runs at the end of every journey and chaos row against the simulators' ledgers, and every hour in production without any. Each
check is a function that looks at one tenant and returns what it looked at and what it found; `checks` runs them all.
"""

from automation.judge.checks import Judgement, judge

__all__ = ["Judgement", "judge"]
