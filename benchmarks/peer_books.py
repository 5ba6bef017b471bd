"""The same book of policies as each peer takes it best: plain numbers for OpenFisca, SQL for DuckDB, expressions for Polars.

Places and industries are numbered in the order of their codes, so that "lies under" is a range of numbers, which all
peers compare fastest. Polars and SQL know three values themselves: a test is NULL where it is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from qifu.engines.rules.edges import rule_tests
from qifu.engines.rules.judge import code_prefix
from qifu.engines.rules.tree import (
    Bound,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    Group,
    Leaf,
    Node,
    Score,
    Test,
)

CODES = ("place", "industry", "operating_place")
SIGN = {"!=": "<>"}
Truths = tuple[list[bool], list[bool]]
"""For each number of a code or choice: is the test met, may it be."""


@dataclass(frozen=True)
class Numbered:
    """A table whose codes are numbers, the codes of each such column in order, and how many words each choice has."""

    table: pa.Table
    codes: dict[str, list[str]]

    def truths(self, test: CodeIn) -> Truths:
        """Return for each number of the fact's codes whether the test is met, and whether it may be."""
        met, may = [], []
        for code in self.codes[test.fact]:
            prefix = code_prefix(code)
            inside = any(prefix.startswith(wanted) for wanted in test.prefixes)
            coarse = not inside and any(wanted.startswith(prefix) for wanted in test.prefixes)
            met.append(inside != test.negated and not coarse)
            may.append(inside != test.negated or coarse)
        return met, may


def numbered(table: pa.Table) -> Numbered:
    """Return the table with codes as numbers in the order of the codes."""
    codes: dict[str, list[str]] = {}
    for name in CODES:
        if name in table.column_names:
            plain = table[name].cast(pa.string())
            codes[name] = sorted(pc.unique(plain.drop_null()).to_pylist())
            numbers = pc.index_in(plain, pa.array(codes[name], pa.string())).cast(pa.int16())
            table = table.set_column(table.column_names.index(name), name, numbers)
    return Numbered(table, codes)


def runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the runs of true numbers, both ends included."""
    found: list[tuple[int, int]] = []
    for number, flag in enumerate(flags):
        if flag and found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        elif flag:
            found.append((number, number))
    return found


def choices_of(test: ChoiceIn, most: int) -> list[bool]:
    """Return for each position whether the test is met."""
    return [(number in test.positions) != test.negated for number in range(most)]


# --- OpenFisca: a program of plain numbers


def program(bounds: Sequence[Bound], given: Numbered) -> dict[str, Any]:
    """Return the book as `openfisca_book` reads it."""
    tests: dict[Test, int] = {}

    def place(test: Test) -> int:
        return tests.setdefault(test, len(tests))

    def told(node: Node) -> list[Any]:
        if isinstance(node, Leaf):
            return ["test", place(node.test)]
        if isinstance(node, Group):
            return ["group", node.least, [told(child) for child in node.children]]
        items = [
            [item.otherwise, [[band.points, told(band.when)] for band in item.bands]] for item in node.items
        ]
        every = [[list(range(len(items))), node.least]]
        groups = [
            [[k for k, item in enumerate(node.items) if item.group == title], least]
            for title, least in node.groups
        ]
        return ["score", items, every + groups, node.negated]

    policies = [told(bound.require) for bound in bounds]
    facts = [name for name in given.table.column_names if name != "uscc"]
    return {"facts": facts, "tests": [_plain(test, given) for test in tests], "policies": policies}


def _plain(test: Test, given: Numbered) -> dict[str, Any]:
    if isinstance(test, Compare):
        return {
            "kind": "compare", "of": test.of, "over": test.over, "op": test.op, "num": test.bound.numerator, "den": test.bound.denominator,
        }  # fmt: skip
    if isinstance(test, CodeIn):
        met, may = given.truths(test)
        return {"kind": "set", "fact": test.fact, "met": met, "may": may}
    if isinstance(test, ChoiceIn):
        met = choices_of(test, 128)
        return {"kind": "set", "fact": test.fact, "met": met, "may": met}
    if isinstance(test, DayIs):
        return {"kind": "number", "fact": test.fact, "op": test.op, "num": test.day}
    if isinstance(test, FlagIs):
        return {"kind": "number", "fact": test.fact, "op": "=", "num": int(test.wanted)}
    return {"kind": "number", "fact": test.fact, "op": "<=" if test.negated else ">", "num": test.day}


# --- DuckDB: one expression of three values


def sql(node: Node, given: Numbered) -> str:
    """Return an expression that is TRUE, FALSE or, where unknown, NULL."""
    if isinstance(node, Leaf):
        return _test_sql(node.test, given)
    if isinstance(node, Score):
        return _score_sql(node, given)
    parts = [sql(child, given) for child in node.children]
    if node.least in (1, len(parts)):
        return "(" + (" OR " if node.least == 1 and len(parts) > 1 else " AND ").join(parts) + ")"
    met = " + ".join(f"CAST({part} IS TRUE AS TINYINT)" for part in parts)
    may = " + ".join(f"CAST({part} IS NOT FALSE AS TINYINT)" for part in parts)
    return f"CASE WHEN {met} >= {node.least} THEN TRUE WHEN {may} < {node.least} THEN FALSE END"


def _sum_sql(terms: Sequence[tuple[int, str]], times: int = 1) -> str:
    return "(" + " + ".join(fact if k * times == 1 else f"{fact} * {k * times}" for k, fact in terms) + ")"


def _test_sql(test: Test, given: Numbered) -> str:
    if isinstance(test, Compare):
        op, bound = SIGN.get(test.op, test.op), test.bound
        if not test.over:
            return f"({_sum_sql(test.of, bound.denominator)} {op} {bound.numerator})"
        holds = f"{_sum_sql(test.of, bound.denominator)} {op} {_sum_sql(test.over, bound.numerator)}"
        return f"(CASE WHEN {_sum_sql(test.over)} > 0 THEN {holds} END)"
    if isinstance(test, CodeIn):
        met, may = given.truths(test)
        unsure = [number for number, (sure, possible) in enumerate(zip(met, may)) if possible and not sure]
        holds = " OR ".join(f"{test.fact} BETWEEN {low} AND {high}" for low, high in runs(met)) or "FALSE"
        if not unsure:
            return (
                f"(CASE WHEN {test.fact} IS NOT NULL THEN {holds} END)" if holds == "FALSE" else f"({holds})"
            )
        return f"(CASE WHEN {test.fact} NOT IN ({', '.join(map(str, unsure))}) THEN {holds} END)"
    if isinstance(test, ChoiceIn):
        return f"({test.fact} {'NOT ' if test.negated else ''}IN ({', '.join(map(str, test.positions))}))"
    if isinstance(test, DayIs):
        return f"({test.fact} {SIGN.get(test.op, test.op)} {test.day})"
    if isinstance(test, FlagIs):
        return f"({test.fact} = {int(test.wanted)})"
    return f"({test.fact} {'<=' if test.negated else '>'} {test.day})"


def _score_sql(node: Score, given: Numbered) -> str:
    rails = []
    for asked in ("IS TRUE", "IS NOT FALSE"):
        points = []
        for item in node.items:
            bands = sorted(item.bands, key=lambda band: -band.points)
            whens = " ".join(f"WHEN {sql(band.when, given)} {asked} THEN {band.points}" for band in bands)
            points.append((item.group, f"(CASE {whens} ELSE {item.otherwise} END)"))
        reached = [(" + ".join(one for _, one in points), node.least)]
        reached += [
            (" + ".join(one for group, one in points if group == title), least)
            for title, least in node.groups
        ]
        rails.append(" AND ".join(f"({total}) >= {least}" for total, least in reached))
    yes, no = ("FALSE", "TRUE") if node.negated else ("TRUE", "FALSE")
    return f"(CASE WHEN {rails[0]} THEN {yes} WHEN NOT ({rails[1]}) THEN {no} END)"


def slice_of(bound: Bound, given: Numbered) -> list[bool]:
    """Return for each number of a place whether its rows may be met: what a policy's region leaves to look at."""
    root = bound.require
    children = root.children if isinstance(root, Group) and root.least == len(root.children) else (root,)
    may = [True] * len(given.codes["place"])
    for leaf in children:
        if isinstance(leaf, Leaf) and isinstance(leaf.test, CodeIn) and leaf.test.fact == "place":
            may = [one and other for one, other in zip(may, given.truths(leaf.test)[1])]
    return may


def query(bound: Bound, given: Numbered) -> str:
    """Return the query that counts the met, and the met or unknown, of one policy.

    Only rows of its region are read, and each condition that all must meet leaves fewer rows to the next.
    """
    root, may = bound.require, slice_of(bound, given)
    here = " OR ".join(f"place BETWEEN {low} AND {high}" for low, high in runs(may))
    parts = root.children if isinstance(root, Group) and root.least == len(root.children) else (root,)
    wheres = [] if all(may) else [f"({here} OR place IS NULL)"]
    wheres += [f"{sql(part, given)} IS NOT FALSE" for part in parts]
    return f"SELECT count(*) FILTER ({sql(root, given)}), count(*) FROM facts WHERE {' AND '.join(wheres)}"


# --- Polars: tests as shared columns of three values, policies as expressions over them


