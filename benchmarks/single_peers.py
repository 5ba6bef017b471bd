"""The policies of a book as JSON logic, CEL and ZEN expressions: true where a policy is certainly met.

The peers know two values, so they are asked less than we answer: whether a policy is met. A missing number is given to
them as one that fails every comparison (`LEAST`, `MOST`), which is quicker than asking whether it is null; codes are
given by length, so that a place or industry is one comparison of strings. Ratios are cross-multiplied whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qifu.engines.rules.judge import code_prefix
from qifu.engines.rules.tree import (
    NEGATED,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    Group,
    HonourValid,
    Leaf,
    Node,
    Op,
    Score,
    Terms,
    Test,
)
from qifu.registers.enterprises.fact_book import Value

MOST = 1 << 51
LEAST = -MOST
"""Values of a missing number: larger and smaller than any kept one, and small enough to be cross-multiplied."""
Expression = Any


class Language:
    """How one peer writes what a policy needs."""

    name = ""
    joins = ("", "")
    options = "{0} ? {1} : {2}"
    negation = "!({0})"
    equal = "=="

    def every(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else "(" + f" {self.joins[0]} ".join(parts) + ")"

    def some(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else "(" + f" {self.joins[1]} ".join(parts) + ")"

    def no(self, part: Expression) -> Expression:
        return self.negation.format(part)

    def either(self, condition: Expression, one: Expression, other: Expression) -> Expression:
        return f"({self.options.format(condition, one, other)})"

    def compared(self, left: Expression, op: Op, right: Expression) -> Expression:
        return f"{left} {self.equal if op == '=' else op} {right}"

    def among(self, name: str, values: Sequence[int | str]) -> Expression:
        if len(values) == 1:
            return self.compared(name, "=", self.value(values[0]))
        return f"({name} in [{', '.join(self.value(value) for value in values)}])"

    def times(self, number: int, name: Expression) -> Expression:
        return name if number == 1 else f"{number} * {name}"

    def added(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else "(" + " + ".join(parts) + ")"

    def variable(self, name: str) -> Expression:
        return name

    def value(self, value: int | str) -> Expression:
        return f'"{value}"' if isinstance(value, str) else f"{value}"


class Cel(Language):
    name, joins = "CEL", ("&&", "||")


class Zen(Language):
    name, joins, negation = "ZEN", ("and", "or"), "not ({0})"


class JsonLogic(Language):
    name = "json-logic"

    def every(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else {"and": list(parts)}

    def some(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else {"or": list(parts)}

    def no(self, part: Expression) -> Expression:
        return {"!": [part]}

    def either(self, condition: Expression, one: Expression, other: Expression) -> Expression:
        return {"if": [condition, one, other]}

    def compared(self, left: Expression, op: Op, right: Expression) -> Expression:
        return {{"=": "===", "!=": "!=="}.get(op, op): [left, right]}

    def among(self, name: Expression, values: Sequence[int | str]) -> Expression:
        return {"===": [name, values[0]]} if len(values) == 1 else {"in": [name, list(values)]}

    def times(self, number: int, name: Expression) -> Expression:
        return name if number == 1 else {"*": [number, name]}

    def added(self, parts: Sequence[Expression]) -> Expression:
        return parts[0] if len(parts) == 1 else {"+": list(parts)}

    def variable(self, name: str) -> Expression:
        return {"var": name}

    def value(self, value: int | str) -> Expression:
        return value


class Writer:
    """Writes bound trees in a language, and collects the variables that they read."""

    def __init__(self, language: Language) -> None:
        self.say = language
        self.variables: dict[str, Callable[[Mapping[str, Value]], int | str]] = {}

    def context(self, values: Mapping[str, Value]) -> dict[str, int | str]:
        """Return the variables of one enterprise."""
        return {name: read(values) for name, read in self.variables.items()}

    def certain(self, node: Node) -> Expression:
        """Return the expression that is true where the tree is MET."""
        if isinstance(node, Leaf):
            return self._test(node.test)
        if isinstance(node, Score):
            return self._score(node)
        parts = [self.certain(child) for child in node.children]
        if node.least == len(parts):
            return self.say.every(parts)
        if node.least == 1:
            return self.say.some(parts)
        counted = self.say.added(
            [self.say.either(part, self.say.value(1), self.say.value(0)) for part in parts]
        )
        return self.say.compared(counted, ">=", self.say.value(node.least))

    def _score(self, score: Score) -> Expression:
        given = [(item.group, self._points(score, at)) for at, item in enumerate(score.items)]
        sums = [(score.least, [points for _, points in given])]
        sums += [
            (least, [points for group, points in given if group == title]) for title, least in score.groups
        ]
        op: Op = "<" if score.negated else ">="
        parts = [
            self.say.compared(self.say.added(points), op, self.say.value(least))
            for least, points in sums
            if points
        ]
        return self.say.some(parts) if score.negated else self.say.every(parts)

    def _points(self, score: Score, at: int) -> Expression:
        """The points that an item surely gives; for a negated score those that it could give."""
        item = score.items[at]
        found = self.say.value(item.otherwise)
        for band in sorted(item.bands, key=lambda band: band.points):
            holds = (
                self.say.no(self.certain(negation(band.when))) if score.negated else self.certain(band.when)
            )
            found = self.say.either(holds, self.say.value(band.points), found)
        return found

    def _number(self, fact: str, missing: int) -> Expression:
        name = f"{fact}_{'lo' if missing == LEAST else 'hi'}"

        def read(values: Mapping[str, Value]) -> int:
            value = values.get(fact)
            return missing if value is None else int(value)

        self.variables[name] = read
        return self.say.variable(name)

    def _test(self, test: Test) -> Expression:
        say = self.say
        if isinstance(test, Compare) and (test.over or len(test.of) > 1 or test.of[0][0] != 1):
            return self._sums(test)
        if isinstance(test, Compare):
            scaled = say.times(test.bound.denominator, self._bounded(test.of[0][1], test.op))
            return self._known(
                test.of[0][1], test.op, say.compared(scaled, test.op, say.value(test.bound.numerator))
            )
        if isinstance(test, DayIs):
            compared = say.compared(self._bounded(test.fact, test.op), test.op, say.value(test.day))
            return self._known(test.fact, test.op, compared)
        if isinstance(test, HonourValid):
            op: Op = "<=" if test.negated else ">"
            return say.compared(self._bounded(test.fact, op), op, say.value(test.day))
        if isinstance(test, FlagIs):
            return say.compared(self._number(test.fact, LEAST), "=", say.value(int(test.wanted)))
        if isinstance(test, ChoiceIn):
            name = self._number(test.fact, LEAST)
            inside = say.among(name, test.positions)
            known = say.compared(name, ">=", say.value(0))
            return say.every([known, say.no(inside)]) if test.negated else inside
        return self._code(test)

    def _bounded(self, fact: str, op: Op) -> Expression:
        return self._number(fact, MOST if op in ("<", "<=") else LEAST)

    def _known(self, fact: str, op: Op, compared: Expression) -> Expression:
        if op != "!=":
            return compared
        known = self.say.compared(self._number(fact, LEAST), ">", self.say.value(LEAST))
        return self.say.every([known, compared])

    def _sums(self, test: Compare) -> Expression:
        say = self.say
        guards = [
            say.compared(self._number(fact, LEAST), ">", say.value(LEAST))
            for fact in dict.fromkeys(fact for _, fact in (*test.of, *test.over))
            if not (len(test.over) == 1 and fact == test.over[0][1])
        ]
        left = self._sum(test.of, test.bound.denominator)
        right = say.value(test.bound.numerator)
        if test.over:
            guards.append(say.compared(self._sum(test.over, 1), ">", say.value(0)))
            right = self._sum(test.over, test.bound.numerator)
        return say.every([*guards, say.compared(left, test.op, right)])

    def _sum(self, terms: Terms, factor: int) -> Expression:
        if factor == 0:
            return self.say.value(0)
        return self.say.added(
            [self.say.times(number * factor, self._number(fact, LEAST)) for number, fact in terms]
        )

    def _code(self, test: CodeIn) -> Expression:
        lengths: dict[int, list[str]] = {}
        for prefix in test.prefixes:
            lengths.setdefault(len(prefix), []).append(prefix)
        inside = [self.say.among(self._part(test.fact, length), some) for length, some in lengths.items()]
        if not test.negated:
            return self.say.some(inside)
        known = self.say.no(self.say.among(self._part(test.fact, max(lengths)), [""]))
        return self.say.every([known, *(self.say.no(part) for part in inside)])

    def _part(self, fact: str, length: int) -> Expression:
        name = f"{fact}_{length}"

        def read(values: Mapping[str, Value]) -> str:
            value = values.get(fact)
            code = "" if value is None else code_prefix(str(value))
            return code[:length] if len(code) >= length else ""

        self.variables[name] = read
        return self.say.variable(name)


def negation(node: Node) -> Node:
    """Return the tree that is MET where this one is UNMET."""
    if isinstance(node, Score):
        return Score(
            node.id,
            node.items,
            node.least,
            node.groups,
            not node.negated,
            node.decimals,
        )
    if isinstance(node, Group):
        children = tuple(negation(child) for child in node.children)
        return Group("k_of_n", len(children) - node.least + 1, children)
    test = node.test
    if isinstance(test, Compare):
        return Leaf(node.id, Compare(test.of, NEGATED[test.op], test.bound, test.over))
    if isinstance(test, DayIs):
        return Leaf(node.id, DayIs(test.fact, NEGATED[test.op], test.day))
    if isinstance(test, FlagIs):
        return Leaf(node.id, FlagIs(test.fact, not test.wanted))
    if isinstance(test, ChoiceIn):
        return Leaf(node.id, ChoiceIn(test.fact, test.positions, not test.negated))
    if isinstance(test, CodeIn):
        return Leaf(node.id, CodeIn(test.fact, test.prefixes, not test.negated))
    return Leaf(node.id, HonourValid(test.fact, test.day, not test.negated))
