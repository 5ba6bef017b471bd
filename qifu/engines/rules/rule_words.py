"""Bound tests in words: `不超过 300人`, `不晚于 2022-06-30`, `属于 杭州市`; every reading shows the same; pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from qifu.engines.rules.places import Places, place_names
from qifu.engines.rules.tree import (
    Amount,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Group,
    Leaf,
    Node,
    Op,
    Score,
    Share,
    Terms,
    Test,
    Tiers,
)
from qifu.foundation.money import format_money
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import EPOCH, FOREVER, Fact, FactBook, Value

OP_WORDS: dict[Op, str] = {
    "<=": "不超过",
    "<": "低于",
    ">=": "不低于",
    ">": "超过",
    "=": "等于",
    "!=": "不等于",
}
DAY_WORDS: dict[Op, str] = {"<=": "不晚于", "<": "早于", ">=": "不早于", ">": "晚于", "=": "为", "!=": "不为"}
_SHOWN_DECIMALS = 4
_SIGN = re.compile(r"<=|>=|!=|<>|==|[<>=≤≥≦≧≠]")
_SPAN = re.compile(r"(.*?)\s*(<=|>=|[<>≤≥≦≧])\s*(\d{1,4}\s*(?:周年|年|个月|月|日|天))")
_SPAN_WORDS = {
    "<=": "不超过",
    "≤": "不超过",
    "≦": "不超过",
    "<": "不满",
    ">=": "满",
    "≥": "满",
    "≧": "满",
    ">": "超过",
}
_BARE_CODE = re.compile(r"[0-9]{4,6}|[A-T][0-9]{0,4}(?![0-9A-Za-z])")
_REMARK, _REMARK_PLAIN = "（待核）", "(待核)"


def required_words(test: Test, facts: FactBook, places: Places | None = None) -> str:
    """Return what a test asks for, with operator and unit: `不超过 300人`, `为 是`, `不属于 批发和零售业（F）`."""
    if isinstance(test, Compare):
        return f"{OP_WORDS[test.op]} {number_words(test, test.bound, facts)}"
    if isinstance(test, DayIs):
        return f"{DAY_WORDS[test.op]} {day_words(test.day)}"
    if isinstance(test, FlagIs):
        return "为 是" if test.wanted else "为 否"
    if isinstance(test, ChoiceIn):
        choices = facts.facts[test.fact].choices
        return ("不属于 " if test.negated else "属于 ") + "、".join(choices[p] for p in test.positions)
    if isinstance(test, CodeIn):
        fact = facts.facts[test.fact]
        return ("不属于 " if test.negated else "属于 ") + "、".join(
            code_words(fact, c, places) for c in test.prefixes
        )
    return f"{'不' if test.negated else ''}在有效期内（{day_words(test.day)}）"


def subject_words(test: Test, facts: FactBook) -> str:
    """Return what a test looks at: the fact's label, a sum, or `A 占 B 比`; a derived fact by its own label."""
    if not isinstance(test, Compare):
        return facts.facts[test.fact].label
    derived = derived_of(test, facts)
    if derived is not None:
        return derived.label
    of = _sum_words(test.of, facts)
    return f"{of} 占 {_sum_words(test.over, facts)} 比" if test.over else of


def condition_words(leaf: Leaf, facts: FactBook, places: Places | None = None) -> str:
    """Return a condition as people say it: the file's own line, or, where that is written in signs or codes, what it means.

    `从业人数 <= 300人` is `从业人数 不超过 300人`, `成立时间 >= 12月` is `成立时间 满 12个月`, `有房 = 是` is `有房 为 是`.
    """
    text = unicodedata.normalize("NFKC", leaf.text).strip()
    if isinstance(leaf.test, DayIs) and (span := _SPAN.fullmatch(text.removesuffix(_REMARK_PLAIN))):
        long = re.sub(r"(?<=[0-9])月$", "个月", span[3].replace(" ", ""))
        said = f"{span[1]} {_SPAN_WORDS[span[2]]} {long}"
    elif text and not _SIGN.search(text) and not (isinstance(leaf.test, CodeIn) and _BARE_CODE.search(text)):
        return leaf.text
    else:
        said = test_words(leaf.test, facts, places)
    return said + (_REMARK if text.endswith(_REMARK_PLAIN) else "")


