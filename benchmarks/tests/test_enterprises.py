"""The benchmarks of enterprises at one hundredth of their size, on SQLite: nothing lost, nothing found amiss."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tests.quick import quick_results


def test_every_row_of_an_import_arrives_or_is_reported(tmp_path: Path) -> None:
    results = quick_results("enterprise_import", tmp_path)
    right = [row["value"] for row in results if row["job"].endswith("right in every respect")]
    assert right and all(share == 1 for share in right)
    assert all(row["equal"] is not False for row in results)


def test_search_finds_what_like_finds(tmp_path: Path) -> None:
    compared = [
        row for row in quick_results("enterprise_search", tmp_path) if row["peer_basis"] == "same_run"
    ]
    assert compared and all(row["equal"] for row in compared)
