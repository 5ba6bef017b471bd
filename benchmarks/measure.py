"""What benchmarks share: a timer, and one row of results beside the peer of the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `call` returns, and how many milliseconds it took."""
    started = time.perf_counter()
    value = call()
    return value, (time.perf_counter() - started) * 1000


def against_like(
    job: str, ours: float, theirs: float | None = None, equal: bool | None = None, *, goal: float
) -> dict[str, Any]:
    """Return one row of results in milliseconds; LIKE only counts, we count, rank and fetch a page."""
    return {
        "job": job,
        "metric": "time",
        "value": round(ours, 2),
        "unit": "ms",
        "goal": goal,
        "peer": "LIKE" if theirs is not None else None,
        "peer_basis": "same_run" if theirs is not None else None,
        "peer_value": None if theirs is None else round(theirs, 2),
        "ratio": None if theirs is None else round(theirs / ours, 2),
        "equal": equal,
    }
