"""A bound tree as two SQL conditions, one for each rail of the three values; DuckDB and PostgreSQL.

`met_sql` is true for rows that are surely MET and false or NULL else: plain comparisons under AND and OR, so that a
database uses its indexes and the least and largest values of its row groups. `possible_sql` is true for MET and
UNKNOWN, false for UNMET, never NULL: a leaf is possible unless its opposite is met. A bound tree holds no `not`, so
nothing negates a NULL. Whole numbers only; what may pass 64 bits is computed in HUGEINT or NUMERIC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Literal

from qifu.engines.rules.judge import code_prefix
from qifu.engines.rules.tree import (
    NEGATED,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    HonourValid,
    Item,
    Leaf,
    Node,
    Score,
    Terms,
    Test,
)
from qifu.registers.enterprises.fact_book import LARGEST

Dialect = Literal["duckdb", "postgresql"]
INT64, INT128 = 2**63 - 1, 2**127 - 1
WIDE: dict[Dialect, str] = {"duckdb": "HUGEINT", "postgresql": "NUMERIC"}
SIGN = {"<=": "<=", "<": "<", ">=": ">=", ">": ">", "=": "=", "!=": "<>"}
PLACE_DIGITS = 6
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)


class TooLarge(ValueError):
    """A number of the rule is so large that SQL can't compute with it exactly."""


def met_sql(node: Node, dialect: Dialect) -> str:
    """Return a condition that is true where the node is MET, and false or NULL elsewhere."""
    if isinstance(node, Leaf):
        return comparison_sql(node.test, dialect)
    if isinstance(node, Score):
        return _score(node, certain=not node.negated, dialect=dialect)
    return at_least(node.least, [met_sql(child, dialect) for child in node.children])


def possible_sql(node: Node, dialect: Dialect) -> str:
    """Return a condition that is true where the node is MET or UNKNOWN, and false elsewhere."""
    if isinstance(node, Leaf):
        return _possible(node.test, dialect)
    if isinstance(node, Score):
        return _score(node, certain=node.negated, dialect=dialect)
    return at_least(node.least, [possible_sql(child, dialect) for child in node.children])


def opposite(test: Test) -> Test:
    """Return the test that is MET where this one is UNMET, and UNKNOWN where it is UNKNOWN."""
    if isinstance(test, Compare | DayIs):
        return replace(test, op=NEGATED[test.op])
    if isinstance(test, FlagIs):
        return replace(test, wanted=not test.wanted)
    return replace(test, negated=not test.negated)


def name(identifier: str) -> str:
    """Return a checked name in quotes; raises ValueError."""
    if not _NAME.fullmatch(identifier):
        raise ValueError(f"not a name of a table or column: {identifier!r}")
    return f'"{identifier}"'


def literal(text: str) -> str:
    """Return text as an SQL literal; raises ValueError for what SQL can't hold."""
    if "\0" in text or not text.isprintable():
        raise ValueError(f"not a text for SQL: {text!r}")
    return "'" + text.replace("'", "''") + "'"


def at_least(least: int, conditions: Sequence[str]) -> str:
    """Return that at least so many conditions are true; AND and OR where they say it."""
    if least <= 0 or least > len(conditions):
        return "TRUE" if least <= 0 else "FALSE"
    if len(conditions) == 1:
        return conditions[0]
    if least in (1, len(conditions)):
        return f"({(' OR ' if least == 1 else ' AND ').join(conditions)})"
    return f"({sum_sql(f'CASE WHEN {each} THEN 1 ELSE 0 END' for each in conditions)} >= {least})"


def sum_sql(parts: Iterable[str]) -> str:
    return f"({' + '.join(parts)})"


def comparison_sql(test: Test, dialect: Dialect) -> str:
    """Return a condition that is true where the test is MET."""
    if isinstance(test, Compare):
        return _ratio(test, dialect) if test.over else _number(test, dialect)
    column = name(test.fact)
    if isinstance(test, DayIs):
        return f"({column} {SIGN[test.op]} {number(test.day)})"
    if isinstance(test, FlagIs):
        return f"({column} = {int(test.wanted)})"
    if isinstance(test, HonourValid):
        return f"({column} {'<=' if test.negated else '>'} {number(test.day)})"
    if isinstance(test, ChoiceIn):
        return _is_in(column, [number(place) for place in test.positions], test.negated)
    return _code(test, column, dialect)


def number(value: int) -> str:
    """Return a whole number as SQL."""
    if abs(value) > INT128:
        raise TooLarge(f"{value}")
    return str(value) if value >= 0 else f"({value})"


def _is_in(column: str, listed: Sequence[str], negated: bool) -> str:
    if not listed:  # in nothing: false, but unknown where the value is
        return f"({column} {'=' if negated else '<>'} {column})"
    if len(listed) == 1:
        return f"({column} {'<>' if negated else '='} {listed[0]})"
    return f"({column} {'NOT IN' if negated else 'IN'} ({', '.join(listed)}))"


def _possible(test: Test, dialect: Dialect) -> str:
    """Return a condition that is true where the test is MET or UNKNOWN, and false elsewhere.

    A code's is plain, so that a table in order of place and industry is read in part. All others are read anyway, where
    one comparison costs less than one and a look for NULL.
    """
    if not isinstance(test, CodeIn):
        return f"({comparison_sql(opposite(test), dialect)} IS NOT TRUE)"
    column = name(test.fact)
    inside = _inside(test, column, dialect)
    coarse = [f"{column} = {literal(code)}" for code in coarse_codes(test.prefixes)]
    return at_least(1, [*([f"NOT {inside}"] if test.negated else [inside, *coarse]), f"{column} IS NULL"])


