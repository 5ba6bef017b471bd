"""One line of Chinese becomes exactly one test: every form, every unit, and what is refused."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.rules.edges import rule_tests
from qifu.engines.rules.leaf_grammar import Grammar
from qifu.engines.rules.leaf_words import OPS, SPAN_OPS
from qifu.engines.rules.random_rules import random_bound
from qifu.engines.rules.rule_problems import LineProblem
from qifu.engines.rules.rule_words import test_words as words_of
from qifu.engines.rules.spans import Span
from qifu.engines.rules.tests.rule_texts import FACTS, PLACES
from qifu.engines.rules.tree import ChoiceIn, CodeIn, Compare, DayIs, FlagIs, HonourValid, Test
from qifu.engines.rules.written import HonourHeld, Meets, Since, WrittenTest
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import EPOCH, UNITS

GRAMMAR = Grammar(FACTS, PLACES)
DAY = date(2023, 1, 1)
REVENUE, EMPLOYEES = ((1, "revenue"),), ((1, "employees"),)


def read(line: str) -> WrittenTest:
    return GRAMMAR.read(line, day=DAY)


def days(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ("从业人数 <= 300人", Compare(EMPLOYEES, "<=", Fraction(300))),
        ("从业人员≤３００人", Compare(EMPLOYEES, "<=", Fraction(300))),
        ("从业人数 不超过 0.03万人", Compare(EMPLOYEES, "<=", Fraction(300))),
        ("从业人数 应当不少于 2.5人", Compare(EMPLOYEES, ">=", Fraction(5, 2))),
        ("从业人数季度平均值 < 300人", Compare(((1, "employees_avg"),), "<", Fraction(300_000))),
        ("营业收入 不超过 2,000万元", Compare(REVENUE, "<=", Fraction(2_000_000_000))),
        ("营业收入 超过 1.5亿元", Compare(REVENUE, ">", Fraction(15_000_000_000))),
        ("营业收入 2000万元以上", Compare(REVENUE, ">=", Fraction(2_000_000_000))),
        ("营业收入 在2000万元（含）以下", Compare(REVENUE, "<=", Fraction(2_000_000_000))),
        ("营业收入 2000万元以下（不含）", Compare(REVENUE, "<", Fraction(2_000_000_000))),
        ("技术改造投入 >= 1元", Compare(((1, "renewal"),), ">=", Fraction(100))),
        ("研发费用占营业收入比 >= 3%", Compare(((1, "rd_expense"),), ">=", Fraction(3, 100), REVENUE)),
        ("研发费用占营业收入比重 不低于 3.25％", Compare(((1, "rd_expense"),), ">=", Fraction(13, 400), REVENUE)),
        ("研发费用 + 技术改造投入 占 营业收入 比 >= 4%", Compare(((1, "rd_expense"), (1, "renewal")), ">=", Fraction(1, 25), REVENUE)),
        ("营业收入 占 前一年营业收入 的比例 超过 1.5倍", Compare(REVENUE, ">", Fraction(3, 2), ((1, "revenue_y1"),))),
        ("营业收入 / 从业人数 >= 100万元/人", Compare(REVENUE, ">=", Fraction(100_000_000), EMPLOYEES)),
        ("人均营业收入 不低于 100万元", Compare(REVENUE, ">=", Fraction(100_000_000), EMPLOYEES)),
        ("营业收入增长率 >= -5%", Compare(((1, "revenue"), (-1, "revenue_y1")), ">=", Fraction(-1, 20), ((1, "revenue_y1"),))),
        ("近两年营业收入合计 >= 1亿元", Compare(((1, "revenue"), (1, "revenue_y1")), ">=", Fraction(10_000_000_000))),
        ("营业收入 - 研发费用 > 0元", Compare(((1, "revenue"), (-1, "rd_expense")), ">", Fraction(0))),
        ("从业人数 + 从业人数季度平均值 > 1人", Compare(((1000, "employees"), (1, "employees_avg")), ">", Fraction(1000))),
        ("裁员率 不高于 5.5%", Compare(((1, "layoff_rate"),), "<=", Fraction(550))),
        ("速动比率 >= 1.25", Compare(((1, "quick_ratio"),), ">=", Fraction(125))),
        ("用地面积 <= 1.2万平方米", Compare(((1, "land"),), "<=", Fraction(1_200_000))),
        ("成立时间 满 2年", Since("established_on", ">=", Span(24, "months"))),
        ("成立时间 不满18个月", Since("established_on", "<", Span(18, "months"))),
        ("成立时间 超过 30日", Since("established_on", ">", Span(30, "days"))),
        ("成立时间 不超过 5年", Since("established_on", "<=", Span(60, "months"))),
        ("成立时间 2年以上", Since("established_on", ">=", Span(24, "months"))),
        ("成立时间 在 5年以内", Since("established_on", "<=", Span(60, "months"))),
        ("成立时间 不晚于 2022-12-31", DayIs("established_on", "<=", days("2022-12-31"))),
        ("成立时间 早于 2022年3月1日", DayIs("established_on", "<", days("2022-03-01"))),
        ("成立时间 >= 2022/3/1", DayIs("established_on", ">=", days("2022-03-01"))),
        ("从事国家限制或禁止行业 为 否", FlagIs("restricted", False)),
        ("从事国家限制或禁止行业 是 是", FlagIs("restricted", True)),
        ("从事国家限制或禁止行业 不为 是", FlagIs("restricted", False)),
        ("主体类型 属于 企业、农民专业合作社", ChoiceIn("entity_kind", (0, 2))),
        ("主体类型 不是 个体工商户", ChoiceIn("entity_kind", (1,), negated=True)),
        ("注册地 属于 浙江省", CodeIn("place", ("33",))),
        ("注册地 位于 杭州市西湖区、宁波市、330109", CodeIn("place", ("330106", "330109", "3302"))),
        ("注册地 不在 杭州市、杭州市西湖区", CodeIn("place", ("3301",), negated=True)),
        ("注册地 属于 江苏省、北京市东城区", CodeIn("place", ("110101", "32"))),
        ("所属行业 不属于 烟草制品业、批发和零售业", CodeIn("industry", ("C16", "F"), negated=True)),
        ("行业 属于 农、林、牧、渔业、C39、I", CodeIn("industry", ("A", "C39", "I"))),
        ("营业收入 高于 前一年营业收入", Compare(((1, "revenue"), (-1, "revenue_y1")), ">", Fraction(0))),
        ("研发费用 + 技术改造投入 >= 营业收入 - 前一年营业收入", Compare(((1, "rd_expense"), (1, "renewal"), (-1, "revenue"), (1, "revenue_y1")), ">=", Fraction(0))),
        ("研发费用 + 技术改造投入 不低于 营业收入 的 3%", Compare(((1, "rd_expense"), (1, "renewal")), ">=", Fraction(3, 100), REVENUE)),
        ("行业 属于 B、C、D", CodeIn("industry", ("B", "C", "D"))),
        ("行业 属于 信息传输、软件和信息技术服务业（I）、零售业（F52）、C39", CodeIn("industry", ("C39", "F52", "I"))),
        ("技术改造投入 + 研发费用 占 营业收入 比 >= 4%", Compare(((1, "renewal"), (1, "rd_expense")), ">=", Fraction(1, 25), REVENUE)),
        ("行业 属于 零售业（F52）", CodeIn("industry", ("F52",))),
        ("有效期内的 高新技术企业", HonourHeld("high_tech")),
        ("没有有效期内的 高新技术企业", HonourHeld("high_tech", negated=True)),
        ("高新技术企业 不在有效期内", HonourHeld("high_tech", negated=True)),
        ("符合 小型微型企业", Meets("小型微型企业")),
        ("不符合 sme-small-micro", Meets("sme-small-micro", negated=True)),
    ],
)  # fmt: skip
def test_every_form(line: str, test: WrittenTest) -> None:
    assert read(line) == test


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("从业人数 <= 300", "unit", "请写成 300人"),
        ("从业人数 <= 300万元", "unit", "单位是人，不能与“300万元”比较"),
        ("营业收入 >= 300人", "unit", "单位是元"),
        ("营业收入 >= 300美元", "unit", "不认识单位“美元”"),
        ("从业人数 >= 3%", "percent", "不是比例"),
        ("营业收入 + 研发费用 >= 3%", "percent", "不是比例"),
        ("营业收入 / 从业人数 >= 3%", "percent", "单位不同"),
        ("研发费用占营业收入比 >= 0.03", "percent", "3%"),
        ("研发费用 占 前一年营业收入 比 >= 0.03", "unit", "请写百分数"),
        ("研发费用占营业收入比 >= 3万元", "unit", "单位是%"),
        ("研发费用占营业收入比 + 营业收入 >= 3%", "unit", "是比例"),
        ("营业收入 + 从业人数 >= 3元", "unit", "单位不同"),
        ("营业收入 >= 从业人数", "unit", "单位不同"),
        ("营业收入 >= 营业收入", "leaf", "什么也不剩"),
        ("研发费用 >= 营业收入 的 3元", "unit", "请写百分数"),
        ("研发费用 >= 营业收入 一半", "leaf", "读不懂"),
        ("营业收入 - 营业收入 >= 3元", "leaf", "什么也不剩"),
        ("速动比率 >= 1人", "unit", "不带单位的数字"),
        ("从业人员数 <= 300人", "unknown-fact", "没有“从业人员数”"),
        ("从业人员数 300人以上", "unknown-fact", "没有“从业人员数”"),
        ("营业收入 >= 1000万", "unit", "请写成 1000万元"),
        ("从业人数 <= 3万", "unit", "请写成 3万人"),
        ("营业收 <= 300万元", "unknown-fact", "营业收入"),
        ("职工 <= 300人", "unknown-fact", "事实目录中没有“职工”"),
        ("有效期内的 高新企业", "unknown-fact", "高新技术企业"),
        ("有效期内的 从业人数", "leaf", "没有有效期"),
        ("从业人数", "leaf", "后面没有条件"),
        ("从业人数 <=", "leaf", "没有数值"),
        ("从业人数 <= 三百人", "number", "阿拉伯数字"),
        ("从业人数 20人以上300人以下", "leaf", "拆成两行"),
        ("从业人数 20-300人", "leaf", "不是比较"),
        ("从业人数 超过 300人以上", "leaf", "不能一起用"),
        ("从业人数 <= " + "9" * 31 + "人", "number", "数字过长"),
        ("营业收入 <= 99999999999999亿元", "number", "数值过大"),
        ("成立时间 满 1.5年", "date", "18个月"),
        ("成立时间 满 2023-01-01", "leaf", "含不含当天"),
        ("成立时间 在 2022-12-31 之前", "leaf", "含不含当天"),
        ("成立时间 不晚于 2022-02-30", "date", "没有“2022-02-30”这一天"),
        ("成立时间 不晚于 1948-12-31", "date", "1949"),
        ("成立时间 晚于 2101-01-01", "date", "2100"),
        ("成立时间 满 300年", "date", "应在 1年"),
        ("成立时间 >= 3万元", "date", "请写成"),
        ("从事国家限制或禁止行业", "leaf", "从事国家限制或禁止行业 为 是"),
        ("从事国家限制或禁止行业 为 3", "leaf", "读不懂"),
        ("主体类型 属于 公司", "value", "可用：企业"),
        ("注册地 属于 西湖省", "value", "没有叫“西湖省”"),
        ("注册地 属于 鼓楼区", "value", "不止一处"),
        ("注册地 属于 999999", "value", "没有代码"),
        ("注册地 属于 杭州经济技术开发区", "value", ""),
        ("行业 属于 未来产业", "value", "GB/T 4754"),
        ("行业 属于 I6510、房地产开发经营（K7010）", "value", "没有“I6510”"),
        ("行业 属于 零售业（C39）", "value", "GB/T 4754"),
        ("注册地", "leaf", "注册地 属于"),
        ("注册地 浙江省", "leaf", "读不懂"),
        ("高新技术企业 为 是", "leaf", "有效期内的"),
        ("", "leaf", "空"),
        ("研发费用 占 营业收入 >= 3%", "leaf", "缺少“比”"),
    ],
)
def test_what_is_refused_and_why(line: str, code: str, said: str) -> None:
    with pytest.raises(LineProblem) as caught:
        read(line)
    assert caught.value.code == code
    assert said in f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("从业人数 3人", ["从业人数 >= 3人", "从业人数 <= 3人"]),
        ("从业人员 300", ["从业人员 >= 300人", "从业人员 <= 300人"]),
        ("用地面积 3万元", ["用地面积 >= 1.5平方米", "用地面积 <= 1.5平方米"]),
        ("营业收入", ["营业收入 >= 100万元", "营业收入 <= 100万元"]),
        ("研发费用占营业收入比 3", ["研发费用占营业收入比 >= 3%", "研发费用占营业收入比 <= 3%"]),
        ("速动比率", ["速动比率 >= 1.5", "速动比率 <= 1.5"]),
        ("主体类型 不低于 企业", ["主体类型 属于 企业、个体工商户"]),
        ("从事国家限制或禁止行业 否", ["从事国家限制或禁止行业 为 是", "从事国家限制或禁止行业 为 否"]),
        ("高新技术企业 为 是", ["有效期内的 高新技术企业"]),
        ("成立时间 很久", ["成立时间 满 2年", "成立时间 不晚于 2022-12-31"]),
        ("注册地 浙江", ["注册地 属于 浙江省"]),
        ("行业 制造业", ["行业 属于 制造业、软件和信息技术服务业"]),
        ("营业收入 为 正", ["营业收入 > 0元"]),
        ("营业收入 - 研发费用", []),
        ("从业人数 为 零", ["从业人数 = 0人"]),
        ("营业收入增长率 为负数", ["营业收入增长率 < 0%"]),
        ("没有 从事国家限制或禁止行业", ["从事国家限制或禁止行业 为 否"]),
        ("有 从事国家限制或禁止行业", ["从事国家限制或禁止行业 为 是"]),
        ("没有 高新技术企业", ["没有有效期内的 高新技术企业"]),
        ("是 高新技术企业", ["有效期内的 高新技术企业"]),
        ("营业收入 不为负", ["营业收入 >= 0元"]),
        ("营业收入 1000万", ["营业收入 >= 1000万元", "营业收入 <= 1000万元"]),
        ("注册地 属于 杭州市 或 宁波市", ["注册地 属于 杭州市、宁波市"]),
        ("行业 不属于 制造业和建筑业", ["行业 不属于 制造业、建筑业"]),
        ("从业人数：300人以下", ["从业人数 300人以下"]),
        ("至少 3名 从业人数", ["从业人数 >= 3名"]),
        ("不超过 1.5亿元的 营业收入", ["营业收入 <= 1.5亿元"]),
    ],
)
def test_the_remedy_names_the_fact_that_was_written(line: str, proposed: list[str]) -> None:
    with pytest.raises(LineProblem) as caught:
        read(line)
    remedy = caught.value.remedy
    assert proposed == (remedy.removeprefix("请写成 ").split("，或 ") if "请写成" in remedy else [])
    assert all(read(other) for other in proposed)


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("营业收入 >= 1000万元 或 从业人数 >= 100人", "请写成 any: [营业收入 >= 1000万元, 从业人数 >= 100人]"),
        ("营业收入 >= 1,000万元，且 从业人数 >= 100人", '请写成 all: ["营业收入 >= 1,000万元", 从业人数 >= 100人]'),
        ("从业人数 >= 20人 且 <= 300人", "请写成 all: [从业人数 >= 20人, 从业人数 <= 300人]"),
        ("从事国家限制或禁止行业 为 否 或者 从业人数 > 1人", "请写成 any: [从事国家限制或禁止行业 为 否, 从业人数 > 1人]"),
        ("从业人数 > 1人 且 从业人数 < 9人 或 营业收入 > 1元", "请每个条件写一行，分别放在 any: 和 all: 之下"),
    ],
)  # fmt: skip
def test_two_conditions_in_one_line_are_put_apart(line: str, remedy: str) -> None:
    with pytest.raises(LineProblem) as caught:
        read(line)
    assert (caught.value.code, caught.value.remedy) == ("leaf", remedy)


def test_whether_the_number_is_included_is_the_versions_reading() -> None:
    strict = {"以上": False, "以下": False}
    assert GRAMMAR.read("从业人数 300人以上", day=DAY, reading=strict) == Compare(
        EMPLOYEES, ">", Fraction(300)
    )
    assert GRAMMAR.read("从业人数 300人以下", day=DAY, reading=strict) == Compare(
        EMPLOYEES, "<", Fraction(300)
    )
    assert GRAMMAR.read("从业人数 300人及以上", day=DAY, reading=strict) == Compare(
        EMPLOYEES, ">=", Fraction(300)
    )
    assert GRAMMAR.read("从业人数 300人以上（含本数）", day=DAY, reading=strict) == Compare(
        EMPLOYEES, ">=", Fraction(300)
    )
    assert GRAMMAR.read("成立时间 2年以上", day=DAY, reading=strict) == Since(
        "established_on", ">", Span(24, "months")
    )


MONEY_UNITS = [unit for unit, (base, _) in UNITS.items() if base == "元"]


@given(
    st.sampled_from(sorted(OPS)), st.decimals(0, 99_999, places=4), st.sampled_from(MONEY_UNITS), st.sampled_from(["", " ", "　"])
)  # fmt: skip
def test_amounts_are_exact_in_every_unit(op: str, number: Decimal, unit: str, gap: str) -> None:
    found = read(f"营业收入{gap}{op}{gap}{number:f}{gap}{unit}")
    assert found == Compare(REVENUE, OPS[op], Fraction(number) * UNITS[unit][1] * 100)


@given(
    st.sampled_from(sorted(set(SPAN_OPS) - {word for word, op in OPS.items() if op in ("=", "!=")})),
    st.integers(1, 200),
)
def test_spans_in_every_wording(word: str, number: int) -> None:
    assert read(f"成立时间 {word} {number}年") == Since(
        "established_on", SPAN_OPS[word], Span(number * 12, "months")
    )


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_chinese(text: str) -> None:
    for line in (
        text,
        f"从业人数 {text}",
        f"成立时间 {text}",
        f"注册地 属于 {text}",
        f"营业收入 >= {text}",
        f"行业 {text}",
    ):
        try:
            read(line)
        except LineProblem as error:
            assert error.message and error.remedy


@given(st.integers(0, 2**32))
def test_words_of_a_test_read_back_to_the_same_test(seed: int) -> None:
    bound = random_bound(random.Random(seed), FACTS)
    for test in rule_tests(bound):
        if not _is_sayable(test):
            continue
        line = words_of(test, FACTS, PLACES)
        if "约" not in line:
            assert read(line) == test, line


def _is_sayable(test: Test) -> bool:
    """False for tests that no line says: other coefficients, unlike units, 1/人, unknown codes, an honour on a day."""
    if isinstance(test, HonourValid):
        return False
    if isinstance(test, DayIs):
        return days("1949-01-01") <= test.day <= days("2100-12-31")
    if isinstance(test, CodeIn):
        known = PLACES.name if test.fact == "place" else industry.title
        return all(known(prefix).removeprefix(prefix) for prefix in test.prefixes)
    if not isinstance(test, Compare):
        return True
    if test.over and not FACTS.facts[test.of[0][1]].unit and FACTS.facts[test.over[0][1]].unit:
        return False
    try:
        return all(_as_written(terms) for terms in (test.of, test.over) if terms)
    except LineProblem:
        return False


def _as_written(terms: tuple[tuple[int, str], ...]) -> bool:
    from qifu.engines.rules.leaf_numbers import add_up

    return add_up([(1 if c > 0 else -1, FACTS.facts[name]) for c, name in terms], FACTS).terms == terms
