"""Plans of faults for the simulators: none, some, many. What strikes is seeded; what applies late does so within the quiet time."""

from __future__ import annotations

from typing import Any

from drivers.outside import Outside

SILENCE = 1.0
LATE = 2.5
"""True seconds until a late change is made; the quiet times of a run are longer."""


def start(outside: Outside, level: str, *, seed: int) -> None:
    """Let the faults of a level begin."""
    scale = {"none": 0.0, "some": 0.3, "many": 1.0}[level]
    if not scale:
        return
    outside.mall.post("faults", {"seed": seed, "faults": _mall(scale)})
    outside.warehouse.post("faults", {"seed": seed, "faults": _warehouse(scale)})
    outside.mail.post("faults", {"seed": seed, "faults": _mail(scale)})


def stop(outside: Outside) -> None:
    """Let all faults end."""
    for simulator in outside.all:
        simulator.post("faults", {"faults": []})


def fired(outside: Outside) -> dict[str, dict[str, int]]:
    """Return how often each kind struck, by simulator."""
    return {
        "mall": outside.mall.get("faults")["fired"],
        "warehouse": outside.warehouse.get("state")["faults"]["fired"],
        "mail": outside.mail.get("state")["faults"]["fired"],
    }


def _mall(scale: float) -> list[dict[str, Any]]:
    return [
        {"kind": "timeout_after", "rate": 0.10 * scale, "seconds": SILENCE},
        {"kind": "timeout_before", "rate": 0.02 * scale, "seconds": SILENCE},
        {
            "kind": "late_apply",
            "function": "confirmOrder",
            "rate": 0.05 * scale,
            "seconds": LATE,
            "silence_seconds": SILENCE,
        },
        {
            "kind": "late_apply",
            "function": "updateOrderShipping",
            "rate": 0.05 * scale,
            "seconds": LATE,
            "silence_seconds": SILENCE,
        },
        {"kind": "status_500", "rate": 0.02 * scale},
        {"kind": "status_503", "rate": 0.02 * scale, "retry_after": 1},
        {"kind": "status_429", "rate": 0.02 * scale, "retry_after": 1},
        {"kind": "html_page", "rate": 0.01 * scale},
        {"kind": "empty_200", "rate": 0.01 * scale},
        {"kind": "broken_json", "rate": 0.01 * scale},
        {"kind": "cut_body", "rate": 0.01 * scale},
        {"kind": "page_shift", "function": "searchOrder", "rate": 0.05 * scale},
        {"kind": "shuffled", "rate": 0.10 * scale},
        {"kind": "missing_number", "function": "getOrder", "rate": 0.05 * scale},
        {"kind": "repeated_number", "function": "getOrder", "rate": 0.05 * scale},
    ]


def _warehouse(scale: float) -> list[dict[str, Any]]:
    return [
        {"kind": "timeout_after", "function": "request", "rate": 0.15 * scale, "seconds": SILENCE},
        {"kind": "timeout_before", "rate": 0.03 * scale, "seconds": SILENCE},
        {
            "kind": "late_apply",
            "function": "request",
            "rate": 0.05 * scale,
            "seconds": LATE,
            "silence_seconds": SILENCE,
        },
        {"kind": "status_503", "rate": 0.03 * scale},
        {"kind": "html_page", "rate": 0.02 * scale},
        {"kind": "result_repeated", "function": "feed", "rate": 0.05 * scale},
        {"kind": "result_backwards", "function": "feed", "rate": 0.03 * scale},
        {"kind": "result_unknown", "function": "feed", "rate": 0.02 * scale},
    ]


def _mail(scale: float) -> list[dict[str, Any]]:
    """Refusals of every stage; a cut after the final dot leaves mails that nobody may repeat, so it is tried in chaos alone."""
    return [
        {"kind": "refuse", "function": stage, "rate": 0.03 * scale}
        for stage in ("connect", "auth", "mail", "rcpt", "data")
    ]
