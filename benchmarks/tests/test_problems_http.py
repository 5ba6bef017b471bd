"""The benchmark over HTTP at three thousandths: it runs, loses nothing, finds everything, and breaks no rule of cases."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_the_quick_benchmark_finds_everything_and_breaks_no_rule(tmp_path: Path) -> None:
    results = quick_results("problems_http", tmp_path)
    assert [row["value"] for row in results if row["metric"] == "recall against LIKE"] == [100.0, 100.0]
    assert [row["value"] for row in results if row["metric"] == "faults"] == [0, 0]
    assert all(row["value"] <= row["goal"] for row in results if row["metric"] == "queries")
    assert all(row["value"] > 0 for row in results if row["metric"] == "rate")
