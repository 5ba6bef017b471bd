"""Ten rules against OpenFisca; skipped, but never in CI, where its environment has not been made (making it asks the package index)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import openfisca_peer
from benchmarks.tests.quick import quick_results


def test_the_kernel_and_openfisca_agree(tmp_path: Path) -> None:
    made = openfisca_peer.home_of(None)
    if os.environ.get("CI") != "true" and not (made / "complete").exists():
        pytest.skip("没有 OpenFisca 的环境：先运行 python -m benchmarks rules_openfisca --quick")
    results = quick_results("rules_openfisca", tmp_path, "--cache", str(made.parent))
    assert results and all(row["equal"] for row in results)
    assert all(0 < met < row["pairs"] for row in results for met in row["met_by_rule"].values())


def test_an_industry_becomes_a_number() -> None:
    assert [openfisca_peer.industry_number(code) for code in ("A", "C39", "C391", "C3911", "K7010")] == [
        10_000, 33_900, 33_910, 33_911, 117_010,
    ]  # fmt: skip
    assert os.path.basename(openfisca_peer.RULES) == "openfisca_rules"
