"""The benchmark of cases at one hundredth: workers are killed, and still every acknowledged act is applied exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.tests.quick import quick_results


@pytest.mark.both_databases
def test_no_acknowledged_act_is_lost_though_workers_are_killed(tmp_path: Path) -> None:
    """Runs on the database at hand: SQLite, or the PostgreSQL of `python -m tests.postgres`."""
    results = quick_results("casework", tmp_path, same_database=True)
    exact = [row for row in results if row["metric"] == "lost updates"]
    assert len(exact) == 2 and all(row["equal"] and row["value"] == 0 for row in exact), exact
    assert all("0 killed" not in row["job"] for row in exact)
    assert all(row["value"] == 0 for row in results if row["metric"] == "faults")


def test_the_engine_alone_leads_every_case_to_its_end(tmp_path: Path) -> None:
    results = quick_results("casework_engine", tmp_path)
    unended = [row["value"] for row in results if row["metric"] == "lives that did not end"]
    assert unended == [0]
