"""The loops that work out amounts: a stack of columns of values, one entry per row of a segment."""

from __future__ import annotations

from typing import Any

from qifu.engines.rules.kernel.compiled import compiled, inlined
from qifu.engines.rules.kernel.vectors import get, high_product

CONSTANT, SUM, TIMES, NOT_UNDER, NOT_OVER, MOST, LEAST, ADD, DIVIDE, SELECT = range(10)
MISSING = -(2**63)
"""A value that is missing; no other value has this size, and it is less than any other, so that the least of two keeps it."""
_SIZE = 8


@inlined
def _add_terms(to: Any, terms: Any, columns: Any, first_row: int, offset: Any) -> None:
    """to = Σ coefficient × column at the rows."""
    to[:] = 0
    for term in range(terms.shape[0]):
        coefficient, column = terms[term, 0], columns[terms[term, 1]] + first_row * _SIZE
        for place in range(to.shape[0]):
            value, before = get(column, offset[place]), to[place]
            missing = value == MISSING or before == MISSING
            to[place] = MISSING if missing else before + coefficient * value


@inlined
def _alone(what: int, to: Any, a: int, b: int, c: int) -> None:
    """Change values by themselves; DIVIDE gives ⌊2 (value + c) × a / 2**(64 + b)⌋."""
    if what == TIMES:
        for place in range(to.shape[0]):
            to[place] = to[place] * a if to[place] != MISSING else MISSING
    elif what == NOT_UNDER:
        for place in range(to.shape[0]):
            to[place] = max(to[place], a) if to[place] != MISSING else MISSING
    elif what == NOT_OVER:
        for place in range(to.shape[0]):
            to[place] = min(to[place], a)
    else:
        for place in range(to.shape[0]):
            to[place] = high_product(2 * (to[place] + c), a) >> b if to[place] != MISSING else MISSING


@inlined
def _join(what: int, to: Any, other: Any) -> None:
    if what == LEAST:
        for place in range(to.shape[0]):
            to[place] = min(to[place], other[place])
    elif what == MOST:
        for place in range(to.shape[0]):
            missing = to[place] == MISSING or other[place] == MISSING
            to[place] = MISSING if missing else max(to[place], other[place])
    else:
        for place in range(to.shape[0]):
            missing = to[place] == MISSING or other[place] == MISSING
            to[place] = MISSING if missing else to[place] + other[place]


@inlined
def _select(to: Any, other: Any, tested: Any, low: int, high: int) -> None:
    """Take the other where the tested value lies in low..high; MISSING where it is missing."""
    for place in range(to.shape[0]):
        value = tested[place]
        chosen = other[place] if low <= value and value <= high else to[place]
        to[place] = MISSING if value == MISSING else chosen


@compiled
def amounts_of_segments(
    policy: Any, segments: Any, start: Any, offset: Any, first_row: int, program: Any, steps: Any, terms: Any,
    columns: Any, stack: Any, out: Any,
) -> None:  # fmt: skip
    """Fill `out` (fen, MISSING where unknown) with the rows of some segments, one after the other.

    program[policy] is the span of its steps: none where it has no amount. The lowest of the stack is `out` itself.
    """
    end = 0
    for segment in segments:
        rows = offset[start[segment] : start[segment + 1]]
        size = rows.shape[0]
        begin, end, top = end, end + size, -1
        first, last = program[policy[segment], 0], program[policy[segment], 1]
        result = out[begin:end]
        if first == last:
            result[:] = MISSING
        for step in range(first, last):
            what, a, b, c = steps[step, 0], steps[step, 1], steps[step, 2], steps[step, 3]
            if what in (CONSTANT, SUM):
                top += 1
            elif what == SELECT:
                top -= 2
            elif what in (MOST, LEAST, ADD):
                top -= 1
            to = stack[top, :size] if top else result
            if what == CONSTANT:
                to[:] = a
            elif what == SUM:
                _add_terms(to, terms[a:b], columns, first_row, rows)
            elif what == SELECT:
                _select(to, stack[top + 1, :size], stack[top + 2, :size], a, b)
            elif what in (MOST, LEAST, ADD):
                _join(what, to, stack[top + 1, :size])
            else:
                _alone(what, to, a, b, c)
