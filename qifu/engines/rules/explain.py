"""The explanation of a verdict: each leaf with its truth, actual, required, gap and clause, and what would change it.

Actual, required and gap are decimal strings in the fact's unit (ratios of one unit in per cent), ISO days (长期 for an
honour without an end), or the words of flags and choices. A gap says how far an unmet number lies from the nearest one
that meets, and days from the day; a ratio that stands just on the bound it must pass has no gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Any, NamedTuple

from qifu.engines.rules.edges import amount_waits, missing_facts, tests
from qifu.engines.rules.judge import Values, amount, outcome, points, total, truth
from qifu.engines.rules.nearest import ChangeSet, nearest
from qifu.engines.rules.rails import Rails, State
from qifu.engines.rules.rule_words import subject_words
from qifu.engines.rules.tree import (
    Bound,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    Leaf,
    Op,
    Score,
    Terms,
    Test,
    Truth,
    leaves,
)
from qifu.engines.rules.waiting import day_when_met
from qifu.registers.enterprises.fact_book import EPOCH, FOREVER, UNITS, Fact, FactBook, Value

WORDS = {Truth.MET: "met", Truth.UNMET: "unmet", Truth.UNKNOWN: "unknown"}
_DECIMALS = 6
_TENS = [10**places for places in range(61)]


class LeafSaid(NamedTuple):
    """What one leaf says. `actual` is None when unknown, `gap` when nothing is missing or a gap makes no sense.

    `items` are (title, fewest points, most points) of a score table. `reason` says why known values leave it unknown.
    """

    id: str
    text: str
    truth: Truth
    actual: str | None
    required: str
    gap: str | None
    source: str
    items: tuple[tuple[str, str, str], ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.id, "text": self.text, "truth": WORDS[self.truth], "actual": self.actual, "required": self.required,
            "gap": self.gap, "source": self.source,
        }  # fmt: skip
        if self.items:
            found["items"] = [{"title": title, "low": low, "high": high} for title, low, high in self.items]
        if self.reason:
            found["reason"] = self.reason
        return found


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict and its reasons. `missing` decides an unknown verdict; `nearest` would meet an unmet one.

    `amount_missing` are the facts without which the amount of a met rule cannot be told; None where that is no question.
    """

    bound: Bound
    facts: FactBook = field(repr=False)
    truth: Truth
    amount_fen: int | None
    leaves: tuple[LeafSaid, ...]
    missing: tuple[str, ...]
    nearest: tuple[ChangeSet, ...]
    amount_missing: tuple[str, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `qifu rules explain --json` prints.

        A set of changes has `unknown` where facts must be known besides, and `exact: false` where a smaller may exist.
        `amount_missing` is there where the rule is met but its amount hangs on facts that are not known.
        """
        found: dict[str, Any] = {
            "policy": self.bound.code, "version": self.bound.version, "as_of": self.bound.as_of.isoformat(),
            "verdict": WORDS[self.truth], "amount_fen": self.amount_fen,
            "leaves": [leaf.as_json() for leaf in self.leaves],
            "missing": list(self.missing),
            "nearest": [self._set(one) for one in self.nearest],
        }  # fmt: skip
        if self.amount_missing is not None:
            found["amount_missing"] = list(self.amount_missing)
        return found

    def _set(self, changes: ChangeSet) -> dict[str, Any]:
        rows = []
        for change in changes.changes:
            fact = self.facts.facts[change.fact]
            waiting = day_when_met(self.bound, change)
            after = waiting.isoformat() if waiting else written(fact, change.after)
            before = written(fact, change.before)
            rows.append({"leaf": change.leaf, "fact": fact.id, "from": before, "to": after})
        found: dict[str, Any] = {"changes": rows, "kind": changes.kind}
        if changes.unknown:
            found["unknown"] = list(changes.unknown)
        if not changes.exact:
            found["exact"] = False
        return found


Words = tuple[Truth, str | None, str, str | None, str]
"""What a test says of one enterprise: truth, actual, required, gap, and the reason of an unknown ratio."""


class Explainer:
    """Explains many rules for one enterprise: what a test that stands in several of them says is worked out once.

    `alike` gives equal tests one number by their `id`, `required` keeps the words of their bounds for other enterprises
    (`python_code.Compiled` has both); without them tests are compared.
    """

    def __init__(
        self,
        facts: FactBook,
        values: Values,
        alike: Mapping[int, int] | None = None,
        required: dict[int | Test, str] | None = None,
    ) -> None:
        self.facts, self.values = facts, values
        self._alike = {} if alike is None else alike
        self._required = {} if required is None else required
        self._told: dict[int | Test, Words] = {}

    def explain(self, bound: Bound) -> Explanation:
        """Return the explanation of what a rule says."""
        return self.verdict(bound, truth(bound.require, self.values))

    def verdict(
        self, bound: Bound, said: Truth, rails: Rails | None = None, state: State | None = None
    ) -> Explanation:
        """Return the explanation of a verdict that is known already; `rails` and `state` of the rule spare work."""
        values, waits, granted = self.values, None, None
        ways: tuple[ChangeSet, ...] = ()
        missing: tuple[str, ...] = ()
        lines = leaves(bound.require) if rails is None else [line.leaf for line in rails.lines]
        listed = tuple([self._leaf(leaf) for leaf in lines])
        if said == Truth.UNMET:
            ways = nearest(bound, values, rails=rails, state=state)
        elif said == Truth.UNKNOWN:
            missing = missing_facts(bound, values)
        elif bound.amount is not None:
            granted = amount(bound.amount, values)
            waits = amount_waits(bound.amount, values) if granted is None else None
        return Explanation(bound, self.facts, said, granted, listed, missing, ways, waits)

    def _leaf(self, leaf: Leaf | Score) -> LeafSaid:
        if isinstance(leaf, Score):
            return _score(leaf, self.facts, self.values)
        test = leaf.test
        key = self._alike.get(id(test), test)
        known = self._told.get(key)
        if known is None:
            known = self._told[key] = self._words(test, key)
        said, has, asks, lacks, why = known
        return LeafSaid(leaf.id, leaf.text, said, has, asks, lacks, leaf.source, (), why)

    def _words(self, test: Test, key: int | Test) -> Words:
        facts, values = self.facts, self.values
        asks = self._required.get(key)
        if asks is None:
            asks = self._required[key] = required(test, facts)
        said = outcome(test, values)
        return (
            said,
            actual(test, facts, values),
            asks,
            gap(test, facts, values) if said == Truth.UNMET else None,
            reason(test, facts, values) if said == Truth.UNKNOWN else "",
        )


def explain(bound: Bound, facts: FactBook, values: Values) -> Explanation:
    """Return the explanation of what a rule says of one enterprise."""
    return Explainer(facts, values).explain(bound)


def _score(score: Score, facts: FactBook, values: Values) -> LeafSaid:
    """The total, its least, and the points that are missing in the total or in its groups, whichever is more."""
    said = truth(score, values)
    given = [(item, *points(item, values)) for item in score.items]
    low, high = sum(low for _, low, _ in given), sum(high for *_, high in given)
    short = sum(
        max(0, least - sum(most for item, _, most in given if item.group == title))
        for title, least in score.groups
    )
    lacking = max(score.least - high, short)
    why: dict[str, None] = {}
    if said == Truth.UNKNOWN:
        why = dict.fromkeys(reason(test, facts, values) for test in tests(score))

    def shown(number: int) -> str:
        return fixed(number, score.decimals)

    return LeafSaid(
        score.id, score.text, said, shown(low) if low == high else None,
        ("低于 " if score.negated else "") + shown(score.least),
        shown(lacking) if said == Truth.UNMET and not score.negated else None, score.source,
        tuple((item.title, shown(least), shown(most)) for item, least, most in given),
        "；".join(filter(None, why)),
    )  # fmt: skip


def actual(test: Test, facts: FactBook, values: Values) -> str | None:
    """Return what the enterprise has, in the unit of the test's fact; None when it is missing."""
    if isinstance(test, Compare):
        places = _places(test, facts)
        if places is not None:
            of = total(test.of, values)
            return None if of is None else fixed(of, places)
        number = _number(test, values)
        return None if number is None else _shown(test, number, facts)
    value: Value = values.get(test.fact)
    return None if value is None else written(facts.facts[test.fact], value)


def written(fact: Fact, value: Value) -> str:
    """Return a kept value as text that its fact reads back; 长期 for an honour without an end."""
    return "长期" if fact.type == "honour" and value == FOREVER else fact.written(value)


def reason(test: Test, facts: FactBook, values: Values) -> str:
    """Return why a ratio of known numbers says nothing: `前一年出口额为 0，无法计算比例`; empty for all others."""
    if not isinstance(test, Compare) or not test.over:
        return ""
    over = total(test.over, values)
    if over is None or over > 0:
        return ""
    return f"{_below(test.over, _Book(facts))}{'为 0' if over == 0 else '为负数'}，无法计算比例"


def required(test: Test, facts: FactBook) -> str:
    """Return the bound of a test, in the unit of its fact; its text says whether more or less is wanted."""
    if isinstance(test, Compare):
        places = _places(test, facts)
        if places is not None and test.bound.denominator == 1:
            return fixed(test.bound.numerator, places)
        return decimal(test.bound * _scale(test.of, test.over, _Book(facts)))
    if isinstance(test, DayIs):
        return facts.facts[test.fact].written(test.day)
    if isinstance(test, FlagIs):
        return "是" if test.wanted else "否"
    if isinstance(test, ChoiceIn):
        choices = facts.facts[test.fact].choices
        return _either([choices[at] for at in test.positions], test.negated)
    if isinstance(test, CodeIn):
        place = facts.facts[test.fact].type == "place"
        return _either([p.ljust(6, "0") if place else p for p in test.prefixes], test.negated)
    return ("失效" if test.negated else "有效") + f"（{(EPOCH + timedelta(test.day)).isoformat()}）"


def _either(words: list[str], negated: bool) -> str:
    return ("不属于 " if negated else "") + "、".join(words)


def gap(test: Test, facts: FactBook, values: Values) -> str | None:
    """Return how far an unmet number or day lies from the nearest that meets; None for codes, words and honours.

    None too for a ratio that equals the bound it must pass: no smallest distance meets it.
    """
    if isinstance(test, DayIs):
        value = values.get(test.fact)
        if value is None or test.op == "!=":
            return None
        step = 1 if test.op in ("<", ">") else 0
        return str(abs(int(value) - test.day) + step)
    if not isinstance(test, Compare) or test.op == "!=":
        return None
    of = total(test.of, values)
    if not test.over:  # whole numbers only: the nearest that meets
        wanted = _nearest_whole(test.op, test.bound)
        if of is None or wanted == of:
            return None
        places = _places(test, facts)
        if places is not None and isinstance(wanted, int):
            return fixed(abs(wanted - of), places)
        return decimal(abs(Fraction(wanted - of)) * _scale(test.of, (), _Book(facts)), up=True)
    over = total(test.over, values)
    if of is None or over is None or over <= 0 or of * test.bound.denominator == test.bound.numerator * over:
        return None
    return decimal(abs(test.bound - Fraction(of, over)) * _scale(test.of, test.over, _Book(facts)), up=True)


def _nearest_whole(op: Op, bound: Fraction) -> Fraction | int:
    """Return the nearest number that meets a comparison of whole numbers."""
    if op == ">=":
        return ceil(bound)
    if op == "<=":
        return floor(bound)
    if op == ">":
        return floor(bound) + 1
    return ceil(bound) - 1 if op == "<" else bound


def _places(test: Compare, facts: FactBook) -> int | None:
    """Return the decimals of a plain number, all of which are shown; None for what takes arithmetic."""
    first, fact = test.of[0]
    places = facts.facts[fact].decimals
    return places if not test.over and abs(first) == 1 and places <= _DECIMALS else None


def _number(test: Compare, values: Values) -> Fraction | None:
    """Return the left side of a comparison on kept values; None when missing or a ratio to nothing."""
    of = total(test.of, values)
    over = total(test.over, values) if test.over else 1
    return None if of is None or over is None or over <= 0 else Fraction(of, over)


def _shown(test: Compare, number: Fraction, facts: FactBook) -> str:
    """Return a number with as many decimals as it takes to lie on its own side of the bound."""
    scale = _scale(test.of, test.over, _Book(facts))
    exact, bound = number * scale, test.bound * scale
    side = _side(number, test.bound)
    for places in range(_DECIMALS, 60):
        rounded = _rounded(exact, places)
        if _side(rounded * bound.denominator, bound.numerator * 10**places) == side:
            break
    return fixed(rounded, places)


def _side(left: Fraction | int, right: Fraction | int) -> int:
    return (left > right) - (left < right)


class _Book:
    """A book of facts as a key of a cache: the same object is the same book."""

    __slots__ = ("book", "facts")

    def __init__(self, facts: FactBook) -> None:
        self.book, self.facts = facts, facts.facts

    def __hash__(self) -> int:
        return id(self.facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Book) and self.facts is other.facts


@lru_cache(maxsize=1_000)
def _below(over: Terms, book: _Book) -> str:
    """Return the words of what a ratio is taken to."""
    return subject_words(Compare(over, ">", Fraction(0)), book.book)


@lru_cache(maxsize=20_000)
def _scale(of: Terms, over: Terms, book: _Book) -> Fraction:
    """Return what to multiply the left side of a comparison with, to show it in the unit of its fact."""
    facts = book.facts
    if not over:
        return 1 / _kept_of_unit(of, facts)
    above, below = _fact(of, facts), _fact(over, facts)
    ratio = _base_of_kept(of, facts) / _base_of_kept(over, facts)
    return ratio * 100 if above.base_unit == below.base_unit else ratio / _base_of_unit(above)


def _fact(terms: Terms, facts: Mapping[str, Fact]) -> Fact:
    return facts[terms[0][1]]


def _kept_of_unit(terms: Terms, facts: Mapping[str, Fact]) -> Fraction:
    """How many kept units of a sum make one unit of its first fact."""
    return Fraction(10 ** _fact(terms, facts).decimals * abs(terms[0][0]))


def _base_of_unit(fact: Fact) -> int:
    return UNITS[fact.unit][1] if fact.unit else 1


def _base_of_kept(terms: Terms, facts: Mapping[str, Fact]) -> Fraction:
    """How many base units one kept unit of a sum is."""
    return _base_of_unit(_fact(terms, facts)) / _kept_of_unit(terms, facts)


def decimal(number: Fraction, places: int = _DECIMALS, *, up: bool = False) -> str:
    """Return a number as decimal text without trailing zeros, rounded half up (or up) to so many places."""
    return fixed(_rounded(number, places, up=up), places)


def _rounded(number: Fraction, places: int, *, up: bool = False) -> int:
    """Return a number in units of 10**-places, rounded half away from zero, or up from it."""
    top, bottom = abs(number.numerator) * _TENS[places], number.denominator
    whole: int = -(-top // bottom) if up else (2 * top + bottom) // (2 * bottom)
    return -whole if number < 0 else whole


@lru_cache(maxsize=4_000)
def fixed(number: int, places: int) -> str:
    """Return a whole number of 10**-places as decimal text without trailing zeros."""
    if not places:
        return str(number)
    digits = str(abs(number)).rjust(places + 1, "0")
    text = (digits[:-places] + "." + digits[-places:]).rstrip("0").rstrip(".")
    return f"-{text}" if number < 0 else text
