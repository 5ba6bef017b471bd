"""The benchmark of the clocks at one hundredth: equal to the walk and to the package, for a fixed and a random seed."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

from benchmarks.clock_oracle import BEIJING, answer
from benchmarks.tests.quick import quick_results


def test_the_quick_benchmark_agrees_with_the_walk(tmp_path: Path) -> None:
    results = quick_results("clocks", tmp_path)
    compared = [row for row in results if row["metric"] == "time a term"]
    assert len(compared) == 4 and all(row["equal"] for row in compared)
    moved = [row for row in results if "a holiday recomputes 500 open clocks" in row["job"]]
    assert len(moved) == 2 and all(row["equal"] for row in moved)


def test_the_walk_itself_counts_as_the_rule_says() -> None:
    friday = datetime(2024, 9, 27, 10, tzinfo=BEIJING)
    sessions = ((time(8, 30), time(12)), (time(14), time(17, 30)))
    closing = datetime(2024, 10, 10, 17, 30, tzinfo=BEIJING)
    assert answer("working_days", 5, friday, [], sessions) == (closing, False)
    assert answer("calendar_days", 5, friday, [], sessions) == (closing.replace(day=8), False)
    assert answer("working_hours", 6, friday, [], sessions) == (
        datetime(2024, 9, 29, 9, tzinfo=BEIJING),
        False,
    )
    assert answer("working_days", 5, friday, [(friday, None)], sessions) == (None, False)
