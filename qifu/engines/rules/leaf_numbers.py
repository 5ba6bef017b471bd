"""Numbers in rules: sums of facts, ratios of sums, and values with units, made exact kept-value comparisons; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from qifu.engines.rules.rule_problems import LineProblem
from qifu.engines.rules.tree import Compare, Op, Terms
from qifu.registers.enterprises.fact_book import LARGEST, UNITS, Fact, FactBook

Signed = list[tuple[int, Fact]]
_QUANTITY = re.compile(r"(?P<number>[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)(?P<unit>[^0-9]*)")
LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Quantity:
    """A written number and its unit, still apart: 2000 and 万元."""

    number: Fraction
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Σ ± facts on kept values: `per_base` kept units of the sum are one `base` unit (100 fen are one 元)."""

    terms: Terms
    base: str
    per_base: int
    label: str


def read_quantity(text: str) -> Quantity:
    """Return number and unit of `2000万元`, `3.5%`, `1,000人`; raises LineProblem."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise LineProblem(
            "number", f"“{text[:30]}”不是数字", "请用阿拉伯数字和单位，如 300人、2000万元、3.5%"
        )
    if len(found["number"]) > LONGEST_NUMBER:
        raise LineProblem("number", f"数字过长（{len(found['number'])} 位）", "请核对数值和单位")
    return Quantity(Fraction(found["number"].replace(",", "")), found["unit"], text)


def add_up(parts: Signed, facts: FactBook) -> Sum:
    """Return the sum of number facts of one kind of unit; raises LineProblem."""
    flat: Signed = []
    for sign, fact in parts:
        _check_number(fact)
        if fact.derived is None:
            flat.append((sign, fact))
        elif fact.derived.over:
            raise LineProblem(
                "unit", f"“{fact.label}”是比例，不能与别的事实相加减或相比", "请用它的分子和分母来写"
            )
        else:
            flat += [(sign * c, facts.facts[name]) for c, name in fact.derived.of]
    label = "".join(("-" if sign < 0 else "+") + fact.label for sign, fact in parts).removeprefix("+")
    bases = dict.fromkeys(fact.base_unit for _, fact in flat)
    if len(bases) > 1:
        named = "、".join(f"“{fact.label}”的单位是{fact.unit or '无'}" for _, fact in flat)
        raise LineProblem("unit", f"单位不同的事实不能相加减：{named}", "只有单位相同的事实才能相加减")
    per_base = lcm(*(fact.scale.numerator for _, fact in flat))
    terms: dict[str, int] = {}
    for sign, fact in flat:
        coefficient = sign * Fraction(per_base) / fact.scale
        per_base_more = coefficient.denominator
        if per_base_more != 1:  # pragma: no cover - scales are powers of ten
            raise LineProblem("unit", f"“{fact.label}”的单位无法换算")
        terms[fact.id] = terms.get(fact.id, 0) + int(coefficient)
    kept = tuple((c, name) for name, c in terms.items() if c)
    if not kept:
        raise LineProblem("leaf", f"“{label}”相减后什么也不剩", "请核对加减号")
    return Sum(kept, next(iter(bases)), per_base, label)


def compare(of: Signed, over: Signed, op: Op, value: Quantity, facts: FactBook) -> Compare:
    """Return `sum(of) [/ sum(over)] OP value` on kept values; raises LineProblem for units that do not fit."""
    first = of[0][1]
    if len(of) == 1 and not over and first.derived is not None and first.derived.over and of[0][0] > 0:
        return _compare_derived(first, op, value, facts)
    total = add_up(of, facts)
    if over:
        below = add_up(over, facts)
        bound = _ratio(value, total, below) * total.per_base / below.per_base
        return Compare(total.terms, op, _sized(bound, value), below.terms)
    bound = in_base(value, total.base, total.label, first) * total.per_base
    return Compare(total.terms, op, _sized(bound, value))


def in_base(value: Quantity, base: str, label: str, fact: Fact | None = None) -> Fraction:
    """Return the value in base units; raises LineProblem for a unit that is missing or of another kind."""
    if not value.unit:
        if base == "%":
            raise LineProblem(
                "percent", f"“{label}”是百分数，“{value.text}”没有写 %", "请写成 3% 的样子（0.03 即 3%）"
            )
        if base:
            unit = fact.unit if fact is not None else base
            remedy = f"“{label}”的单位是{unit}，请写成 {value.text}{unit}"
            raise LineProblem("unit", f"“{value.text}”没有单位", remedy)
        return value.number
    if value.unit not in UNITS and value.unit + base in UNITS and value.unit in ("万", "亿"):
        raise LineProblem("unit", f"“{value.text}”的单位没有写完", f"请写成 {value.text}{base}")
    if value.unit not in UNITS:
        raise LineProblem(
            "unit", f"不认识单位“{value.unit[:10]}”", f"可用：{'、'.join(units_of(base)) or '不写单位'}"
        )
    own, factor = UNITS[value.unit]
    if own == base:
        return value.number * factor
    if value.unit == "%":
        raise LineProblem(
            "percent", f"“{label}”的单位是{base or '无'}，不是比例，不能与百分数 {value.text} 比较",
            "请写数值和单位；要比较占比，请写成 A 占 B 比 >= 3%",
        )  # fmt: skip
    raise LineProblem(
        "unit", f"“{label}”的单位是{base or '无'}，不能与“{value.text}”比较",
        f"请改用：{'、'.join(units_of(base)) or '不带单位的数字'}",
    )  # fmt: skip


def units_of(base: str) -> list[str]:
    """Return the units that convert to `base`."""
    return [unit for unit, (own, _) in UNITS.items() if own == base]


def _compare_derived(fact: Fact, op: Op, value: Quantity, facts: FactBook) -> Compare:
    assert fact.derived is not None
    of = add_up([(c, facts.facts[name]) for c, name in fact.derived.of], facts)
    over = add_up([(c, facts.facts[name]) for c, name in fact.derived.over], facts)
    written = in_base(value, fact.base_unit, fact.label, fact)
    bound = (written / 100 if fact.base_unit == "%" else written) * of.per_base / over.per_base
    return Compare(of.terms, op, _sized(bound, value), over.terms)


def _ratio(value: Quantity, of: Sum, over: Sum) -> Fraction:
    if of.base == over.base:
        if value.unit == "%":
            return value.number / 100
        if value.unit == "倍":
            return value.number
        raise LineProblem(
            "unit",
            f"“{of.label}”占“{over.label}”比是比例，不能与“{value.text}”比较",
            "请写百分数，如 3%，或 1.5倍",
        )
    if not over.base:
        return in_base(value, of.base, of.label)
    upper, _, lower = value.unit.partition("/")
    if upper in UNITS and lower in UNITS and UNITS[upper][0] == of.base and UNITS[lower][0] == over.base:
        return value.number * UNITS[upper][1] / UNITS[lower][1]
    code = "percent" if value.unit == "%" else "unit"
    raise LineProblem(
        code, f"“{of.label}”与“{over.label}”单位不同，它们的比不能与“{value.text}”比较",
        f"请写成 10{of.base or '（无单位）'}/{over.base or '（无单位）'} 的样子",
    )  # fmt: skip


def _sized(bound: Fraction, value: Quantity) -> Fraction:
    if abs(bound) > LARGEST or bound.denominator > LARGEST:
        raise LineProblem("number", f"数值过大或过细：“{value.text[:40]}”", "请核对数值和单位")
    return bound


def _check_number(fact: Fact) -> None:
    if not fact.is_number:
        raise LineProblem("unit", f"“{fact.label}”不是数字，不能加减或比大小", "只有金额、数量和比例可以")


def check_sense(test: Compare, facts: FactBook) -> None:
    """Refuse a bound that no value can meet exactly: finer than the fact keeps, or below 0 for what is counted.

    Sums and ratios may lie between two kept values, and money may be a loss; they pass. Raises LineProblem.
    """
    counted = [facts.facts[name] for _, name in (*test.of, *test.over)]
    plus = all(coefficient > 0 for coefficient, _ in (*test.of, *test.over))
    if test.bound < 0 and plus and all(fact.type == "count" for fact in counted):
        raise LineProblem("number", f"{labels(counted)}不会小于 0", "请核对数值，不写负号")
    if test.over or len(test.of) > 1 or test.bound.denominator == 1:
        return
    fact = counted[0]
    kept = "分" if fact.type == "money" else f"{fact.decimals} 位小数" if fact.decimals else "整数"
    low = test.bound.numerator // test.bound.denominator
    near = [Fraction(number) / fact.scale for number in (low, low + 1)]
    shown = " 或 ".join(f"{Decimal(n.numerator) / n.denominator:f}{fact.base_unit}" for n in near)
    raise LineProblem("number", f"“{fact.label}”只记到{kept}，这个数写得更细", f"请写成 {shown}")


def labels(facts: Iterable[Fact]) -> str:
    """Return the labels, quoted, for a message."""
    return "、".join(f"“{fact.label}”" for fact in facts)
