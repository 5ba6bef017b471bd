"""`qifu rules match` as a user runs it: verdicts worked out by hand, any kind of file, faults, and explanations that agree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from qifu.commands import rules_match
from qifu.commands.rules import load_book
from qifu.engines.rules.explain import explain
from qifu.engines.rules.fact_table import read_table, rows
from qifu.registers.enterprises.fact_book import fact_book
from tests.stories.rules_by_hand import FACTS, ON_30_JUNE, Pair, write_facts, write_rules

LISTED = {key: pair for key, pair in ON_30_JUNE.items() if pair[0] != "unmet" or pair[2] == 1}


def found(path: Path) -> dict[tuple[str, str], Pair]:
    rows = pq.read_table(path).to_pylist()
    pairs = {
        (row["uscc"], row["policy"]): (
            row["verdict"],
            row["amount_fen"],
            row["unmet_count"],
            row["unmet_leaf"],
        )
        for row in rows
    }
    assert len(pairs) == len(rows)
    return pairs


def qifu(*words: object, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qifu.commands.main", "rules", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **more)  # type: ignore[call-overload,no-any-return]


def match(rules: Path, facts: Path, out: Path, *more: str, on: str = "2024-06-30") -> int:
    """The command in this process."""
    return rules_match.main(
        ["--policies", str(rules), "--facts", str(facts), "--as-of", on, "--out", str(out), *more]
    )


def test_from_the_command_line(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    done = qifu("match", "--policies", rules, "--facts", facts, "--as-of", "2024-06-30", "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"5 户、4 条规则，写出 {len(LISTED)} 行" in done.stderr
    assert found(out) == LISTED
    table = pq.read_table(out)
    assert table.schema.names == [
        "uscc",
        "policy",
        "version",
        "verdict",
        "amount_fen",
        "unmet_count",
        "unmet_leaf",
    ]
    assert table.schema.types == [pa.string()] * 4 + [pa.int64(), pa.int32(), pa.string()]
    told = qifu("explain", "--policies", rules, "--policy", "ratio", "--facts", facts, "--uscc", "UNDER", "--as-of", "2024-06-30", "--json")  # fmt: skip
    assert told.returncode == 0
    explained = json.loads(told.stdout)
    assert (explained["policy"], explained["version"], explained["verdict"]) == (
        "ratio",
        "2023-01-01",
        "unmet",
    )
    assert [leaf["id"] for leaf in explained["leaves"] if leaf["truth"] == "unmet"] == ["share"]


def test_every_pair_and_each_agrees_with_its_explanation(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(rules, facts, out, "--all") == 0
    assert found(out) == ON_30_JUNE
    book = load_book([rules], own_only=True)
    table = read_table(facts, fact_book())
    values = {code: rows(table, number) for number, code in enumerate(table["uscc"].to_pylist())}
    for (uscc, code), (verdict, fen, count, only) in found(out).items():
        told = explain(book.bind(code, date(2024, 6, 30)), book.facts, values[uscc]).as_json()
        assert (told["verdict"], told["amount_fen"]) == (verdict, fen), (uscc, code)
        unmet = [leaf["id"] for leaf in told["leaves"] if leaf["truth"] == "unmet"]
        assert len(unmet) == count and only == (unmet[0] if verdict == "unmet" and count == 1 else None)


def test_the_shipped_rules_agree_with_their_explanations(tmp_path: Path) -> None:
    shipped = Path(rules_match.__file__).parents[2] / "provinces" / "national" / "rules"
    facts, out = write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(shipped, facts, out, "--all") == 0
    book = load_book([shipped], own_only=True)
    bounds = {bound.code: bound for bound in book.bind_all(date(2024, 6, 30))}
    pairs = found(out)
    assert len(pairs) == 5 * len(bounds) and len(bounds) > 20
    table = read_table(facts, fact_book())
    for number, uscc in enumerate(table["uscc"].to_pylist()):
        values = rows(table, number)
        for code, bound in bounds.items():
            told = explain(bound, book.facts, values).as_json()
            unmet = sum(leaf["truth"] == "unmet" for leaf in told["leaves"])
            assert pairs[uscc, code][:3] == (told["verdict"], told["amount_fen"], unmet), (uscc, code)


def test_versions_spans_and_honours_as_of_different_days(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(rules, facts, out, on="2023-12-31") == 0
    before = found(out)
    assert before["COARSE", "dated"] == ("met", 1_000_00, 0, None)
    assert before["OTHER", "dated"] == ("unmet", None, 1, "staff")
    assert {row["version"] for row in pq.read_table(out).to_pylist() if row["policy"] == "dated"} == {
        "2022-01-01"
    }
    assert not [key for key in before if key[1] == "place"]  # from 2024 on
    assert match(rules, facts, out, on="2024-06-29") == 0
    assert found(out)["EDGE", "ratio"] == ("unmet", None, 1, "age")  # two years old the day after
    assert match(rules, facts, out, on="2024-07-01") == 0
    assert found(out)["EDGE", "place"] == (
        "met",
        100_000_00,
        1,
        None,
    )  # the honour ended, the staff is enough
    assert match(rules, facts, out, on="2025-01-01") == 0
    assert {key[1] for key in found(out)} == {"ratio", "place", "few"}
    assert match(rules, facts, out, on="2020-01-01") == 1  # no rule yet; the file of before stays
    assert {key[1] for key in found(out)} == {"ratio", "place", "few"}


def test_one_kind_of_rules(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(rules, facts, out, "--kind", "rule") == 0
    assert found(out) == {key: pair for key, pair in LISTED.items() if key[1] == "few"}
    assert match(rules / "dated.yaml", facts, out) == 0
    assert found(out) == {key: pair for key, pair in LISTED.items() if key[1] == "dated"}


def test_any_kind_of_file_gives_the_same(tmp_path: Path) -> None:
    rules, out = write_rules(tmp_path), tmp_path / "out.parquet"
    chinese = tmp_path / "gb.csv"
    words = "统一社会信用代码,注册地,从业人数,营业收入,研发费用,高新技术企业,成立时间,资产总额"
    chinese.write_bytes((words + "\n" + FACTS.split("\n", 1)[1]).encode("gb18030"))
    declared = tmp_path / "declared.parquet"
    pq.write_table(arrow_csv.read_csv(write_facts(tmp_path)), declared)  # floats, whole numbers, text
    kept = tmp_path / "kept.parquet"
    pq.write_table(read_table(tmp_path / "facts.csv", fact_book()), kept)
    for facts in (chinese, declared, kept):
        assert match(rules, facts, out) == 0
        assert found(out) == LISTED, facts


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (FACTS.replace("29999.99", "29999.999"), "第 3 行“研发费用”栏"),
        (FACTS.replace("OTHER", "EDGE"), "重复"),
        (FACTS.replace("assets", "profit_margin"), "“profit_margin”栏"),
        ("", "没有表头"),
    ],
)
def test_faulty_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: str, told: str) -> None:
    rules, path = write_rules(tmp_path), tmp_path / "facts.csv"
    path.write_text(facts, encoding="utf-8")
    assert match(rules, path, tmp_path / "out.parquet") == 2
    assert told in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [path, rules]


def test_faulty_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, facts = write_rules(tmp_path), write_facts(tmp_path)
    (rules / "few.yaml").write_text(
        (rules / "few.yaml").read_text(encoding="utf-8").replace("300人", "300万元"), encoding="utf-8"
    )
    assert match(rules, facts, tmp_path / "out.parquet") == 1
    assert "few.yaml:" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [facts, rules]


def test_what_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(tmp_path / "none", facts, out) == 2
    assert match(rules, tmp_path / "none.csv", out) == 2
    assert match(rules, facts, tmp_path) == 2
    assert match(rules, facts, tmp_path / "none" / "out.parquet") == 2
    assert match(rules, facts, facts) == 2
    assert match(rules, rules, out) == 2
    assert "Traceback" not in capsys.readouterr().err
    for day, told in (
        ("2024-02-30", "没有“2024-02-30”这一天"),
        ("今天", "不是日期"),
        ("2150-01-01", "超出范围"),
    ):
        assert match(rules, facts, out, on=day) == 2
        assert told in capsys.readouterr().err
    assert match(rules, tmp_path, out) == 2 and "是一个文件夹" in capsys.readouterr().err
    assert (
        match(rules, facts, out, on="1990-01-01") == 1 and "没有在 1990-01-01 生效" in capsys.readouterr().err
    )
    assert sorted(tmp_path.iterdir()) == [facts, rules]


def test_a_day_written_with_strokes(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), write_facts(tmp_path), tmp_path / "out.parquet"
    assert match(rules, facts, out, on="2024/6/30") == 0 and found(out) == LISTED


def test_a_name_too_long_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, facts = write_rules(tmp_path), write_facts(tmp_path)
    assert match(rules, facts, tmp_path / ("o" * 250 + ".pq")) == 2
    assert "写不进去：名称过长" in capsys.readouterr().err


def test_when_it_is_stopped_nothing_stays(tmp_path: Path) -> None:
    rules, facts, out = write_rules(tmp_path), tmp_path / "facts.csv", tmp_path / "out.parquet"
    os.mkfifo(facts)  # the command waits for facts that do not come
    out.write_bytes(b"old")
    words = ["match", "--policies", rules, "--facts", facts, "--as-of", "2024-06-30", "--out", out]
    running = subprocess.Popen(
        [sys.executable, "-m", "qifu.commands.main", "rules", *map(str, words)], stderr=subprocess.PIPE
    )
    until = time.monotonic() + 120
    while len(list(tmp_path.iterdir())) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1 and "已中止" in told.decode()
    assert out.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [facts, out, rules]
