"""The benchmark of cases at one hundredth: workers are killed, and still every acknowledged act is applied exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.both_databases
def test_no_acknowledged_act_is_lost_though_workers_are_killed(tmp_path: Path) -> None:
    """Runs on the database at hand: SQLite, or the PostgreSQL of `python -m tests.postgres`."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "casework", "--quick"],
        env=os.environ | {"QIFU_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stderr)
    results = json.loads(done.stdout)["results"]
    exact = [row for row in results if row["metric"] == "lost updates"]
    assert len(exact) == 2 and all(row["equal"] and row["value"] == 0 for row in exact), exact
    assert all("0 killed" not in row["job"] for row in exact)
    assert all(row["value"] == 0 for row in results if row["metric"] == "faults")
