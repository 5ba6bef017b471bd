"""Runs the examples of a rule: each must come out as it says, or the file is not used; pure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from qifu.engines.rules import judge
from qifu.engines.rules.edges import missing_facts
from qifu.engines.rules.rule_problems import Problem
from qifu.engines.rules.tree import Bound, Truth
from qifu.engines.rules.written import Example, Rule
from qifu.foundation.money import format_money

if TYPE_CHECKING:
    from qifu.engines.rules.rule_book import RuleBook

WORDS = {"met": "符合", "unmet": "不符合", "unknown": "缺数据"}
_TRUTHS = {Truth.MET: "met", Truth.UNMET: "unmet", Truth.UNKNOWN: "unknown"}


def run_examples(book: RuleBook, rule: Rule) -> list[Problem]:
    """Return a problem for each example that does not come out, and one when a verified rule lacks 符合 or 不符合."""
    problems: list[Problem] = []
    bound: dict[date, Bound] = {}
    for number, example in enumerate(rule.examples, 1):
        if rule.version_on(example.as_of) is None:
            problems.append(
                Problem(
                    rule.where,
                    example.line,
                    "example",
                    f"第 {number} 个示例的日期 {example.as_of} 没有生效的版本",
                    "请改用版本有效期内的日期",
                )
            )
            continue
        if example.as_of not in bound:
            bound[example.as_of] = book.bind(rule.code, example.as_of)
        wrong = _wrong(book, bound[example.as_of], example)
        if wrong:
            title = f"“{example.title}”" if example.title else ""
            problems.append(
                Problem(
                    rule.where,
                    example.line,
                    "example",
                    f"第 {number} 个示例{title}不成立：{wrong}",
                    "请核对规则或示例",
                )
            )
    shown = {example.expect for example in rule.examples}
    lacking = [WORDS[word] for word in ("met", "unmet") if word not in shown]
    if rule.confidence == "verified" and lacking:
        problems.append(
            Problem(
                rule.where,
                1,
                "example",
                f"缺少{'和'.join(lacking)}的示例",
                "已核对（verified）的规则，符合和不符合至少各写一个示例",
            )
        )
    return problems


def _wrong(book: RuleBook, bound: Bound, example: Example) -> str:
    values = dict(example.values)
    found = judge.verdict(bound, values)
    truth = _TRUTHS[found.truth]
    if truth != example.expect:
        return f"应为{WORDS[example.expect]}，算出{WORDS[truth]}"
    if example.amount is not None and found.amount_fen != example.amount:
        came = format_money(found.amount_fen) if found.amount_fen is not None else "无法计算"
        return f"金额应为 {format_money(example.amount)}，算出 {came}"
    if example.missing is not None:
        missing = missing_facts(bound, values)
        if set(missing) != set(example.missing):
            return f"缺的事实应为{_labels(book, example.missing)}，算出{_labels(book, missing)}"
    return ""


def _labels(book: RuleBook, names: tuple[str, ...]) -> str:
    return "、".join(book.facts.facts[name].label for name in names) or "（没有）"