class PolarsBook:
    """Policies by region: rows of a region are slices of the sorted table, in which tests are computed once."""

    def __init__(self, bounds: Sequence[Bound], given: Numbered) -> None:
        self.given, self.frame = given, pl.from_arrow(given.table.drop_columns(["uscc"]))
        self.regions: dict[tuple[bool, ...], list[tuple[int, Bound]]] = {}
        for number, bound in enumerate(bounds):
            self.regions.setdefault(tuple(slice_of(bound, given)), []).append((number, bound))
        self.count = len(bounds)
        places = given.table["place"].to_numpy(zero_copy_only=False)
        known = np.isfinite(places)
        self.start = np.searchsorted(places[known], np.arange(len(given.codes["place"]) + 1))
        self.plans = [self._plan(may, some) for may, some in self.regions.items()]

    def _plan(
        self, may: tuple[bool, ...], some: list[tuple[int, Bound]]
    ) -> tuple[list[tuple[int, int]], list[pl.Expr], list[pl.Expr], list[int]]:
        tests = {
            test: f"t{number}"
            for number, test in enumerate({t: None for _, b in some for t in rule_tests(b)})
        }
        columns = [self.test(test).alias(name) for test, name in tests.items()]
        asked = [self.node(bound.require, tests) for _, bound in some]
        counts = [expression.sum().alias(f"m{k}") for k, expression in enumerate(asked)]
        counts += [expression.null_count().alias(f"u{k}") for k, expression in enumerate(asked)]
        spans = [(int(self.start[low]), int(self.start[high + 1])) for low, high in runs(may)]
        spans.append((int(self.start[-1]), self.frame.height))
        return spans, columns, counts, [number for number, _ in some]

    def counts(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return per policy how many rows are met and how many unknown."""
        found = np.zeros((self.count, 2), np.int64)
        for spans, columns, counts, numbers in self.plans:
            joined: list[list[int]] = []
            for start, stop in spans:
                if not joined or joined[-1][1] != start:
                    joined.append([start, stop])
                joined[-1][1] = stop
            frame = pl.concat(
                [self.frame.slice(start, stop - start) for start, stop in joined], rechunk=False
            )
            row = frame.lazy().select(columns).select(counts).collect().row(0)
            found[numbers, 0] = row[: len(numbers)]
            found[numbers, 1] = row[len(numbers) :]
        return found

    def node(self, node: Node, tests: dict[Test, str]) -> pl.Expr:
        """Return an expression that is true, false or, where unknown, null."""
        if isinstance(node, Leaf):
            return pl.col(tests[node.test])
        if isinstance(node, Score):
            return self._score(node, tests)
        parts = [self.node(child, tests) for child in node.children]
        if node.least == len(parts):
            return reduce(lambda a, b: a & b, parts)
        if node.least == 1:
            return reduce(lambda a, b: a | b, parts)
        met = reduce(lambda a, b: a + b, [part.fill_null(False).cast(pl.Int8) for part in parts])
        may = reduce(lambda a, b: a + b, [part.fill_null(True).cast(pl.Int8) for part in parts])
        return _between(met >= node.least, may >= node.least)

    def _score(self, node: Score, tests: dict[Test, str]) -> pl.Expr:
        rails = []
        for unknown in (False, True):
            points = []
            for item in node.items:
                best = pl.lit(item.otherwise, pl.Int32)
                for band in sorted(item.bands, key=lambda band: band.points):
                    when = self.node(band.when, tests).fill_null(unknown)
                    best = pl.when(when).then(pl.lit(band.points, pl.Int32)).otherwise(best)
                points.append((item.group, best))
            reached = [reduce(lambda a, b: a + b, [one for _, one in points]) >= node.least]
            for title, least in node.groups:
                reached.append(
                    reduce(lambda a, b: a + b, [one for group, one in points if group == title]) >= least
                )
            rails.append(reduce(lambda a, b: a & b, reached))
        found = _between(*rails)
        return ~found if node.negated else found

    def test(self, test: Test) -> pl.Expr:
        """Return one test's column."""
        if isinstance(test, Compare):
            of = _sum(test.of, test.bound.denominator)
            if not test.over:
                return _compare(of, test.op, pl.lit(test.bound.numerator, pl.Int64))
            over = _sum(test.over, 1)
            return pl.when(over > 0).then(_compare(of, test.op, _sum(test.over, test.bound.numerator)))
        column = pl.col(test.fact)
        if isinstance(test, CodeIn):
            met, may = self.given.truths(test)
            unsure = [
                number for number, (sure, possible) in enumerate(zip(met, may)) if possible and not sure
            ]
            parts = [column.is_between(low, high) for low, high in runs(met)]
            holds = reduce(lambda a, b: a | b, parts) if parts else column < 0
            return pl.when(~column.is_in(unsure)).then(holds) if unsure else holds
        if isinstance(test, ChoiceIn):
            found = column.is_in(list(test.positions))
            return ~found if test.negated else found
        if isinstance(test, DayIs):
            return _compare(column, test.op, pl.lit(test.day, pl.Int32))
        if isinstance(test, FlagIs):
            return column == int(test.wanted)
        return column <= test.day if test.negated else column > test.day


def _between(met: pl.Expr, may: pl.Expr) -> pl.Expr:
    return pl.when(met).then(True).when(~may).then(False)


def _sum(terms: Sequence[tuple[int, str]], times: int) -> pl.Expr:
    return reduce(
        lambda a, b: a + b,
        [pl.col(fact) if k * times == 1 else pl.col(fact) * (k * times) for k, fact in terms],
    )


def _compare(a: pl.Expr, op: str, b: pl.Expr) -> pl.Expr:
    return {"<=": a.le, "<": a.lt, ">=": a.ge, ">": a.gt, "=": a.eq, "!=": a.ne}[op](b)
