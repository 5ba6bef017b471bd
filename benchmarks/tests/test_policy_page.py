"""The benchmark of an enterprise's policies at one hundredth: it runs, and the page counts what the judge finds."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_the_quick_benchmark_counts_what_the_judge_finds(tmp_path: Path) -> None:
    results = quick_results("policy_page", tmp_path, "--seed", "2024")
    assert [row["equal"] for row in results if row["equal"] is not None] == [True]
    assert {row["metric"] for row in results} == {"time", "p95", "median"}
