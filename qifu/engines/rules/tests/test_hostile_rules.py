"""Hostile rule files are refused quickly, each with a message; the bound of time is generous for a busy machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.rule_problems import Problem, RuleProblems
from qifu.engines.rules.tests.rule_texts import FACTS, PLACES, rule_text

SECONDS = 4.0
LEAF = "从业人数 > 1人"
LINES = "\n".join(f"    - {LEAF}" for _ in range(990))


@contextmanager
def quickly() -> Iterator[None]:
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < SECONDS


def refused(raw: bytes | str) -> list[Problem]:
    with quickly(), pytest.raises(RuleProblems) as caught:
        read_rule(raw if isinstance(raw, bytes) else raw.encode(), where="a.yaml", facts=FACTS, places=PLACES)
    return caught.value.problems


def loading(*paths: Path) -> list[Problem]:
    with quickly(), pytest.raises(RuleProblems) as caught:
        RuleBook.load(paths, FACTS, PLACES)
    return caught.value.problems


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"a: " + b"x" * (5 * 2**20), "limit", "5 MB"),
        (b"a:\n" + b"- 1\n" * 1_000_000, "limit", "1000 项"),
        (("a:\n" + ("- [" + "1," * 999 + "1]\n") * 900).encode(), "limit", "个值"),
        (rule_text("{all: [" * 40 + LEAF + "]}" * 40), "limit", "30 层"),
        ("[" * 100_000, "limit", "30 层"),
        ("{a: " * 100_000, "limit", "30 层"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "yaml", "锚点"),
        ("a: !!python/object/apply:os.system [ls]", "yaml", "标签"),
        (bytes(range(256)) * 4000, "yaml", "UTF-8"),
        (b"PK\x03\x04" + b"\x00" * 4000, "yaml", "字符"),
        ("code: a\n---\ncode: b", "yaml", "第二份"),
        ("\tcode: a", "yaml", "制表符"),
        (rule_text("{at_least: {count: 99999999999999999999999, of: [" + LEAF + "]}}"), "number", "应在 1"),
        (rule_text("{all: ['" + "从业人数" * 20_000 + "']}"), "limit", "个字符"),
        (rule_text("{all: ['从业人数 >= 1" + "," * 19_000 + "']}"), "leaf", "太长"),
        (rule_text("{all: ['从业人数 >= " + "9" * 19_000 + "人']}"), "leaf", "太长"),
        (rule_text("{all: ['所属行业 属于 " + "(" * 19_000 + "']}"), "value", "没有"),
        (rule_text("{all: ['所属行业 属于 " + "A、" * 1_500 + "A']}"), "limit", "1000 项"),
        (rule_text("{all: ['" + "从业人数+" * 4_000 + "']}"), "limit", "1000 个"),
        (rule_text(LEAF, start="9999-12-31"), "date", "2100"),
        (rule_text(LEAF, start="0000-00-00"), "date", "不是日期"),
        (rule_text("成立时间 满 99999999年"), "date", "超出范围"),
        (rule_text(LEAF, more="  amount: '" + "9" * 1_000_000 + "元'\n"), "amount", "过长"),
        (rule_text(LEAF, more="  amount: 99999999999亿元\n"), "number", "过大"),
        (rule_text(LEAF, more="  amount: {rate: 99999999%, of: 营业收入}\n"), "number", "超出范围"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)  # fmt: skip
def test_hostile_files(raw: bytes | str, code: str, said: str) -> None:
    assert [p for p in refused(raw) if p.code == code and said in f"{p.message}{p.remedy}"]


def test_thousands_of_wrong_lines_are_told_quickly() -> None:
    text = rule_text(
        "{all: ["
        + ", ".join("{any: [" + ", ".join(f"未知{i}号 > 1人" for i in range(900)) + "]}" for _ in range(12))
        + "]}"
    )
    problems = refused(text)
    assert [p.message for p in problems if p.code == "limit"] == ["一个版本的条件超过 2000 个"]


def test_too_many_leaves_in_a_version() -> None:
    assert [
        p.code
        for p in refused(rule_text("all:\n" + f"    - any:\n{LINES}\n".replace("    - 从", "      - 从") * 3))
    ] == ["limit"]


def test_names_that_double_at_every_step(tmp_path: Path) -> None:
    for number in range(60):
        next_rule = f"r{number + 1}"
        body = f"{{all: [符合 {next_rule}, 符合 {next_rule}]}}" if number < 59 else LEAF
        (tmp_path / f"r{number}.yaml").write_text(
            rule_text(body, code=f"r{number}", title=f"规则{number}"), "utf-8"
        )
    problems = loading(tmp_path)
    assert {p.code for p in problems} == {"limit"}
    assert any("十亿以上" in p.message for p in problems) and any("嵌套 60 层" in p.message for p in problems)


def test_names_that_nest_too_deep(tmp_path: Path) -> None:
    for number in range(40):
        body = f"{{all: [{LEAF}, 符合 r{number + 1}]}}" if number < 39 else LEAF
        (tmp_path / f"r{number}.yaml").write_text(
            rule_text(body, code=f"r{number}", title=f"规则{number}"), "utf-8"
        )
    assert {(p.code, "嵌套" in p.message) for p in loading(tmp_path)} == {("limit", True)}


def test_a_thousand_rules_in_one_ring_and_in_many_pairs(tmp_path: Path) -> None:
    for folder, after in (("ring", lambda n: (n + 1) % 300), ("pairs", lambda n: n ^ 1)):
        (tmp_path / folder).mkdir()
        for number in range(300):
            text = rule_text(f"符合 r{after(number)}", code=f"r{number}", title=f"规则{number}")
            (tmp_path / folder / f"r{number}.yaml").write_text(text, "utf-8")
        assert {p.code for p in loading(tmp_path / folder)} == {"cycle"}


def test_ten_thousand_files_in_a_folder(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.yaml").touch()
    problems = loading(tmp_path)
    assert [(p.code, p.where) for p in problems] == [("limit", str(tmp_path))]


def test_loops_of_links_broken_links_and_devices(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "self").symlink_to(".")
    assert {(p.code, Path(p.where).name) for p in loading(tmp_path)} == {
        ("file", n) for n in ("a.yaml", "b.yaml", "gone.yaml")
    }
    assert [p.code for p in loading(Path("/dev/zero"))] == ["file"]
    assert [p.message for p in loading(tmp_path / "a.yaml")] == ["文件打不开：链接成环"]
    assert [p.message for p in loading(tmp_path / "none.yaml")] == ["文件打不开：不存在"]