def test_words(test: Test, facts: FactBook, places: Places | None = None) -> str:
    """Return a whole test: `从业人数 不超过 300人`."""
    return f"{subject_words(test, facts)} {required_words(test, facts, places)}"


def number_words(test: Compare, number: Fraction, facts: FactBook) -> str:
    """Return a number of the test's left side (its bound, the actual value, a gap) with its unit: `2,000 万元`, `3.5%`.

    Exact where it has at most four decimals; else rounded half up and marked 约.
    """
    base, size = _unit_of(test.of, facts)
    if not test.over:
        return _with_unit(number * size, base, facts.facts[test.of[0][1]])
    below, below_size = _unit_of(test.over, facts)
    ratio = number * size / below_size
    if base == below:
        return f"{_decimal(ratio * 100)}%"
    derived = derived_of(test, facts)
    if derived is not None and derived.unit:
        return _with_unit(ratio, derived.base_unit, derived)
    return _with_unit(ratio, base, facts.facts[test.of[0][1]]) + (f"/{below}" if below else "")


def value_words(fact: Fact, value: Value, places: Places | None = None) -> str:
    """Return a kept value with its unit; 未知 when missing."""
    if value is None:
        return "未知"
    if fact.is_number:
        return _with_unit(Fraction(int(value)) / fact.scale, fact.base_unit, fact)
    if fact.type == "honour":
        if not value:
            return "未获得"
        last = int(value) - 1
        return "长期有效" if int(value) >= FOREVER else f"有效至 {day_words(last)}"
    return code_words(fact, str(value), places) if fact.type in ("place", "industry") else fact.written(value)


def code_words(fact: Fact, code: str, places: Places | None = None) -> str:
    """Return the name of a place or industry code; an unknown code names itself."""
    if fact.type == "industry":
        return industry.title(code) or code
    return (places or place_names()).name(code)


def day_words(days: int) -> str:
    """Return the ISO day of days since 1970-01-01; beyond the calendar's ends, the end."""
    limits = ((date.min - EPOCH).days, (date.max - EPOCH).days)
    return (EPOCH + timedelta(min(max(days, limits[0]), limits[1]))).isoformat()


def derived_of(test: Compare, facts: FactBook) -> Fact | None:
    """Return the derived fact that a ratio or sum was written with, if the book has one."""
    return _derived(tuple(facts.facts.values())).get((test.of, test.over))


def amount_words(amount: Amount, facts: FactBook) -> str:
    """Return how an amount is worked out, in one line."""
    if isinstance(amount, Fixed):
        return format_money(amount.fen)
    if isinstance(amount, Share):
        base, size = _unit_of(amount.of, facts)
        if base == "元":
            return f"{_sum_words(amount.of, facts)} 的 {_decimal(amount.rate * 100)}%"
        return f"{_sum_words(amount.of, facts)} 每{base}{_decimal(amount.rate / size / 100)}元"
    if isinstance(amount, Brackets):
        return _bracket_words(amount, facts)
    if isinstance(amount, Tiers):
        tiers = [f"{tree_words(when, facts)} 的，{amount_words(part, facts)}" for when, part in amount.tiers]
        last = f"，{amount_words(amount.otherwise, facts)}" if amount.otherwise is not None else "没有金额"
        return "；".join([*tiers, f"其他的{last}"])
    if isinstance(amount, Combine):
        how = {"most": "取最高", "least": "取最低", "sum": "合计"}[amount.how]
        return f"以下{how}：" + "；".join(amount_words(part, facts) for part in amount.amounts)
    return amount_words(amount.amount, facts) + _bound_words(amount)


