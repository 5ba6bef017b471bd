"""A rule file is read whole, or every mistake in it is named with its line, code and remedy."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from qifu.engines.rules.rule_problems import CODES, RuleProblems
from qifu.engines.rules.spans import Span
from qifu.engines.rules.tests.rule_texts import HEAD, problems_of, read, rule_text
from qifu.engines.rules.tree import Brackets, Compare, Fixed, Share
from qifu.engines.rules.written import (
    Since,
    Stacking,
    WrittenBounded,
    WrittenCombine,
    WrittenGroup,
    WrittenLeaf,
    WrittenScore,
    WrittenTiers,
)

WHOLE = """\
code: sme-award
title: 小微企业研发奖励
kind: policy
issuers: [某省经济和信息化厅]
document: 某经信〔2024〕1号
kinds: [资金]
tags: [研发]
confidence: verified
note: 备注
versions:
- effective_from: 2024-01-01
  effective_to: 2025-01-01
  source: 第三条
  reading: {以上: 不含本数}
  require:
    all:
    - 从业人数 300人以上
    - {is: 营业收入 不超过 2000万元, clause: 第三条（二）, id: revenue, review: 待核}
    - {is: 成立时间 满 2年, clause: 《某法》第五条}
    - title: 二选一
      any:
      - 研发费用占营业收入比 >= 3%
      - not: {all: [从业人数 < 3人, 有效期内的 高新技术企业]}
    - at_least: {count: 2, of: [注册地 属于 浙江省, 主体类型 属于 企业, 从业人数 >= 1人]}
    - score:
        title: 评价
        least: 60分
        groups: {创新: 12.5分, 成长: 0}
        items:
        - title: 研发
          group: 创新
          bands: [{points: 50, when: 研发费用占营业收入比 >= 5%}, {points: 12.5分, when: {all: [研发费用占营业收入比 >= 3%, 从业人数 > 3人]}}]
          otherwise: 0.25
        - {title: 增长, group: 成长, id: growth, review: 待核, bands: [{points: 20, when: 营业收入增长率 >= 5%, text: 增长 5%, review: 待核}]}
  amount: {rate: 20%, of: 研发费用 - 技术改造投入, cap: 500万元, floor: 5万元, round: 百元, rounding: 舍去}
  amount_note: 奖励额
  window: {from: 2024-03-01, to: 2024-07-01}
  budget: {amount: 1亿元, year: 2024}
  stacking: [{with: other-award, how: 就高}]
- effective_from: 2025-01-01
  document: 某经信〔2025〕2号
  require: 从业人数 <= 300人
  amount: 50万元
