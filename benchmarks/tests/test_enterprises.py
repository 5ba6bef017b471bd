"""The benchmarks of enterprises at one hundredth of their size, on SQLite: nothing lost, nothing found amiss."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def results_of(name: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env={**os.environ, "DATABASE_URL": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return results


def test_every_row_of_an_import_arrives_or_is_reported() -> None:
    results = results_of("enterprise_import")
    right = [row["value"] for row in results if row["job"].endswith("right in every respect")]
    assert right and all(share == 1 for share in right)
    assert all(row["equal"] is not False for row in results)


def test_search_finds_what_like_finds() -> None:
    compared = [row for row in results_of("enterprise_search") if row["peer_basis"] == "same_run"]
    assert compared and all(row["equal"] for row in compared)
