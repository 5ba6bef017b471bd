"""The search benchmark at about one hundredth of its size, on SQLite: both sides find the same entries.

On PostgreSQL it makes a test database of its own, which would collide with that of a running test session.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_search_finds_what_like_finds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "search", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "DATABASE_URL": ""},
    )
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    results = json.loads(done.stdout)["results"]
    compared = [row for row in results if row["peer_basis"] == "same_run"]
    assert compared and all(row["equal"] for row in compared)
