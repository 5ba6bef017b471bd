"""The benchmark of bulk facts at test size: rows in any order give the same snapshot."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_any_order_gives_the_same_snapshot(tmp_path: Path) -> None:
    results = quick_results("facts_snapshot", tmp_path, "--size", "5000", "--facts", "20", "--seed", "7")
    assert [row["equal"] for row in results if "random order" in row["job"] and row["metric"] == "time"] == [
        True
    ]
    assert all(row["value"] < 4096 for row in results if row["metric"] == "peak memory")
    missing = next(row["value"] for row in results if row["metric"] == "share")
    assert 0.05 < missing < 0.2
