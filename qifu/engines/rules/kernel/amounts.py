"""Amounts of the rows that a sweep finds met, in bulk: an amount becomes a short program over the columns it reads.

Every value on the way is a whole number over a denominator that is fixed by the amount alone, so all is exact. An
amount that may leave int64 on the way, or has a part that the loops do not know (brackets, conditions on anything but
whole numbers), is worked out by `over_rows` instead, which is as exact and slower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import lcm

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.kernel.amount_loops import (
    ADD,
    CONSTANT,
    DIVIDE,
    LEAST,
    MOST,
    NOT_OVER,
    NOT_UNDER,
    SELECT,
    SUM,
    TIMES,
    amounts_of_segments,
)
from qifu.engines.rules.kernel.coding import BLOCK_ROWS, whole_numbers
from qifu.engines.rules.kernel.cuts import asked
from qifu.engines.rules.kernel.sweep import Chunk
from qifu.engines.rules.over_rows import Rows, amounts_of
from qifu.engines.rules.tree import (
    Amount,
    Bound,
    Bounded,
    Combine,
    Fixed,
    Leaf,
    Node,
    Share,
    Terms,
    Tiers,
    Truth,
)

Ints = npt.NDArray[np.int64]
_Steps = list[tuple[int, int, int, int]]
LARGEST = 2**62
MISSING = -(2**63)


class _Beyond(Exception):
    """The loops cannot do this amount exactly."""


@dataclass
class _Program:
    """Steps (operation, operands), built for one amount after another; `column` gives the place and largest size of one."""

    column: Callable[[str], tuple[int, int]]
    steps: _Steps = field(default_factory=list)
    terms: list[tuple[int, int]] = field(default_factory=list)

    def amount(self, amount: Amount) -> tuple[int, int]:
        """Add the steps that leave the amount × denominator on the stack; returns (denominator, the most it can be)."""
        if isinstance(amount, Fixed):
            return 1, self.step(CONSTANT, amount.fen, most=self.least_zero(amount.fen))
        if isinstance(amount, Share):
            most = self.total(amount.of, amount.rate.numerator)
            return amount.rate.denominator, self.step(NOT_UNDER, most=most)
        if isinstance(amount, Combine):
            return self.together(amount.amounts, {"most": MOST, "least": LEAST, "sum": ADD}[amount.how])
        if isinstance(amount, Tiers):
            return self.tiers(amount)
        if isinstance(amount, Bounded):
            denominator, most = self.amount(amount.amount)
            most = self.times(amount.unit, self.divided(denominator * amount.unit, amount.how, most))
            for bound, step in ((amount.floor, NOT_UNDER), (amount.cap, NOT_OVER)):
                if bound is not None:
                    most = self.step(step, bound, most=max(most, self.least_zero(bound)))
            return 1, most
        raise _Beyond

    def divided(self, by: int, how: str, most: int) -> int:
        """Add the step that divides by so much and rounds; returns the most that is left.

        Values and what rounding adds lie in 0..2**62. With s = 62 + the bits of by - 1 and m = ⌈2**s / by⌉, the
        product value × m / 2**s passes value / by by less than 1 / by, so that both have the same floor.
        """
        if by == 1:
            return most
        over = {"down": 0, "half_up": by // 2, "up": by - 1}[how]
        bits = (by - 1).bit_length()
        self.step(DIVIDE, -(-LARGEST * 2**bits // by), bits - 1, over, most=max(by, most + over))
        return most // by + 1

    def times(self, factor: int, most: int) -> int:
        """Add the step that multiplies what is at most `most`; returns the most that is left."""
        return most if factor == 1 else self.step(TIMES, factor, most=max(factor, most * factor))

    def least_zero(self, fen: int) -> int:
        """Return an amount of a rule, which is never under nothing in a file."""
        if fen < 0:
            raise _Beyond
        return fen

    def step(self, what: int, a: int = 0, b: int = 0, c: int = 0, *, most: int) -> int:
        """Add a step; `most`, which it returns, is the largest size of its operands and results."""
        if most >= LARGEST:
            raise _Beyond
        self.steps.append((what, a, b, c))
        return most

    def alone(self, amount: Amount) -> tuple[int, int, _Steps]:
        """Return what `amount` returns, and the steps it adds, without adding them."""
        before, self.steps = self.steps, []
        try:
            return *self.amount(amount), self.steps
        finally:
            self.steps = before

    def scaled(self, part: tuple[int, int, _Steps], denominator: int) -> int:
        """Add the steps of a part over another denominator; returns the most it can be."""
        own, most, steps = part
        self.steps += steps
        return self.times(denominator // own, most)

    def together(self, amounts: Sequence[Amount], join: int) -> tuple[int, int]:
        """Add all amounts over one denominator, each behind the first joined to what is there."""
        each = [self.alone(part) for part in amounts]
        denominator, most = lcm(*(part[0] for part in each)), 0
        for place, part in enumerate(each):
            most += self.scaled(part, denominator)
            if place:
                self.step(join, most=most)
        return denominator, most

    def tiers(self, amount: Tiers) -> tuple[int, int]:
        """From the last tier to the first: a tier that holds replaces what is there, one that is unknown makes it so."""
        given = [amount.otherwise or Fixed(0), *(part for _, part in reversed(amount.tiers))]
        each = [self.alone(part) for part in given]
        denominator = lcm(*(part[0] for part in each))
        most = self.scaled(each[0], denominator)
        for part, (when, _) in zip(each[1:], reversed(amount.tiers), strict=True):
            most = max(most, self.scaled(part, denominator))
            self.select(when)
        return denominator, most

    def select(self, node: Node) -> None:
        """Add the steps that take the upper of two amounts where a test on whole numbers holds."""
        question = asked(node.test) if isinstance(node, Leaf) else None
        if question is None or question.column.over or len(question.stretches) != 1:
            raise _Beyond
        ((start, end),) = question.stretches
        self.total(question.column.of)
        low = -LARGEST if start is None else int(start)  # type: ignore[arg-type]
        high = LARGEST if end is None else int(end) - 1  # type: ignore[arg-type]
        self.steps.append((SELECT, max(low, -LARGEST), min(high, LARGEST), 0))

    def total(self, terms: Terms, times: int = 1) -> int:
        """Add the sum of terms, times so much; returns the most its size can be."""
        first, most = len(self.terms), 0
        for coefficient, name in terms:
            place, size = self.column(name)
            if abs(coefficient * times) >= LARGEST:
                raise _Beyond
            self.terms.append((coefficient * times, place))
            most += abs(coefficient * times) * size
        return self.step(SUM, first, len(self.terms), most=most)


class Amounts:
    """Amounts of many policies over one table.

    `read` gives the column of a fact id (kept values, as for `encode`), `rows` how many it has. The columns that amounts
    read are kept as int64. `of` may be called from several threads.
    """

    def __init__(
        self, bounds: Sequence[Bound], read: Callable[[str], pa.ChunkedArray | None], rows: int
    ) -> None:
        self._bounds, self._read, self._rows = bounds, read, rows
        self._columns: dict[str, tuple[int, int]] = {}
        self._values: list[Ints] = []
        made = _Program(self._column)
        self.slow: set[int] = set()
        """Places of the policies whose amounts `over_rows` works out."""
        spans = np.zeros((len(bounds), 2), np.int64)
        for place, bound in enumerate(bounds):
            spans[place] = self._add(made, place, bound.amount)
        self._spans = spans
        self._steps = np.array(made.steps, np.int64).reshape(-1, 4)
        self._terms = np.array(made.terms, np.int64).reshape(-1, 2)
        self._addresses = np.array([values.ctypes.data for values in self._values], np.int64)
        self._depth = 2 + max((int(end - begin) for begin, end in spans), default=0)

    def _add(self, made: _Program, place: int, amount: Amount | None) -> tuple[int, int]:
        first, terms = len(made.steps), len(made.terms)
        if amount is None:
            return first, first
        try:
            denominator, most = made.amount(amount)
            made.divided(denominator, "half_up", most)
        except _Beyond:
            del made.steps[first:], made.terms[terms:]
            self.slow.add(place)
        return first, len(made.steps)

    def _column(self, name: str) -> tuple[int, int]:
        """Return the place of a column among those kept, which it is read into, and the largest size of its values."""
        if name not in self._columns:
            column = self._read(name)
            values = np.full(self._rows, MISSING, np.int64)
            at = 0
            for chunk in () if column is None else column.chunks if hasattr(column, "chunks") else (column,):
                numbers, valid = whole_numbers(chunk)
                values[at : at + len(chunk)] = numbers if valid is None else np.where(valid, numbers, MISSING)
                at += len(chunk)
            known = values[values != MISSING]
            size = max(abs(int(known.min())), abs(int(known.max()))) if len(known) else 0
            self._columns[name] = (len(self._values), size)
            self._values.append(values)
        return self._columns[name]

    def of(self, chunk: Chunk) -> Ints:
        """Return the amounts in fen (int64) of the rows of the met segments, one after the other; MISSING where unknown."""
        met = np.flatnonzero(chunk.verdict == Truth.MET)
        sizes = np.diff(chunk.start)[met]
        out = np.empty(int(sizes.sum()), np.int64)
        stack = np.empty((self._depth, BLOCK_ROWS), np.int64)
        amounts_of_segments(
            chunk.policy, met, chunk.start, chunk.offset, chunk.first_row, self._spans, self._steps, self._terms,
            self._addresses, stack, out,
        )  # fmt: skip
        if self.slow:
            for segment, end, size in zip(met.tolist(), np.cumsum(sizes).tolist(), sizes.tolist()):
                policy = int(chunk.policy[segment])
                if policy in self.slow:
                    out[end - size : end] = self._slowly(policy, chunk.rows(segment))
        return out

    def _slowly(self, policy: int, rows: Ints) -> Ints:
        bound = self._bounds[policy]
        columns = {"row": pa.array(rows)}
        for name in facts_asked(bound):
            column = self._read(name)
            if column is not None:
                columns[name] = column.take(pa.array(rows))
        given = amounts_of(bound.amount, Rows(pa.table(columns)))
        return np.where(np.asarray(given.is_valid()), np.asarray(given.fill_null(0)), MISSING)
