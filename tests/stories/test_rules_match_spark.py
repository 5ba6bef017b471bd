"""Spark gives what one machine gives."""

from __future__ import annotations

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qifu.engines.rules.fact_table import read_table
from qifu.engines.rules.match import SCHEMA, facts_asked
from qifu.engines.rules.spark import Shard
from qifu.engines.rules.tests.test_match import expected, made
from qifu.engines.rules.tests.test_over_rows import BOOK
from qifu.registers.enterprises.fact_book import fact_book
from tests.stories.rules_by_hand import ON_30_JUNE, write_facts, write_rules
from tests.stories.test_rules_match import LISTED, found, match, qifu


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("seed", [21, 22])
def test_shards_together_are_the_whole(seed: int, everything: bool) -> None:
    """The work of an executor, on any cut of the rows, after the journey that Spark sends it on."""
    bounds, table, values = made(seed)
    work = pickle.loads(pickle.dumps(Shard(tuple(bounds), BOOK, facts_asked(bounds), everything)))
    plain = pa.table({name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name] for name in table.column_names if name in {"uscc", *facts_asked(bounds)}})  # fmt: skip
    rows = [row for cut in (plain.slice(0, 30), plain.slice(30, 0), plain.slice(30)) for batch in work(cut.to_batches(7)) for row in batch.cast(SCHEMA).to_pylist()]  # fmt: skip
    assert sorted((tuple(row.values()) for row in rows), key=repr) == expected(
        bounds, values, everything=everything
    )


def spark_or_skip() -> None:
    """Skip by name what the machine lacks; in CI nothing is."""
    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    lacking = "" if java else "没有 Java 17，不试 Spark"
    if not lacking and importlib.util.find_spec("pyspark") is None:
        lacking = "没有安装 requirements-spark.txt，不试 Spark"
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


TWICE = "import sys; from qifu.commands.rules_match import main; at = sys.argv.index('then'); sys.exit(main(sys.argv[1:at]) or main(sys.argv[at + 1:]))"
"""Two runs in one process, because Spark takes long to start."""


def test_in_local_mode(tmp_path: Path) -> None:
    """A file of kept values, listed; and a CSV, every pair."""
    spark_or_skip()
    rules, facts = write_rules(tmp_path), write_facts(tmp_path)
    kept, out, all_out = tmp_path / "kept.parquet", tmp_path / "out.parquet", tmp_path / "all.parquet"
    table = read_table(facts, fact_book())
    codes = table["uscc"].to_pylist()
    many = [
        table.set_column(0, "uscc", pa.array([f"{code}{number}" for code in codes])) for number in range(200)
    ]
    pq.write_table(pa.concat_tables(many), kept, row_group_size=300)
    words = [
        "--policies",
        str(rules),
        "--as-of",
        "2024-06-30",
        "--engine",
        "spark",
        "--master",
        "local[2]",
        "--shards",
        "3",
    ]
    first = [*words, "--facts", str(kept), "--out", str(out)]
    second = [*words, "--facts", str(facts), "--out", str(all_out), "--all"]
    done = subprocess.run(
        [sys.executable, "-c", TWICE, *first, "then", *second],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert f"1,000 户、4 条规则，写出 {200 * len(LISTED):,} 行" in done.stderr
    local = tmp_path / "local.parquet"
    assert match(rules, kept, local) == 0
    assert found(out) == found(local)
    assert found(out) == {
        (f"{uscc}{number}", code): pair for (uscc, code), pair in LISTED.items() for number in range(200)
    }
    assert found(all_out) == ON_30_JUNE
    assert pq.read_schema(out) == pq.read_schema(local)
    assert sorted(tmp_path.iterdir()) == [all_out, facts, kept, local, out, rules]


def test_without_java(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "JAVA_HOME"} | {
        "PATH": str(tmp_path)
    }
    out = tmp_path / "out.parquet"
    rules, facts = write_rules(tmp_path), write_facts(tmp_path)
    done = qifu("match", "--policies", rules, "--facts", facts, "--as-of", "2024-06-30", "--engine", "spark", "--out", out, env=environment)  # fmt: skip
    assert done.returncode == 2 and "Java 17" in done.stderr
    assert sorted(tmp_path.iterdir()) == [facts, rules]
