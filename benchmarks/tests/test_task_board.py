"""The board's benchmark at about one hundredth: equal to the plain loop, within the number of queries."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_the_quick_benchmark_agrees_with_the_plain_loop(tmp_path: Path) -> None:
    results = quick_results("task_board", tmp_path, "--size", "20")
    compared = [row for row in results if row["equal"] is not None]
    assert len(compared) == 6 and all(row["equal"] for row in compared)
    queries = [row for row in results if row["metric"] == "queries a page"]
    assert queries and all(row["value"] <= row["goal"] for row in queries)
