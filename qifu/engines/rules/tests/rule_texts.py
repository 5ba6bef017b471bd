"""What the tests of the language share: a small book of facts, the country's places, and rules written in one line."""

from __future__ import annotations

from pathlib import Path

from qifu.engines.rules.places import PlaceNames, place_names
from qifu.engines.rules.rule_file import read_rule
from qifu.engines.rules.rule_problems import Problem, RuleProblems
from qifu.engines.rules.written import Rule
from qifu.registers.enterprises.fact_book import FactBook, read_fact_book

ROOT = Path(__file__).parents[4]
FACTS_TEXT = """\
facts:
- {id: place, label: 注册地, type: place, group: 登记}
- {id: industry, label: 所属行业, aliases: [行业], type: industry, group: 登记}
- {id: established_on, label: 成立时间, type: day, group: 登记}
- {id: entity_kind, label: 主体类型, type: choice, choices: [企业, 个体工商户, 农民专业合作社, 其他], group: 登记}
- {id: employees, label: 从业人数, aliases: [从业人员], type: count, unit: 人, group: 规模}
- {id: employees_avg, label: 从业人数季度平均值, type: decimal, unit: 人, decimals: 3, group: 规模}
- {id: revenue, label: 营业收入, type: money, unit: 元, group: 财务}
- {id: revenue_y1, label: 前一年营业收入, type: money, unit: 元, group: 财务}
- {id: rd_expense, label: 研发费用, type: money, unit: 元, group: 研发}
- {id: renewal, label: 技术改造投入, type: money, unit: 万元, group: 研发}
- {id: rd_share, label: 研发费用占营业收入比, type: percent, unit: '%', group: 研发, of: [rd_expense], over: [revenue]}
- {id: growth, label: 营业收入增长率, type: percent, unit: '%', group: 财务, of: [revenue, -revenue_y1], over: [revenue_y1]}
- {id: two_years, label: 近两年营业收入合计, type: money, unit: 元, group: 财务, of: [revenue, revenue_y1]}
- {id: per_head, label: 人均营业收入, type: money, unit: 万元, group: 财务, of: [revenue], over: [employees]}
- {id: layoff_rate, label: 裁员率, type: percent, unit: '%', decimals: 2, group: 规模}
- {id: quick_ratio, label: 速动比率, type: decimal, decimals: 2, group: 财务}
- {id: land, label: 用地面积, type: decimal, unit: 平方米, decimals: 2, group: 规模}
- {id: high_tech, label: 高新技术企业, type: honour, group: 资质}
- {id: restricted, label: 从事国家限制或禁止行业, type: flag, group: 登记}
"""
FACTS: FactBook = read_fact_book(FACTS_TEXT.encode(), where="facts.yaml")
PLACES: PlaceNames = place_names(ROOT / "provinces" / "zhejiang")
HEAD = """\
code: {code}
title: {title}
kind: {kind}
issuers: [某部]
document: 某部发〔2020〕1号
versions:
"""


def rule_text(
    require: str,
    *,
    code: str = "a-rule",
    title: str = "某规则",
    kind: str = "rule",
    start: str = "2020-01-01",
    more: str = "",
) -> str:
    """Return a file of one version; `require` is on line 9, `more` are lines of the version after it."""
    return (
        HEAD.format(code=code, title=title, kind=kind)
        + f"- effective_from: {start}\n  require:\n    {require}\n"
        + more
    )


def read(text: str, facts: FactBook = FACTS) -> Rule:
    """Return the rule of a text."""
    return read_rule(text.encode(), where="a.yaml", facts=facts, places=PLACES)


def problems_of(text: str) -> list[Problem]:
    """Return the problems of a text; none when it can be read."""
    try:
        read(text)
    except RuleProblems as error:
        return error.problems
    return []
