"""Tests as Python source: all tests of one fact, sum or ratio are answered together, each value being read once.

A test becomes a local variable `a7` with 0 UNMET, 1 UNKNOWN or 3 MET, so that all is `&` and any is `|`. Thresholds of
one number are sorted, one bisection finds how many are passed, and a slice of 3…30…0 is unpacked into the variables.
Only numbers that this module makes reach the source; ids of facts and codes are data.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import ceil, floor, lcm
from typing import Any

from qifu.engines.rules.judge import code_prefix, outcome
from qifu.engines.rules.tree import (
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    HonourValid,
    Op,
    Terms,
    Test,
    Truth,
)

CODES = {Truth.UNMET: 0, Truth.UNKNOWN: 1, Truth.MET: 3}
Row = tuple[int, ...]


def ratio_key(of: int, over: int) -> int:
    """Return the place of of/over on a ruler with two marks a whole number: on 3 is 6, between 3 and 4 is 7."""
    whole, rest = divmod(of, over)
    return whole + whole + 1 if rest else whole + whole


class CodeTable:
    """The tests of one place or industry: `row(value)` answers all of them."""

    def __init__(self, tests: list[CodeIn]) -> None:
        self.unknown: Row = (1,) * len(tests)
        self.base = [3 if test.negated else 0 for test in tests]
        self.inside: dict[str, list[int]] = {}
        self.coarse: dict[str, list[int]] = {}
        for at, test in enumerate(tests):
            for prefix in test.prefixes:
                self.inside.setdefault(prefix, []).append(at)
                for length in range(len(prefix)):
                    self.coarse.setdefault(prefix[:length], []).append(at)

    def row(self, value: str | None) -> Row:
        if value is None:
            return self.unknown
        code = code_prefix(value)
        row = self.base.copy()
        for at in self.coarse.get(code, ()):
            row[at] = 1
        hits = {
            at
            for length in range(len(code) + 1)
            if code[:length] in self.inside
            for at in self.inside[code[:length]]
        }
        for at in hits:
            row[at] = 3 - self.base[at]
        return tuple(row)


@dataclass
class Atoms:
    """The tests of a book, each once, and the source that answers them. `names` are the facts, `data` the source's tables."""

    numbers: dict[Test, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    data: dict[str, Any] = field(
        default_factory=lambda: {"bisect_right": bisect_right, "ratio_key": ratio_key}
    )

    def add(self, test: Test) -> int:
        """Return the number of a test."""
        return self.numbers.setdefault(test, len(self.numbers))

    def source(self, indent: str) -> Iterable[str]:
        """Yield the lines that set every variable `a…` from the values `v…` (numbers of `names`)."""
        numbers: dict[tuple[Terms, Terms], list[Test]] = {}
        codes: dict[str, list[CodeIn]] = {}
        words: dict[str, list[Test]] = {}
        for test in self.numbers:
            if isinstance(test, Compare):
                numbers.setdefault((test.of, test.over), []).append(test)
            elif isinstance(test, DayIs | HonourValid):
                numbers.setdefault((((1, test.fact),), ()), []).append(test)
            elif isinstance(test, CodeIn):
                codes.setdefault(test.fact, []).append(test)
            else:
                words.setdefault(test.fact, []).append(test)
        for (of, over), tests in numbers.items():
            yield from (indent + line for line in self._numbers(of, over, tests))
        for fact, listed in codes.items():
            yield f"{indent}{self._targets(listed)} = {self._table(CodeTable(listed).row)}({self._value(fact)})"
        for fact, tests in words.items():
            rows, other = _words(fact, tests)
            table = f"{self._table(rows)}.get({self._value(fact)}, {self._table(other)})"
            yield f"{indent}{self._targets(tests)} = {table}"

    def _value(self, fact: str) -> str:
        return f"v{self.names.setdefault(fact, len(self.names))}"

    def _table(self, data: object) -> str:
        name = f"t{len(self.data)}"
        self.data[name] = data
        return name

    def _targets(self, tests: Iterable[Test]) -> str:
        return "".join(f"a{self.numbers[test]}, " for test in tests)

    def _sum(self, terms: Terms) -> str:
        parts = [
            self._value(fact) if number == 1 else f"{number} * {self._value(fact)}" for number, fact in terms
        ]
        return " + ".join(parts)

    def _numbers(self, of: Terms, over: Terms, tests: list[Test]) -> Iterable[str]:
        """The tests of one sum or ratio x, all of which ask whether x reaches, or is, a whole number."""
        scale = (
            lcm(*(test.bound.denominator for test in tests if isinstance(test, Compare)), 1) if over else 1
        )
        facts = dict.fromkeys(fact for _, fact in (*of, *over))
        missing = " or ".join(f"{self._value(fact)} is None" for fact in facts)
        exact = self._sum(of)
        if over:
            missing = f"{missing} or (o := {self._sum(over)}) <= 0"
            exact = f"ratio_key(({exact}) * {scale}, o)"
        yield f"if {missing}:"
        yield f" {' = '.join(f'a{self.numbers[test]}' for test in tests)} = 1"
        yield "else:"
        yield f" x = {exact}"
        reached: dict[bool, list[tuple[int, Test]]] = {False: [], True: []}
        for test in tests:
            op, low, high = _edges(test, scale if over else 0)
            if op in ("=", "!="):
                met, unmet = (3, 0) if op == "=" else (0, 3)
                whole = low == high
                yield f" a{self.numbers[test]} = " + (
                    f"{met} if x == {low} else {unmet}" if whole else f"{unmet}"
                )
            else:
                edge = high if op in (">=", "<") else low + 1
                reached[op in (">=", ">")].append((edge, test))
        for met_when_reached, marks in reached.items():
            yield from self._thresholds(sorted(marks, key=lambda mark: mark[0]), met_when_reached)

    def _thresholds(self, marks: list[tuple[int, Test]], met_when_reached: bool) -> Iterable[str]:
        reached, short = (3, 0) if met_when_reached else (0, 3)
        count = len(marks)
        if count <= 2:
            for edge, test in marks:
                yield f" a{self.numbers[test]} = {reached} if x >= {edge} else {short}"
            return
        edges = self._table([edge for edge, _ in marks])
        ruler = self._table((reached,) * count + (short,) * count)
        yield f" k = bisect_right({edges}, x)"
        targets = self._targets(test for _, test in marks)
        yield f" {targets} = {ruler}[{count} - k:{2 * count} - k]"


def _edges(test: Test, scale: int) -> tuple[Op, int, int]:
    """Return the comparison and the whole numbers just below and above its bound (equal when it is whole).

    With a `scale`, on the ruler of `ratio_key` for ratios × scale.
    """
    if isinstance(test, Compare):
        if scale:
            mark = int(test.bound * scale) * 2
            return test.op, mark, mark
        return test.op, floor(test.bound), ceil(test.bound)
    if isinstance(test, DayIs):
        return test.op, test.day, test.day
    assert isinstance(test, HonourValid)
    return ("<=" if test.negated else ">"), test.day, test.day


def _words(fact: str, tests: list[Test]) -> tuple[dict[int | None, Row], Row]:
    """Return the answers to the tests of a flag or choice by value, and those for any other value."""
    positions = {1, 0}
    for test in tests:
        if isinstance(test, ChoiceIn):
            positions.update(test.positions)
        else:
            assert isinstance(test, FlagIs)
    other = max(positions) + 1

    def row(value: int | None) -> Row:
        return tuple(CODES[outcome(test, {fact: value})] for test in tests)

    return {value: row(value) for value in (None, *positions)}, row(other)


Compute = Callable[[tuple[Any, ...], bool], tuple[list[int], tuple[int, ...]]]
"""What the generated function is: values in, truths of the policies and (if asked) answers of the tests out."""
