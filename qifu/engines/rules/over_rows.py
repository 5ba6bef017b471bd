"""Conditions and amounts of one bound rule over many rows of a table of kept values at once, exactly as the judge says.

Whole numbers run in int64 where their size allows it for certain, in Python's integers otherwise; fractions share one
denominator. A column is gathered once for the rows asked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qifu.engines.rules.judge import code_prefix
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

Numbers = NDArray[Any]
"""int64, or object holding Python's integers."""
Flags = NDArray[np.bool_]
Truths = NDArray[np.int8]
_INT64 = 2**63 - 1
_MOST_KEPT = 2**28
"""How many truths of leaves are kept for other rules, a byte each."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """value / under, row by row; `size` is at least every |value|; where not `known`, the value says nothing."""

    value: Numbers
    known: Flags
    under: int = 1
    size: int = 0

    def times(self, factor: int) -> Ratio:
        """Return both parts times a factor: the same numbers over another denominator."""
        size = self.size * abs(factor)
        return Ratio(_wide(self.value, size) * factor, self.known, self.under * factor, size)


def _wide(value: Numbers, size: int) -> Numbers:
    """The same numbers in a type that holds `size`."""
    return value if size <= _INT64 or value.dtype == object else value.astype(object)


@dataclass
class Rows:
    """All rows of a table of kept values, or, by `at`, some of them; what is asked once is kept for the next rule."""

    table: pa.Table
    indices: NDArray[np.int64] | None = None
    whole: Rows | None = None
    _numbers: dict[str, Ratio] = field(default_factory=dict, repr=False)
    _codes: dict[str, tuple[NDArray[np.int32], tuple[str, ...]]] = field(default_factory=dict, repr=False)
    _unmet: dict[Test | Score, NDArray[np.int8]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.table.num_rows if self.indices is None else len(self.indices)

    def at(self, indices: NDArray[np.int64]) -> Rows:
        """Return these rows alone."""
        return Rows(
            self.table, indices if self.indices is None else self.indices[indices], self.whole or self
        )

    def number(self, fact: str) -> Ratio:
        """Return the kept numbers, days, flags or choices of a fact, 0 where missing."""
        if fact not in self._numbers:
            if self.whole is not None:
                found = self.whole.number(fact)
                here = Ratio(found.value[self.indices], found.known[self.indices], 1, found.size)
            else:
                here = self._read_number(fact)
            self._numbers[fact] = here
        return self._numbers[fact]

    def codes(self, fact: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return positions among distinct codes, -1 where missing, and the codes."""
        if fact not in self._codes:
            if self.whole is not None:
                places, codes = self.whole.codes(fact)
                self._codes[fact] = places[self.indices], codes
            else:
                self._codes[fact] = self._read_codes(fact)
        return self._codes[fact]

    def unmet(self, leaf: Leaf | Score) -> NDArray[np.int8]:
        """Return 1 where a leaf is UNMET, else 0."""
        asked = leaf if isinstance(leaf, Score) else leaf.test
        if asked not in self._unmet:
            if len(self._unmet) * len(self) > _MOST_KEPT:
                self._unmet.clear()
            self._unmet[asked] = (truths(leaf, self) == Truth.UNMET).view(np.int8)
        return self._unmet[asked]

    def uscc(self) -> pa.Array:
        """Return the codes of all enterprises of the table, whatever rows are asked."""
        return self._column("uscc")

    def _read_number(self, fact: str) -> Ratio:
        column = self._column(fact)
        known = np.asarray(column.is_valid())
        value = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        size = max(abs(int(value.max())), abs(int(value.min()))) if len(value) else 0
        return Ratio(value, known, 1, size)

    def _read_codes(self, fact: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        column = self._column(fact)
        if not pa.types.is_dictionary(column.type):
            column = pc.cast(column, pa.string()).dictionary_encode()
        places = np.asarray(column.indices.fill_null(-1)).astype(np.int32, copy=False)
        return places, tuple(column.dictionary.to_pylist())

    def _column(self, fact: str) -> pa.Array:
        if fact not in self.table.column_names:
            return pa.nulls(len(self), pa.int64())
        column = self.table[fact]
        return (
            column.unify_dictionaries().combine_chunks() if column.num_chunks else pa.array([], column.type)
        )

    def total(self, terms: Terms) -> Ratio:
        """Return the sum of the terms in kept units, known where none is missing."""
        parts = [(coefficient, self.number(fact)) for coefficient, fact in terms]
        size = sum(abs(coefficient) * part.size for coefficient, part in parts)
        coefficient, first = parts[0]
        value, known = _wide(first.value, size) * coefficient, first.known
        for coefficient, part in parts[1:]:
            value = value + _wide(part.value, size) * coefficient
            known = known & part.known
        return Ratio(value, known, 1, size)


def truths(node: Node, rows: Rows) -> Truths:
    """Return the truth of a bound tree for each row, as `Truth` numbers."""
    if isinstance(node, Leaf):
        return _outcome(node.test, rows)
    if isinstance(node, Score):
        return _score(node, rows)
    certain, possible = np.zeros(len(rows), dtype=np.int16), np.zeros(len(rows), dtype=np.int16)
    for child in node.children:
        said = truths(child, rows)
        certain += said == Truth.MET
        possible += said != Truth.UNMET
    return _at_least(node.least, certain, possible)


def unmet_counts(bound: Bound, rows: Rows) -> NDArray[np.int32]:
    """Return how many leaves are UNMET in each row."""
    count = np.zeros(len(rows), dtype=np.int32)
    for leaf in leaves(bound.require):
        count += rows.unmet(leaf)
    return count


def amounts(bound: Bound, table: pa.Table, row_indices: NDArray[np.int64] | None = None) -> pa.Array:
    """Return the amounts in fen of rows that are met, as an int64 array: null where the rule has none or it is unknown.

    Raises OverflowError for an amount that no int64 holds.
    """
    rows = Rows(table)
    return amounts_of(bound.amount, rows if row_indices is None else rows.at(row_indices))


def amounts_of(amount: Amount | None, rows: Rows) -> pa.Array:
    """Return the amounts of the rows in fen, rounded half up, null where unknown; raises OverflowError."""
    if amount is None:
        return pa.nulls(len(rows), pa.int64())
    exact = _exact(amount, rows)
    fen = _halves_up(exact)
    value = np.where(exact.known, fen.value, 0)
    if value.dtype == object:
        value = value.astype(np.int64)  # raises OverflowError
    return pa.array(value, pa.int64(), mask=~exact.known)


# --- conditions


def _at_least(least: int, certain: Numbers, possible: Numbers) -> Truths:
    met: Truths = (certain >= least).astype(np.int8)
    return met + (possible >= least)


def _decided(met: Flags, known: Flags) -> Truths:
    said = np.where(known, met * np.int8(Truth.MET), np.int8(Truth.UNKNOWN))
    return said.astype(np.int8, copy=False)


def _outcome(test: Test, rows: Rows) -> Truths:
    if isinstance(test, Compare):
        return _compare(test, rows)
    if isinstance(test, CodeIn):
        return _code_in(test, rows)
    found = rows.number(test.fact)
    if isinstance(test, DayIs):
        return _decided(_holds(found.value, test.op, test.day), found.known)
    if isinstance(test, FlagIs):
        return _decided((found.value == 1) == test.wanted, found.known)
    if isinstance(test, ChoiceIn):
        return _decided(np.isin(found.value, test.positions) != test.negated, found.known)
    return _decided((found.value > test.day) != test.negated, found.known)


def _holds(left: Numbers, op: Op, right: Numbers | int) -> Flags:
    said: Any
    if op == "<=":
        said = left <= right
    elif op == "<":
        said = left < right
    elif op == ">=":
        said = left >= right
    elif op == ">":
        said = left > right
    else:
        said = (left == right) == (op == "=")
    return np.asarray(said, dtype=bool)


def _compare(test: Compare, rows: Rows) -> Truths:
    of, bound = rows.total(test.of), test.bound
    left = of.times(bound.denominator)
    if not test.over:
        edge = bound.numerator
        return _decided(
            _holds(left.value if abs(edge) <= _INT64 else left.value.astype(object), test.op, edge), of.known
        )
    over = rows.total(test.over)
    right = over.times(bound.numerator) if bound.numerator else Ratio(np.zeros_like(over.value), over.known)
    return _decided(
        _holds(left.value, test.op, right.value), of.known & over.known & (over.value > 0).astype(bool)
    )


def _code_in(test: CodeIn, rows: Rows) -> Truths:
    places, codes = rows.codes(test.fact)
    return _code_truths(test, codes)[places]


@lru_cache(maxsize=1 << 13)
def _code_truths(test: CodeIn, codes: tuple[str, ...]) -> Truths:
    """The truth of each code, and, for −1, of a missing one. No prefix is under another, so the nearest one decides."""
    said = np.full(len(codes) + 1, Truth.UNMET, dtype=np.int8)
    for number, code in enumerate(map(code_prefix, codes)):
        after = bisect_right(test.prefixes, code)
        if after and code.startswith(test.prefixes[after - 1]):
            said[number] = Truth.MET
        elif after < len(test.prefixes) and test.prefixes[after].startswith(code):
            said[number] = Truth.UNKNOWN
    if test.negated:
        said = np.int8(Truth.MET) - said
    said[-1] = Truth.UNKNOWN
    return said


def _score(score: Score, rows: Rows) -> Truths:
    given = [(item.group, *_points(item, rows)) for item in score.items]
    found: Truths | None = None
    for title, least in ((None, score.least), *score.groups):
        low, high = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        for group, fewest, most in given:
            if title is None or group == title:
                low += fewest
                high += most
        said = _at_least(least, low, high)
        found = said if found is None else np.minimum(found, said)
    assert found is not None
    return np.int8(Truth.MET) - found if score.negated else found


def _points(item: Item, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    low = np.full(len(rows), item.otherwise, dtype=np.int64)
    high = low.copy()
    for band in item.bands:
        said = truths(band.when, rows)
        np.maximum(low, band.points, out=low, where=said == Truth.MET)
        np.maximum(high, band.points, out=high, where=said != Truth.UNMET)
    return low, high


# --- amounts


def _exact(amount: Amount, rows: Rows) -> Ratio:
    if isinstance(amount, Fixed):
        return _constant(amount.fen, rows)
    if isinstance(amount, Share):
        return _share(_above_zero(rows.total(amount.of)), amount.rate)
    if isinstance(amount, Brackets):
        return _brackets(amount, rows)
    if isinstance(amount, Tiers):
        return _tiers(amount, rows)
    if isinstance(amount, Combine):
        return _combine(amount.how, [_exact(part, rows) for part in amount.amounts])
    return _bounded(amount, _exact(amount.amount, rows))


def _constant(fen: int, rows: Rows) -> Ratio:
    kind: Any = np.int64 if abs(fen) <= _INT64 else object
    return Ratio(np.full(len(rows), fen, dtype=kind), np.ones(len(rows), dtype=bool), 1, abs(fen))


def _above_zero(ratio: Ratio) -> Ratio:
    return Ratio(np.maximum(ratio.value, 0), ratio.known, ratio.under, ratio.size)


def _share(base: Ratio, rate: Fraction) -> Ratio:
    """rate × base, not below 0."""
    size = base.size * abs(rate.numerator)
    value = _wide(base.value, size) * rate.numerator
    return _above_zero(Ratio(value, base.known, base.under * rate.denominator, size))


def _brackets(amount: Brackets, rows: Rows) -> Ratio:
    base, below = rows.total(amount.of), 0
    parts = []
    for upto, rate in amount.parts:
        wide = _wide(base.value, max(base.size, abs(below), abs(upto or 0)) * 2)
        end = wide if upto is None else np.minimum(wide, upto)
        part = np.maximum(end - below, 0)
        parts.append(_rated(Ratio(part, base.known, 1, base.size + abs(below)), rate))
        below = below if upto is None else upto
    return _combine("sum", parts)


def _rated(part: Ratio, rate: Fraction) -> Ratio:
    size = part.size * abs(rate.numerator)
    return Ratio(_wide(part.value, size) * rate.numerator, part.known, part.under * rate.denominator, size)


def _alike(parts: Sequence[Ratio]) -> list[Ratio]:
    """The same numbers over one denominator, in one type."""
    under = lcm(*(part.under for part in parts))
    return [part.times(under // part.under) for part in parts]


def _combine(how: str, parts: Sequence[Ratio]) -> Ratio:
    alike = _alike(parts)
    size = sum(part.size for part in alike)
    value, known = _wide(alike[0].value, size), alike[0].known
    for part in alike[1:]:
        other = _wide(part.value, size)
        known = known & part.known
        if how == "sum":
            value = value + other
        else:
            value = np.maximum(value, other) if how == "most" else np.minimum(value, other)
    return Ratio(value, known, alike[0].under, size)


def _tiers(amount: Tiers, rows: Rows) -> Ratio:
    otherwise = Fixed(0) if amount.otherwise is None else amount.otherwise
    parts = _alike([_exact(part, rows) for _, part in amount.tiers] + [_exact(otherwise, rows)])
    size = max(part.size for part in parts)
    value, known = _wide(parts[-1].value, size), parts[-1].known
    for (when, _), part in zip(reversed(amount.tiers), reversed(parts[:-1])):
        said = truths(when, rows)
        value = np.where(said == Truth.MET, _wide(part.value, size), value)
        known = np.where(said == Truth.MET, part.known, known & (said != Truth.UNKNOWN))
    return Ratio(value, known, parts[0].under, size)


def _bounded(amount: Bounded, inner: Ratio) -> Ratio:
    """Rounded to the unit, then lifted to the floor, then held under the cap."""
    whole = _rounded(Ratio(inner.value, inner.known, inner.under * amount.unit, inner.size), amount.how)
    size = whole.size * amount.unit
    limits = max(abs(amount.floor or 0), abs(amount.cap or 0))
    value = _wide(whole.value, max(size, limits)) * amount.unit
    if amount.floor is not None:
        value = np.maximum(value, amount.floor)
    if amount.cap is not None:
        value = np.minimum(value, amount.cap)
    return Ratio(value, inner.known, 1, max(size, limits))


def _halves_up(ratio: Ratio) -> Ratio:
    return _rounded(ratio, "half_up")


def _rounded(ratio: Ratio, how: str) -> Ratio:
    """Whole numbers: floor, ceiling, or the nearest, halves up."""
    if ratio.under == 1:
        return ratio
    size = 2 * ratio.size + ratio.under
    value = _wide(ratio.value, max(size, 2 * ratio.under))
    if how == "half_up":
        value = (2 * value + ratio.under) // (2 * ratio.under)
    else:
        value = value // ratio.under if how == "down" else -(-value // ratio.under)
    return Ratio(value, ratio.known, 1, ratio.size // ratio.under + 1)