def _code(test: CodeIn, column: str, dialect: Dialect) -> str:
    inside = _inside(test, column, dialect)
    if not test.negated:
        return inside
    coarse = [f"{column} <> {literal(code)}" for code in coarse_codes(test.prefixes)]
    outside = [f"NOT {inside}", *coarse]
    return at_least(len(outside), outside)


def _inside(test: CodeIn, column: str, dialect: Dialect) -> str:
    for prefix in test.prefixes:
        if code_prefix(prefix) != prefix or (prefix[:1].isdigit() and len(prefix) % 2):
            raise ValueError(f"not the beginning of a code: {prefix!r}")
    if not test.prefixes:
        return _is_in(column, [], False)
    return at_least(1, [_begins(column, prefix, dialect) for prefix in test.prefixes])


def _begins(column: str, prefix: str, dialect: Dialect) -> str:
    """Return that a code begins with the prefix; in DuckDB as a range, which row groups are skipped by."""
    if dialect == "postgresql":
        return f"starts_with({column}, {literal(prefix)})"
    if not prefix:
        return f"({column} >= '')"
    if len(prefix) == PLACE_DIGITS and prefix.isdigit():  # a place in full
        return f"({column} = {literal(prefix)})"
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return f"({column} >= {literal(prefix)} AND {column} < {literal(end)})"


def coarse_codes(prefixes: Sequence[str]) -> list[str]:
    """Return the codes that begin some prefix, and so are too coarse to tell: 330000 and 330100 for 330106, C for C39."""
    found = set()
    for prefix in prefixes:
        for length in range(len(prefix)):
            place = prefix[:length].ljust(PLACE_DIGITS, "0")
            found.add(place if prefix[0].isdigit() else prefix[:length])
    told = [code for code in found if any(code_prefix(code).startswith(prefix) for prefix in prefixes)]
    return sorted(found - set(told) - {""})


def terms_sql(terms: Terms, dialect: Dialect, wide: bool) -> str:
    """Return the sum; NULL where a term is missing."""
    found = ""
    for coefficient, fact in terms:
        column = f"CAST({name(fact)} AS {WIDE[dialect]})" if wide else name(fact)
        sign = " - " if coefficient < 0 else " + "
        times = "" if abs(coefficient) == 1 else f"{number(abs(coefficient))} * "
        found += f"{sign if found or coefficient < 0 else ''}{times}{column}"
    return found.strip() if len(terms) == 1 and terms[0][0] == 1 else f"({found.strip()})"


def most_of(terms: Terms) -> int:
    """Return the largest size of the sum."""
    return sum(abs(coefficient) for coefficient, _ in terms) * LARGEST


def _number(test: Compare, dialect: Dialect) -> str:
    """Return a comparison of a sum (of one fact: of the bare column) with a whole number."""
    terms, op, bound = test.of, test.op, test.bound
    if len(terms) == 1:
        coefficient = terms[0][0]
        bound /= coefficient
        terms = ((1, terms[0][1]),)
        if coefficient < 0:
            op = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}.get(op, op)  # type: ignore[assignment]
    left = terms_sql(terms, dialect, most_of(terms) > INT64)
    if bound.denominator != 1 and op in ("=", "!="):  # never, or always, but unknown where a value is
        return f"({left} {'<>' if op == '=' else '='} {left})"
    whole = floor(bound) if op in ("<=", ">") else ceil(bound)
    return f"({left} {SIGN[op]} {number(whole)})"


def _ratio(test: Compare, dialect: Dialect) -> str:
    """Return a comparison of a ratio by cross-multiplication, where what it is over is more than nothing."""
    above, below = test.bound.denominator, test.bound.numerator
    most = max(most_of(test.of) * above, most_of(test.over) * max(1, abs(below)))
    if most > INT128:
        raise TooLarge(f"a ratio's product may pass 128 bits: {most}")
    wide = most > INT64
    of, over = terms_sql(test.of, dialect, wide), terms_sql(test.over, dialect, wide)
    left = of if above == 1 else f"{of} * {number(above)}"
    right = "0" if below == 0 else over if below == 1 else f"{over} * {number(below)}"
    return f"({over} > 0 AND {left} {SIGN[test.op]} {right})"


# Score tables


def _score(score: Score, *, certain: bool, dialect: Dialect) -> str:
    """Return that the points reach every least, surely or possibly, or (negated) that they possibly or surely do not.

    Points are numbers, never NULL, so that the condition may be negated.
    """
    rail = met_sql if certain else possible_sql
    given = {
        id(item): _points(item, [rail(band.when, dialect) for band in item.bands]) for item in score.items
    }
    leasts = [(None, score.least), *score.groups]
    reached = [
        f"{sum_sql([given[id(item)] for item in score.items if title in (None, item.group)] or ['0'])} >= {least}"
        for title, least in leasts
    ]
    return f"({'NOT ' if score.negated else ''}({' AND '.join(reached)}))"


def _points(item: Item, conditions: Sequence[str]) -> str:
    """Return the most points of the bands that hold."""
    bands = sorted(zip(item.bands, conditions), key=lambda pair: -pair[0].points)
    cases = [
        f"WHEN {condition} THEN {band.points}" for band, condition in bands if band.points > item.otherwise
    ]
    return f"CASE {' '.join(cases)} ELSE {item.otherwise} END" if cases else str(item.otherwise)
