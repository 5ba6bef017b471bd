"""The benchmark of the workbench at one fiftieth: it runs, and counts what the kernel counts."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_the_quick_benchmark_counts_what_the_kernel_counts(tmp_path: Path) -> None:
    results = quick_results("policy_simulation", tmp_path, "--rounds", "1")
    assert len(results) == 10 and all(row["equal"] for row in results)