examples:
- {title: 例一, as_of: 2025-06-30, facts: {从业人数: 300人, 注册地: 杭州市西湖区, 行业: 制造业, 高新技术企业: 2026-12-08}, expect: 符合, amount: 50万元}
- {as_of: 2025-06-30, facts: {}, expect: 缺数据, missing: [从业人数]}
"""  # fmt: skip


def test_a_whole_file() -> None:
    rule = read(WHOLE)
    assert (rule.code, rule.kind, rule.confidence) == ("sme-award", "policy", "verified")
    first, second = rule.versions
    assert (first.effective_from, first.effective_to) == (date(2024, 1, 1), date(2025, 1, 1))
    assert second.document == "某经信〔2025〕2号" and second.effective_to is None
    assert first.window == (date(2024, 3, 1), date(2024, 7, 1))
    assert first.budget == (10_000_000_000, 2024)
    assert first.stacking == (Stacking("other-award", "就高", 39),)
    assert dict(first.reading) == {"以上": False, "以下": True}
    assert first.amount_note == "奖励额"
    assert rule.version_on(date(2024, 12, 31)) is first and rule.version_on(date(2025, 1, 1)) is second
    assert rule.version_on(date(2023, 12, 31)) is None
    assert rule.reviews == ("营业收入 不超过 2000万元", "增长：增长 5%", "增长")
    assert rule.examples[0].values == (
        ("employees", 300),
        ("place", "330106"),
        ("industry", "C"),
        ("high_tech", 20795),
    )
    assert rule.examples[1].missing == ("employees",)


def test_ids_sources_and_lines_of_the_tree() -> None:
    root = read(WHOLE).versions[0].require
    assert isinstance(root, WrittenGroup) and root.id == ""
    above, revenue, since, either, two, score = root.children
    assert (
        isinstance(above, WrittenLeaf) and isinstance(revenue, WrittenLeaf) and isinstance(since, WrittenLeaf)
    )
    assert (above.id, above.line, above.text) == ("1", 17, "从业人数 300人以上（不含本数）")
    assert above.test == Compare(((1, "employees"),), ">", Fraction(300))
    assert (revenue.id, revenue.source) == ("revenue", "某经信〔2024〕1号 第三条（二）（待核）")
    assert (since.source, since.test) == ("《某法》第五条", Since("established_on", ">=", Span(24, "months")))
    assert isinstance(either, WrittenGroup) and (either.id, either.title) == ("4", "二选一")
    denied = either.children[1]
    assert isinstance(denied, WrittenGroup) and denied.kind == "not"
    inner = denied.children[0]
    assert isinstance(inner, WrittenGroup) and [child.id for child in inner.children] == ["4.2.1", "4.2.2"]
    assert isinstance(two, WrittenGroup) and (two.kind, two.least) == ("k_of_n", 2)
    assert isinstance(score, WrittenScore)
    assert (score.decimals, score.least, score.groups) == (2, 6000, (("创新", 1250), ("成长", 0)))
    assert [item.id for item in score.items] == ["6.1", "growth"]
    assert [(band.points, band.text) for band in score.items[0].bands] == [
        (5000, "研发费用占营业收入比 >= 5%"),
        (1250, "研发费用占营业收入比 >= 3%，且 从业人数 > 3人"),
    ]
    assert score.items[1].title == "增长（待核）" and score.items[1].bands[0].text == "增长 5%（待核）"
    when = score.items[0].bands[1].when
    assert isinstance(when, WrittenGroup) and [child.id for child in when.children] == ["6.1.2.1", "6.1.2.2"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("50万元", Fixed(50_000_000)),
        ("{rate: 20%, of: 研发费用}", Share(Fraction(1, 5), ((1, "rd_expense"),))),
        ("{rate: 0.25%, of: 近两年营业收入合计}", Share(Fraction(1, 400), ((1, "revenue"), (1, "revenue_y1")))),
        ("{each: 1000元, of: 从业人数}", Share(Fraction(100_000), ((1, "employees"),))),
        ("{each: 10元, of: 从业人数季度平均值}", Share(Fraction(1), ((1, "employees_avg"),))),
        ("{each: 1元, of: 用地面积}", Share(Fraction(1), ((1, "land"),))),
        (
            "{each: 1000元, of: 从业人数, cap: 100万元}",
            WrittenBounded(Share(Fraction(100_000), ((1, "employees"),)), None, 100_000_000, 1, "half_up"),
        ),
        (
            "{brackets: {of: 营业收入, parts: [{upto: 500万元, rate: 0%}, {rate: 50%}]}}",
            Brackets(((1, "revenue"),), ((500_000_000, Fraction(0)), (None, Fraction(1, 2)))),
        ),
        (
            "{brackets: {of: 从业人数季度平均值, parts: [{upto: 10人, each: 0元}, {each: 100元}]}}",
            Brackets(((1, "employees_avg"),), ((10_000, Fraction(0)), (None, Fraction(10)))),
        ),
        ("{best: [1元, 2元]}", WrittenCombine("most", (Fixed(100), Fixed(200)))),
        (
            "{sum: [1元, {least: [1元, 2元]}], cap: 2元, round: 万元, rounding: 进位}",
            WrittenBounded(
                WrittenCombine("sum", (Fixed(100), WrittenCombine("least", (Fixed(100), Fixed(200))))), None, 200, 1_000_000, "up"
            ),
        ),
        ("{amount: 3元, floor: 1元}", WrittenBounded(Fixed(300), 100, None, 1, "half_up")),
    ],
)  # fmt: skip
def test_amounts(written: str, amount: object) -> None:
    assert read(rule_text("从业人数 > 1人", more=f"  amount: {written}\n")).versions[0].amount == amount


def test_tiers_have_trees_of_their_own() -> None:
    more = "  amount:\n    tiers:\n    - {when: 从业人数 > 100人, amount: 2元}\n    - {when: {any: [从业人数 > 9人, 营业收入 > 1元]}, amount: {best: [1元]}}\n    otherwise: {rate: 1%, of: 营业收入}\n"
    amount = read(rule_text("从业人数 > 1人", more=more)).versions[0].amount
    assert isinstance(amount, WrittenTiers)
    first, second = (when for when, _ in amount.tiers)
    assert isinstance(first, WrittenLeaf) and first.id == "amount.1" and first.line == 12
    assert isinstance(second, WrittenGroup) and [child.id for child in second.children] == [
        "amount.2.1",
        "amount.2.2",
    ]
    assert amount.otherwise == Share(Fraction(1, 100), ((1, "revenue"),))


VERSIONS = HEAD.format(code="a", title="某规则", kind="rule")


@pytest.mark.parametrize(
    ("text", "line", "code", "said"),
    [
        ("", 1, "yaml", "空的"),
        ("- a", 1, "form", "名称"),
        ("code: a\n  b: c", 2, "yaml", "缩进"),
        ("code: &x a", 1, "yaml", "锚点"),
        ("code: [a, b\n", 1, "yaml", "格式有误"),
        ("code: a\ncode: b", 2, "yaml", "重复"),
        (rule_text("从业人数 > 1人", code="A_b"), 1, "form", "小写字母"),
        (rule_text("从业人数 > 1人", kind="law"), 3, "form", "可用：rule、policy"),
        (rule_text("从业人数 > 1人").replace("issuers: [某部]\n", ""), 1, "form", "缺少“issuers”"),
        (rule_text("从业人数 > 1人").replace("issuers: [某部]", "issuers: 某部"), 4, "form", "应为列表"),
        (rule_text("从业人数 > 1人", more="  amonut: 3元\n"), 10, "form", "不认识“amonut”"),
        (rule_text("从业人数 > 1人", start="2020-13-01"), 7, "date", "不是日期"),
        (rule_text("从业人数 > 1人", start="1948-12-31"), 7, "date", "1949"),
        (rule_text("从业人数 > 1人", more="  effective_to: 2020-01-01\n"), 10, "date", "不晚于生效日"),
        (rule_text("从业人数 > 1人", more="- effective_from: 2021-01-01\n  require: 从业人数 > 2人\n"), 10, "version", "effective_to: 2021-01-01"),
        (rule_text("营业额 > 1元"), 9, "unknown-fact", "营业收入"),
        (rule_text("{all: []}"), 9, "form", "是空的"),
        (rule_text("{all: 从业人数 > 1人}"), 9, "form", "应为列表"),
        (rule_text("{all: [从业人数 > 1人], any: [从业人数 > 1人]}"), 9, "form", "写且只写一个"),
        (rule_text("[从业人数 > 1人]"), 9, "form", "all:"),
        (rule_text("{id: x}"), 9, "form", "写且只写一个"),
        (rule_text("{is: 从业人数 > 1人, id: 1x}"), 9, "form", "小写字母开头"),
        (rule_text("{is: 从业人数 > 1人, review: 已核}"), 9, "form", "只能写 待核"),
        (rule_text("{all: [{is: 从业人数 > 1人, id: x}, {is: 从业人数 > 2人, id: x}]}"), 9, "duplicate", "“x”重复"),
        (rule_text("{at_least: {count: 3, of: [从业人数 > 1人, 从业人数 > 2人]}}"), 9, "number", "应在 1 与 2 之间"),
        (rule_text("{at_least: {count: 0, of: [从业人数 > 1人]}}"), 9, "number", "应在 1 与 1 之间"),
        (rule_text("{at_least: {count: 2}}"), 9, "form", "缺少“of”"),
        (rule_text("从业人数 > 1人", more="  amount: 五十万元\n"), 10, "amount", "320万元"),
        (rule_text("从业人数 > 1人", more="  amount: 50\n"), 10, "amount", "缺少单位"),
        (rule_text("从业人数 > 1人", more="  amount: -50元\n"), 10, "number", "为负"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%}\n"), 10, "amount", "of"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 0.2, of: 研发费用}\n"), 10, "percent", "20%"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%, of: 从业人数}\n"), 10, "unit", "each"),
        (rule_text("从业人数 > 1人", more="  amount: {each: 20元, of: 研发费用}\n"), 10, "amount", "rate"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%, of: 研发费用占营业收入比}\n"), 10, "unit", "是比例"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%, of: 研发支出}\n"), 10, "unknown-fact", "研发费用"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%, of: 研发费用, cap: 1元, floor: 2元}\n"), 10, "amount", "高于上限"),
        (rule_text("从业人数 > 1人", more="  amount: {rate: 20%, of: 研发费用, round: 块}\n"), 10, "amount", "取整单位"),
        (rule_text("从业人数 > 1人", more="  amount: {amount: 1元, rounding: 抹零}\n"), 10, "amount", "四舍五入"),
        (rule_text("从业人数 > 1人", more="  amount: {best: []}\n"), 10, "form", "是空的"),
        (rule_text("从业人数 > 1人", more="  amount: {best: [1元], sum: [1元]}\n"), 10, "amount", "只写一个"),
        (rule_text("从业人数 > 1人", more="  amount: {brackets: {of: 营业收入, parts: [{rate: 1%}, {rate: 2%}]}}\n"), 10, "amount", "最后一段"),
        (rule_text("从业人数 > 1人", more="  amount: {brackets: {of: 营业收入, parts: [{upto: 5元, rate: 1%}, {upto: 4元, rate: 1%}, {rate: 2%}]}}\n"), 10, "amount", "从小到大"),
        (rule_text("从业人数 > 1人", more="  window: {from: 2024-03-01, to: 2024-03-01}\n"), 10, "date", "不晚于开始"),
        (rule_text("从业人数 > 1人", more="  budget: {amount: 1亿元, year: 24}\n"), 10, "form", "年份"),
        (rule_text("从业人数 > 1人", more="  stacking: [{with: a-rule, how: 就高}]\n"), 10, "unknown-rule", "写了自己"),
        (rule_text("从业人数 > 1人", more="  stacking: [{with: b, how: 并列}]\n"), 10, "form", "可叠加"),
        (rule_text("从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {从业人数: 300}, expect: 符合}\n"), 11, "unit", "300人"),
        (rule_text("从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {员工数: 3人}, expect: 符合}\n"), 11, "unknown-fact", "员工数"),
        (rule_text("从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {从业人数: 3元}, expect: 符合}\n"), 11, "value", "单位"),
        (rule_text("从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {研发费用占营业收入比: 3%}, expect: 符合}\n"), 11, "value", "算出"),
        (rule_text("从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {从业人数: 3人}, expect: 是}\n"), 11, "form", "缺数据"),
        (rule_text("{score: {least: 60, items: [{title: 研, bands: [{points: 50, when: 从业人数 > 1人}]}]}}"), 9, "score", "满分只有 50 分"),
        (rule_text("{score: {least: 6, groups: {创: 60}, items: [{title: 研, group: 创, bands: [{points: 50, when: 从业人数 > 1人}]}]}}"), 9, "score", "该组满分只有 50 分"),
        (rule_text("{score: {least: 6, groups: {创: 6}, items: [{title: 研, group: 新, bands: [{points: 50, when: 从业人数 > 1人}]}]}}"), 9, "score", "没有“新”组"),
        (rule_text("{score: {least: 6, items: [{title: 研, otherwise: 7, bands: [{points: 6, when: 从业人数 > 1人}]}]}}"), 9, "score", "少于"),
        (rule_text("{score: {least: 6, items: [{title: 研, bands: [{points: -6, when: 从业人数 > 1人}]}]}}"), 9, "score", "不能为负"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_line_and_code(text: str, line: int, code: str, said: str) -> None:
    problems = problems_of(text)
    found = [p for p in problems if (p.line, p.code) == (line, code) and said in f"{p.message} {p.remedy}"]
    assert found, problems
    assert all(problem.code in CODES for problem in problems)


def test_all_mistakes_are_told_at_once() -> None:
    text = WHOLE.replace("从业人数 300人以上", "从业人数 300元以上").replace(
        "成立时间 满 2年", "成立时间 满 2"
    )
    text = (
        text.replace("year: 2024", "year: 今年")
        .replace("how: 就高", "how: 看着办")
        .replace("points: 50,", "points: 五十,")
    )
    text = text.replace("as_of: 2025-06-30, facts: {}", "as_of: 2025-06-31, facts: {}")
    problems = problems_of(text)
    assert [(p.line, p.code) for p in problems] == [
        (17, "unit"), (19, "date"), (32, "score"), (38, "form"), (39, "form"), (46, "date"),
    ]  # fmt: skip


def test_problems_print_as_file_line_code_message_and_remedy() -> None:
    with pytest.raises(RuleProblems) as caught:
        read(rule_text("从业人数 <= 300"))
    assert str(caught.value) == "a.yaml:9: unit “300”没有单位 (“从业人数”的单位是人，请写成 300人)"


def test_a_problem_stays_on_one_line() -> None:
    text = rule_text("从业人数 > 1人").replace("kind: rule", 'kind: "ru\\nle\\u2028"')
    assert [str(p).count("\n") + str(p).count("\u2028") for p in problems_of(text)] == [0]


@pytest.mark.parametrize(
    ("start", "remedy"),
    [
        ("2024年1月1日", "请写成 2024-01-01"),
        ("2024/1/1", "请写成 2024-01-01"),
        ("2024-02-30", "日历上没有这一天，请核对；写成 年-月-日，如 2024-01-01"),
    ],
)
def test_a_wrong_day_is_proposed_right(start: str, remedy: str) -> None:
    told = problems_of(rule_text("从业人数 > 1人", start=start))
    assert [(p.line, p.code, p.remedy) for p in told] == [(7, "date", remedy)]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (rule_text("从业人数 > 1人").replace("require:", "require："), 8, "yaml"),
        (rule_text("{is：从业人数 > 1人}"), 9, "form"),
        (rule_text("all：\n    - 从业人数 > 1人"), 9, "form"),
        (rule_text("all:\n    - is：从业人数 > 1人"), 10, "form"),
        (rule_text("从业人数 > 1人") + "examples:\n- {as_of: 2024-01-01, facts: {从业人数：300人}, expect: 符合}\n", 11, "form"),
    ],
)  # fmt: skip
def test_a_full_width_colon_is_told_as_such(text: str, line: int, code: str) -> None:
    told = problems_of(text)[0]
    assert (told.line, told.code) == (line, code) and "请用半角冒号加空格" in told.remedy


def test_characters_that_hide_are_refused_and_never_printed() -> None:
    text = rule_text("从业\u200b人数 > 1人", title="规\u202e则") + "x\u2066: 1\n"
    told = problems_of(text)
    assert [(p.line, p.code) for p in told] == [(2, "form"), (9, "form"), (10, "form")]
    shown = "".join(map(str, told))
    assert "规<U+202E>则" in shown and "<U+200B>" in shown and "x<U+2066>" in shown
    assert not set(shown) & set("\u202e\u200b\u2066")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("从业人数 >= 2.5人", "number", "请写成 2人 或 3人"),
        ("从业人数 < 0.00001万人", "number", "请写成 0人 或 1人"),
        ("从业人数季度平均值 >= 2.5005人", "number", "请写成 2.5人 或 2.501人"),
        ("营业收入 >= 1.234元", "number", "请写成 1.23元 或 1.24元"),
        ("技术改造投入 >= 0.001元", "number", "只记到分"),
        ("从业人数 >= -2人", "number", "“从业人数”不会小于 0"),
        ("行业 属于 制造", "value", "请写成 制造业"),
        ("行业 不属于 C39、批发和零售", "value", "请写成 批发和零售业"),
    ],
)
def test_what_makes_no_sense_is_refused(line: str, code: str, said: str) -> None:
    (told,) = problems_of(rule_text(line))
    assert (told.line, told.code) == (9, code) and said in f"{told.message} {told.remedy}"


@pytest.mark.parametrize(
    "line",
    [
        "从业人数季度平均值 >= 2.5人",
        "营业收入 >= -0.01元",
        "营业收入增长率 >= -5.12345%",
        "营业收入 / 从业人数 >= 0.12345元/人",
        "从业人数 + 从业人数季度平均值 >= 2.5人",
        "行业 属于 制造业、批发零售业、教育",
    ],
)
def test_what_makes_sense_passes(line: str) -> None:
    assert problems_of(rule_text(line)) == []
