"""The batch of payouts at test size: every step runs, and everything verifies."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_the_quick_batch_verifies(tmp_path: Path) -> None:
    results = quick_results("payouts", tmp_path)
    assert [row["job"] for row in results][-4:] == ["file out", "receipts in", "reconcile", "verify"]
    assert results[-1]["equal"] is True
