"""What a test asks of a column: which stretches between *cuts* hold, so that a value can be kept as "how many cuts it has passed".

A cut of a whole-number column is an int c (passed when value >= c). A cut of a ratio is (t, strict): passed when the ratio
is >= t, or > t with strict. Cuts of one column sort in the order in which a rising value passes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from qifu.engines.rules.tree import (
    ChoiceIn,
    Compare,
    DayIs,
    FlagIs,
    HonourValid,
    Op,
    Terms,
    Test,
)

Cut = int | tuple[Fraction, int]
Stretch = tuple[Cut | None, Cut | None]
"""[from a cut, to another): None is without end."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is coded together: Σ coefficient × fact, over another such sum or (empty) over nothing."""

    of: Terms
    over: Terms = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it is made of, each once."""
        return tuple(dict.fromkeys(fact for _, fact in (*self.of, *self.over)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A test on a coded column: MET where the value lies in one of the rising stretches, UNKNOWN where it is missing."""

    column: Column
    stretches: tuple[Stretch, ...]

    def cuts(self) -> set[Cut]:
        """The cuts that the column needs for this test."""
        return {cut for stretch in self.stretches for cut in stretch if cut is not None}


def asked(test: Test) -> Asked | None:
    """Return what a test asks of a coded column; None for tests on places and industries."""
    if isinstance(test, Compare):
        return _compare(test)
    if isinstance(test, DayIs):
        return Asked(_single(test.fact), _whole(test.op, Fraction(test.day)))
    if isinstance(test, FlagIs):
        return Asked(_single(test.fact), _positions((1,), negated=not test.wanted))
    if isinstance(test, ChoiceIn):
        return Asked(_single(test.fact), _positions(test.positions, negated=test.negated))
    if isinstance(test, HonourValid):
        return Asked(_single(test.fact), _whole("<=" if test.negated else ">", Fraction(test.day)))
    return None


def _single(fact: str) -> Column:
    return Column(((1, fact),))


def _compare(test: Compare) -> Asked:
    if test.over:
        column = Column(tuple(sorted(test.of)), tuple(sorted(test.over)))
        return Asked(column, _stretches(test.op, (test.bound, 0), (test.bound, 1)))
    if len(test.of) > 1:
        return Asked(Column(tuple(sorted(test.of))), _whole(test.op, test.bound))
    ((coefficient, fact),) = test.of
    op = test.op if coefficient > 0 else _MIRRORED[test.op]
    return Asked(_single(fact), _whole(op, test.bound / coefficient))


_MIRRORED: dict[Op, Op] = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "=": "=", "!=": "!="}


def _whole(op: Op, bound: Fraction) -> tuple[Stretch, ...]:
    """`whole number OP bound`: the number reaches the bound at ceil(bound) and is beyond it from floor(bound) + 1."""
    return _stretches(op, ceil(bound), floor(bound) + 1)


def _stretches(op: Op, reach: Cut, beyond: Cut) -> tuple[Stretch, ...]:
    if op == "<=":
        return ((None, beyond),)
    if op == "<":
        return ((None, reach),)
    if op == ">=":
        return ((reach, None),)
    if op == ">":
        return ((beyond, None),)
    if op == "=":
        return ((reach, beyond),) if reach != beyond else ()
    return ((None, reach), (beyond, None)) if reach != beyond else ((None, None),)


def _positions(positions: tuple[int, ...], *, negated: bool) -> tuple[Stretch, ...]:
    """The stretches of a set of whole numbers, or of all the others."""
    found: list[list[int]] = []
    for position in sorted(set(positions)):
        if found and found[-1][1] == position:
            found[-1][1] = position + 1
        else:
            found.append([position, position + 1])
    if not negated:
        return tuple((start, end) for start, end in found)
    edges: list[Cut | None] = [None, *(edge for pair in found for edge in pair), None]
    return tuple(zip(edges[::2], edges[1::2], strict=True))
