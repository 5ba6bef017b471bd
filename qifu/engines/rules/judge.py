"""The judge: what a bound rule says of one enterprise, written to be read. The other readings must agree with it exactly.

Whole numbers and fractions only. A value that is missing from `values`, or None, is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from qifu.engines.rules.tree import (
    Amount,
    Bound,
    Bounded,
    Brackets,
    ChoiceIn,
    CodeIn,
    Combine,
    Compare,
    DayIs,
    Fixed,
    FlagIs,
    Item,
    Leaf,
    Node,
    Op,
    Score,
    Share,
    Terms,
    Test,
    Tiers,
    Truth,
    leaves,
)
from qifu.registers.enterprises.fact_book import Value

Values = Mapping[str, Value]
SWAPPED = {Truth.MET: Truth.UNMET, Truth.UNMET: Truth.MET, Truth.UNKNOWN: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says. `amount_fen` is None unless met, and when the amount needs a missing value.

    `unmet_count` counts the leaves that are UNMET (a score table is one); `unmet_leaf` is the id of the only one of an unmet rule.
    """

    truth: Truth
    amount_fen: int | None
    unmet_count: int
    unmet_leaf: str | None


def verdict(bound: Bound, values: Values) -> Verdict:
    """Return the verdict with its amount and the number of unmet leaves."""
    said = truth(bound.require, values)
    unmet = [leaf.id for leaf in leaves(bound.require) if truth(leaf, values) == Truth.UNMET]
    granted = amount(bound.amount, values) if bound.amount is not None and said == Truth.MET else None
    only = unmet[0] if said == Truth.UNMET and len(unmet) == 1 else None
    return Verdict(said, granted, len(unmet), only)


def truth(node: Node, values: Values) -> Truth:
    """Return the truth of a bound tree: Kleene's three values."""
    if isinstance(node, Leaf):
        return outcome(node.test, values)
    if isinstance(node, Score):
        return _score_truth(node, values)
    found = [truth(child, values) for child in node.children]
    return _at_least(node.least, found.count(Truth.MET), len(found) - found.count(Truth.UNMET))


def _at_least(least: int, certain: int, possible: int) -> Truth:
    """Return whether a number between `certain` and `possible` reaches `least`."""
    if certain >= least:
        return Truth.MET
    return Truth.UNMET if possible < least else Truth.UNKNOWN


def outcome(test: Test, values: Values) -> Truth:
    """Return the truth of one test; UNKNOWN where a value it needs is missing or too coarse."""
    if isinstance(test, Compare):
        return _compare(test, values)
    value = values.get(test.fact)
    if value is None:
        return Truth.UNKNOWN
    if isinstance(test, CodeIn):
        return _code_in(test, str(value))
    known = int(value)
    if isinstance(test, DayIs):
        return _decided(holds(known, test.op, test.day))
    if isinstance(test, FlagIs):
        return _decided((known == 1) == test.wanted)
    if isinstance(test, ChoiceIn):
        return _decided((known in test.positions) != test.negated)
    return _decided((known > test.day) != test.negated)


def _decided(met: bool) -> Truth:
    return Truth.MET if met else Truth.UNMET


def holds(left: int, op: Op, right: int) -> bool:
    """Return whether `left OP right`."""
    if op == "<=":
        return left <= right
    if op == "<":
        return left < right
    if op == ">=":
        return left >= right
    if op == ">":
        return left > right
    return (left == right) == (op == "=")


def total(terms: Terms, values: Values) -> int | None:
    """Return the sum of the terms in kept units; None when one is missing."""
    summed = 0
    for coefficient, fact in terms:
        value = values.get(fact)
        if value is None:
            return None
        summed += coefficient * int(value)
    return summed


def _compare(test: Compare, values: Values) -> Truth:
    of = total(test.of, values)
    over = total(test.over, values) if test.over else 1
    if of is None or over is None or over <= 0:
        return Truth.UNKNOWN
    return _decided(holds(of * test.bound.denominator, test.op, test.bound.numerator * over))


