"""Made-up facts and the snapshot from the command line, as an operator meets them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.conf import LazySettings

from qifu.commands.enterprises import main
from qifu.engines.rules.fact_table import read_table
from qifu.registers.enterprises import fact_snapshots
from qifu.registers.enterprises.fact_book import fact_book
from qifu.registers.enterprises.kept_table import holds_kept_values


def test_made_up_facts_are_the_same_in_both_forms(tmp_path: Path) -> None:
    kept, words = tmp_path / "made.parquet", tmp_path / "made.csv"
    for path in (kept, words):
        assert main(["facts", "150", str(path), "--as-of", "2024-06-20"]) == 0
    assert holds_kept_values(pq.read_schema(kept))
    assert read_table(words, fact_book()).to_pylist() == read_table(kept, fact_book()).to_pylist()


def test_wrong_usage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "0", str(tmp_path / "made.csv")]) == 2
    assert main(["facts", "5", str(tmp_path / "made.xls")]) == 2
    assert main(["facts", "5", str(tmp_path / "nowhere" / "made.csv")]) == 2
    said = capsys.readouterr().err
    assert "行数应在" in said and "写不进去" in said


@pytest.mark.django_db
def test_a_snapshot_is_made_and_verified(
    tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_DIR = tmp_path
    assert main(["snapshot", "--verify"]) == 1
    assert "还没有快照" in capsys.readouterr().err
    assert main(["snapshot"]) == 0
    assert main(["snapshot", "--verify"]) == 0
    (fact_snapshots.folder() / "current" / "330106.parquet").touch()
    assert main(["snapshot", "--verify"]) == 1
    assert "330106.parquet：不在清单中" in capsys.readouterr().out
