"""The board's benchmark at about one hundredth: equal to the plain loop, within the number of queries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_quick_benchmark_agrees_with_the_plain_loop(tmp_path: Path) -> None:
    environment = os.environ | {"QIFU_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "task_board", "--quick", "--size", "20"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results = json.loads(done.stdout)["results"]
    compared = [row for row in results if row["equal"] is not None]
    assert len(compared) == 6 and all(row["equal"] for row in compared)
    queries = [row for row in results if row["metric"] == "queries a page"]
    assert queries and all(row["value"] <= row["goal"] for row in queries)