def code_prefix(value: str) -> str:
    """Return the part of a code that says where: 330100 -> 3301; industries (they begin with a letter) stay."""
    if value.isdigit():
        while value.endswith("00") and len(value) % 2 == 0:
            value = value[:-2]
    return value


def _code_in(test: CodeIn, value: str) -> Truth:
    code = code_prefix(value)
    if any(code.startswith(prefix) for prefix in test.prefixes):
        return _decided(not test.negated)
    if any(prefix.startswith(code) for prefix in test.prefixes):
        return Truth.UNKNOWN
    return _decided(test.negated)


def points(item: Item, values: Values) -> tuple[int, int]:
    """Return the fewest and the most points an item can still give."""
    found = [(band.points, truth(band.when, values)) for band in item.bands]
    low = max([item.otherwise, *(given for given, said in found if said == Truth.MET)])
    high = max([item.otherwise, *(given for given, said in found if said != Truth.UNMET)])
    return low, high


def _score_truth(score: Score, values: Values) -> Truth:
    given = [(item.group, *points(item, values)) for item in score.items]
    parts = [_at_least(score.least, sum(low for _, low, _ in given), sum(high for *_, high in given))]
    for title, least in score.groups:
        low = sum(low for group, low, _ in given if group == title)
        high = sum(high for group, _, high in given if group == title)
        parts.append(_at_least(least, low, high))
    found = min(parts)
    return SWAPPED[found] if score.negated else found


def amount(amount: Amount, values: Values) -> int | None:
    """Return an amount in whole fen, exact until this last rounding (half up); None when it needs a missing value."""
    found = exact_amount(amount, values)
    return None if found is None else floor(found + Fraction(1, 2))


def exact_amount(amount: Amount, values: Values) -> Fraction | None:
    """Return an amount as an exact fraction of fen; None when it needs a missing value."""
    if isinstance(amount, Fixed):
        return Fraction(amount.fen)
    if isinstance(amount, Share):
        base = total(amount.of, values)
        return None if base is None else max(Fraction(0), amount.rate * base)
    if isinstance(amount, Brackets):
        return _brackets(amount, values)
    if isinstance(amount, Tiers):
        return _tiers(amount, values)
    if isinstance(amount, Combine):
        parts = [exact_amount(part, values) for part in amount.amounts]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if amount.how == "sum":
            return sum(known, Fraction(0))
        return max(known) if amount.how == "most" else min(known)
    inner = exact_amount(amount.amount, values)
    return None if inner is None else bounded(amount, inner)


def _brackets(amount: Brackets, values: Values) -> Fraction | None:
    base = total(amount.of, values)
    if base is None:
        return None
    found, below = Fraction(0), 0
    for upto, rate in amount.parts:
        end = base if upto is None else min(base, upto)
        found += max(0, end - below) * rate
        below = below if upto is None else upto
    return found


def _tiers(amount: Tiers, values: Values) -> Fraction | None:
    for when, given in amount.tiers:
        said = truth(when, values)
        if said == Truth.UNKNOWN:
            return None
        if said == Truth.MET:
            return exact_amount(given, values)
    return Fraction(0) if amount.otherwise is None else exact_amount(amount.otherwise, values)


def bounded(amount: Bounded, inner: Fraction) -> Fraction:
    """Return the amount rounded to its unit, then lifted to the floor, then held under the cap, which nothing exceeds."""
    counted = inner / amount.unit
    if amount.how == "down":
        whole = floor(counted)
    elif amount.how == "up":
        whole = ceil(counted)
    else:
        whole = floor(counted + Fraction(1, 2))
    found = Fraction(whole * amount.unit)
    if amount.floor is not None:
        found = max(found, Fraction(amount.floor))
    return found if amount.cap is None else min(found, Fraction(amount.cap))
