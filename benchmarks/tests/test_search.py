"""The search benchmark at about one hundredth of its size, on SQLite: both sides find the same entries.

On PostgreSQL it makes a test database of its own, which would collide with that of a running test session.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_search_finds_what_like_finds(tmp_path: Path) -> None:
    results = quick_results("search", tmp_path)
    compared = [row for row in results if row["peer_basis"] == "same_run"]
    assert compared and all(row["equal"] for row in compared)
