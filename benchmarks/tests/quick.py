"""Runs a benchmark at test size, as a user would, on a site of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def quick_results(name: str, data_dir: Path, *more: str, same_database: bool = False) -> list[dict[str, Any]]:
    """Return the results that `python -m benchmarks NAME --quick` prints; its seeds are on standard error.

    Unless `same_database`, it runs on SQLite: a second test database of PostgreSQL would collide with ours.
    """
    own = {} if same_database else {"DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick", *more],
        cwd=ROOT, env=os.environ | {"QIFU_DATA_DIR": str(data_dir)} | own, capture_output=True, text=True, timeout=900,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stderr)
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return results
