"""Bound rules in words: what is asked, what is there, what is given; exact where it can be."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.rules.bind import Binder
from qifu.engines.rules.random_rules import random_amount, random_bound
from qifu.engines.rules.read_aloud import read_tree, rule_aloud
from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.rule_words import (
    amount_words,
    number_words,
    required_words,
    tree_words,
    value_words,
)
from qifu.engines.rules.tests.rule_texts import FACTS, PLACES, read, rule_text
from qifu.engines.rules.tree import Compare, Leaf, leaves
from qifu.engines.rules.written import Rule, Version
from qifu.registers.enterprises.fact_book import FOREVER, Value

DAY = date(2024, 6, 30)


def unknown(name: str) -> tuple[Rule, Version]:
    raise LookupError(name)


def bound_line(line: str, *, negated: bool = False) -> Leaf:
    node = Binder(DAY, unknown).node(
        read(rule_text(f"{{all: ['{line}']}}")).versions[0].require, negated=negated
    )
    leaf = leaves(node)[0]
    assert isinstance(leaf, Leaf)
    return leaf


@pytest.mark.parametrize(
    ("line", "words", "denied"),
    [
        ("从业人数 <= 300人", "不超过 300人", "超过 300人"),
        ("从业人数季度平均值 < 2.5人", "低于 2.5人", "不低于 2.5人"),
        ("营业收入 >= 12345.67元", "不低于 12,345.67 元", "低于 12,345.67 元"),
        ("营业收入 >= 4亿元", "不低于 4 亿元", "低于 4 亿元"),
        ("研发费用占营业收入比 >= 3.25%", "不低于 3.25%", "低于 3.25%"),
        ("研发费用 + 技术改造投入 占 营业收入 比 > 1.5倍", "超过 150%", "不超过 150%"),
        ("营业收入 / 从业人数 >= 100万元/人", "不低于 100 万元", "低于 100 万元"),
        ("裁员率 <= 5.5%", "不超过 5.5%", "超过 5.5%"),
        ("用地面积 <= 1万平方米", "不超过 10,000平方米", "超过 10,000平方米"),
        ("成立时间 满 2年", "不晚于 2022-06-30", "晚于 2022-06-30"),
        ("从事国家限制或禁止行业 为 否", "为 否", "为 是"),
        ("主体类型 属于 企业、其他", "属于 企业、其他", "不属于 企业、其他"),
        ("注册地 属于 330106、江苏省", "属于 江苏省、杭州市西湖区", "不属于 江苏省、杭州市西湖区"),
        ("所属行业 属于 F52", "属于 零售业（F52）", "不属于 零售业（F52）"),
        ("有效期内的 高新技术企业", "在有效期内（2024-06-30）", "不在有效期内（2024-06-30）"),
    ],
)  # fmt: skip
def test_what_is_required(line: str, words: str, denied: str) -> None:
    assert required_words(bound_line(line).test, FACTS, PLACES) == words
    assert required_words(bound_line(line, negated=True).test, FACTS, PLACES) == denied


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("employees", 1234, "1,234人"), ("employees_avg", 2500, "2.5人"), ("revenue", -150, "-1.50 元"), ("renewal", 10_000_00, "1 万元"),
        ("layoff_rate", 550, "5.5%"), ("quick_ratio", 125, "1.25"), ("established_on", 0, "1970-01-01"), ("restricted", 1, "是"),
        ("entity_kind", 2, "农民专业合作社"), ("place", "330106", "杭州市西湖区"), ("industry", "C39", "计算机、通信和其他电子设备制造业（C39）"),
        ("high_tech", 0, "未获得"), ("high_tech", FOREVER, "长期有效"), ("high_tech", 1, "有效至 1970-01-01"), ("employees", None, "未知"),
    ],
)  # fmt: skip
def test_values(fact: str, value: Value, words: str) -> None:
    assert value_words(FACTS.facts[fact], value, PLACES) == words


def test_what_has_no_end_is_marked_as_about() -> None:
    test = bound_line("研发费用占营业收入比 >= 3%").test
    assert isinstance(test, Compare)
    assert number_words(test, Fraction(1, 3), FACTS) == "约 33.3333%"
    assert number_words(test, Fraction(-1, 3), FACTS) == "约 -33.3333%"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{rate: 20%, of: 研发费用, cap: 50万元, floor: 1万元, round: 百元, rounding: 舍去}", "研发费用 的 20%，以 100 元 为单位舍去零头，不少于 1 万元，最高 50 万元"),
        ("{each: 1000元, of: 从业人数季度平均值}", "从业人数季度平均值 每人1,000元"),
        ("{tiers: [{when: 从业人数 > 9人, amount: 2元}], otherwise: 1元}", "从业人数 超过 9人 的，2 元；其他的，1 元"),
        ("{tiers: [{when: 从业人数 > 9人, amount: 2元}]}", "从业人数 超过 9人 的，2 元；其他的没有金额"),
        ("{best: [1元, 2元]}", "以下取最高：1 元；2 元"),
        ("{brackets: {of: 营业收入, parts: [{upto: 500万元, rate: 0%}, {rate: 5%}]}}", "营业收入 分段计算：不超过 500 万元 的部分 0%，其余部分 5%"),
    ],
)  # fmt: skip
def test_amounts_in_words(written: str, words: str) -> None:
    version = read(rule_text("从业人数 > 1人", more=f"  amount: {written}\n")).versions[0]
    assert version.amount is not None
    assert amount_words(Binder(DAY, unknown).amount(version.amount), FACTS) == words


@given(st.integers(0, 2**32))
def test_any_bound_rule_reads_aloud(seed: int) -> None:
    bound = random_bound(random.Random(seed), FACTS)
    lines = [line for part in read_tree(bound.require, FACTS, PLACES) for line in part.as_text()]
    assert len(lines) >= len(leaves(bound.require)) and all(line.strip() for line in lines)
    assert tree_words(bound.require, FACTS) and amount_words(random_amount(random.Random(seed), FACTS), FACTS)


def test_a_rule_aloud(tmp_path: Path) -> None:
    small = rule_text("{all: [从业人数 300人以下, 成立时间 满 1年]}", code="small", title="小企业")
    more = "  reading: {以下: 不含本数}\n  amount: 3元\n  amount_note: 奖励额\n  window: {from: 2024-03-01, to: 2024-07-01}\n  budget: {amount: 1亿元, year: 2024}\n  stacking: [{with: small, how: 就高}]\n"
    user = rule_text(
        "{all: [符合 小企业, {not: 从业人数 3人以下}]}", code="user", title="用的", kind="policy", more=more
    )
    for name, text in (("a", small), ("b", user)):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    book = RuleBook.load([tmp_path], FACTS, PLACES)
    assert rule_aloud(book, "用的", DAY) == [
        "用的（user）",
        "依据：某部 某部发〔2020〕1号；2020-01-01 起有效；待核，尚未与正式文本核对。",
        "读法：“以上”含本数，“以下”不含本数。",
        "按 2024-06-30 判断：",
        "以下各项都要符合：",
        "  1. 符合 小企业（待核）",
        "  2. 并非 从业人数 3人以下（不含本数），即 从业人数 不低于 3人〔某部发〔2020〕1号〕",
        "金额（奖励额）：3 元。",
        "申报：2024-03-01 起，2024-07-01 前。",
        "资金：2024 年 1 亿元。",
        "与“小企业”就高。",
    ]
    full = rule_aloud(book, "user", DAY, expand=True)
    assert "    1/2. 成立时间 满 1年，即 成立时间 不晚于 2023-06-30〔某部发〔2020〕1号〕" in full
    with pytest.raises(NotInForce, match="没有代码或名称"):
        rule_aloud(book, "无", DAY)
    with pytest.raises(NotInForce, match="在 2019-12-31 没有生效的版本；它的版本：2020-01-01 起"):
        rule_aloud(book, "user", date(2019, 12, 31))


def test_a_named_rule_in_an_amount_is_said_by_its_name(tmp_path: Path) -> None:
    small = rule_text("{all: [从业人数 300人以下, 成立时间 满 1年]}", code="small", title="小企业")
    more = "  amount: {sum: [{tiers: [{when: 符合 小企业, amount: 2元}]}, 1元], cap: 9元}\n"
    for name, text in (
        ("a", small),
        ("b", rule_text("从业人数 > 1人", code="user", title="用的", more=more)),
    ):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    book = RuleBook.load([tmp_path], FACTS, PLACES)
    amount = "金额：以下合计：符合 小企业（待核） 的，2 元；其他的没有金额；1 元，最高 9 元。"
    short = rule_aloud(book, "user", DAY)
    assert short[-1] == amount
    full = rule_aloud(book, "user", DAY, expand=True)
    assert full[: len(short)] == short
    assert "成立时间 满 1年，即 成立时间 不晚于 2023-06-30" in "".join(full[len(short) :])
