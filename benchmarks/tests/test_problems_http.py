"""The benchmark over HTTP at three thousandths: it runs, loses nothing, finds everything, and breaks no rule of cases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_quick_benchmark_finds_everything_and_breaks_no_rule(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "problems_http", "--quick"],
        env=os.environ | {"QIFU_DATA_DIR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    sys.stderr.write(done.stderr)
    results = json.loads(done.stdout)["results"]
    assert [row["value"] for row in results if row["metric"] == "recall against LIKE"] == [100.0, 100.0]
    assert [row["value"] for row in results if row["metric"] == "faults"] == [0, 0]
    assert all(row["value"] <= row["goal"] for row in results if row["metric"] == "queries")
    assert all(row["value"] > 0 for row in results if row["metric"] == "rate")
