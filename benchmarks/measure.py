"""What benchmarks share: seeds, a database to throw away, a timer, and one row of results beside the peer of the same run."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def seeds_of(options: Any, fixed: str) -> list[str]:
    """Return the seed asked for; else the fixed one, and in a quick run a random one beside it."""
    if options.seed:
        return [options.seed]
    return [fixed, *([secrets.token_hex(4)] if options.quick else [])]


@contextlib.contextmanager
def scratch_database(connection: Any) -> Iterator[None]:
    """Give `connection` an empty migrated database, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "benchmark.sqlite3")
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


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
