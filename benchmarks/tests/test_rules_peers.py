"""The kernel and its peers count the same, at test size; OpenFisca where its environment was made before, and always in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import openfisca_peer
from benchmarks.tests.quick import quick_results


def test_polars_and_duckdb_count_what_the_kernel_counts(tmp_path: Path) -> None:
    results = quick_results(
        "rules_peers", tmp_path, "--size", "4000", "--policies", "12", "--seed", "11", "--without-openfisca"
    )
    assert {row["peer"]: row["equal"] for row in results if row.get("peer")} == {
        "Polars": True,
        "DuckDB": True,
    }


def test_openfisca_counts_the_same(tmp_path: Path) -> None:
    if os.environ.get("CI") != "true" and not (openfisca_peer.home_of(None) / "complete").exists():
        pytest.skip("没有 OpenFisca 的环境：先运行 python -m benchmarks rules_peers --quick")
    results = quick_results("rules_peers", tmp_path, "--size", "3000", "--policies", "6", "--seed", "12")
    assert [row["equal"] for row in results if row.get("peer") == "OpenFisca"] == [True]