def tree_words(node: Node, facts: FactBook, places: Places | None = None) -> str:
    """Return a tree in one line, without signs or codes; a group with a title, such as a named rule, by its title."""
    if isinstance(node, Leaf):
        return condition_words(node, facts, places)
    if isinstance(node, Score):
        return node.text or "评分达标"
    if node.title:
        return node.title
    parts = [tree_words(child, facts, places) for child in node.children]
    parts = [
        f"（{part}）" if isinstance(child, Group) else part
        for part, child in zip(parts, node.children, strict=True)
    ]
    if node.kind == "k_of_n":
        return f"满足以下 {node.least} 项：" + "、".join(parts)
    return ("，且 " if node.kind == "all" else "，或 ").join(parts)


def points_words(points: int, decimals: int) -> str:
    """Return points in units of 10**-decimals as 12.5分."""
    return f"{_decimal(Fraction(points, 10**decimals))}分"


def _bracket_words(amount: Brackets, facts: FactBook) -> str:
    base, size = _unit_of(amount.of, facts)
    fact = facts.facts[amount.of[0][1]]
    parts = []
    for upto, rate in amount.parts:
        share = f"{_decimal(rate * 100)}%" if base == "元" else f"每{base}{_decimal(rate / size / 100)}元"
        parts.append(
            f"不超过 {_with_unit(upto * size, base, fact)} 的部分 {share}"
            if upto is not None
            else f"其余部分 {share}"
        )
    return f"{_sum_words(amount.of, facts)} 分段计算：" + "，".join(parts)


def _bound_words(amount: Bounded) -> str:
    words = ""
    if amount.unit > 1:
        how = {"half_up": "四舍五入", "down": "舍去零头", "up": "进位"}[amount.how]
        words += f"，以 {format_money(amount.unit)} 为单位{how}"
    if amount.floor is not None:
        words += f"，不少于 {format_money(amount.floor)}"
    if amount.cap is not None:
        words += f"，最高 {format_money(amount.cap)}"
    return words


def _sum_words(terms: Terms, facts: FactBook) -> str:
    words = ""
    for coefficient, name in terms:
        words += (" - " if coefficient < 0 else " + ") + facts.facts[name].label
    return words.removeprefix(" + ").strip()


def _unit_of(terms: Terms, facts: FactBook) -> tuple[str, Fraction]:
    """Return a sum's base unit and how many of it one kept unit of the sum is."""
    coefficient, name = min(terms, key=lambda term: abs(term[0]) * facts.facts[term[1]].scale)
    fact = facts.facts[name]
    return fact.base_unit, 1 / (fact.scale * abs(coefficient))


def _with_unit(number: Fraction, base: str, fact: Fact) -> str:
    if base == "元":
        fen = number * 100
        return format_money(int(fen)) if fen.denominator == 1 else f"{_decimal(number)}元"
    return f"{_decimal(number)}{base if base else ''}"


def _decimal(number: Fraction) -> str:
    scaled = abs(number) * 10**_SHOWN_DECIMALS
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    whole, part = divmod(rounded, 10**_SHOWN_DECIMALS)
    digits = f"{whole:,}" + (f".{part:04d}".rstrip("0") if part else "")
    return ("约 " if scaled.denominator != 1 else "") + ("-" if number < 0 and rounded else "") + digits


@lru_cache(maxsize=8)
def _derived(facts: tuple[Fact, ...]) -> dict[tuple[Terms, Terms], Fact]:
    from qifu.engines.rules.leaf_numbers import add_up

    book = FactBook({fact.id: fact for fact in facts})
    found: dict[tuple[Terms, Terms], Fact] = {}
    for fact in facts:
        if fact.derived is not None:
            of = add_up([(c, book.facts[name]) for c, name in fact.derived.of], book).terms
            over = (
                add_up([(c, book.facts[name]) for c, name in fact.derived.over], book).terms
                if fact.derived.over
                else ()
            )
            found.setdefault((of, over), fact)
    return found
