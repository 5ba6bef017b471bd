"""Score tables in the machine: the points of items, groups and the whole, added bit by bit for 512 rows at once.

Slots of a score's rail, from its start: the band held, a carry, the sums that have reached their least; then the planes
(bit 0 first) of the item's points, of the group's sum and of the total. The second rail's lie behind the first's.
"""

from __future__ import annotations

from typing import Any

from qifu.engines.rules.kernel import vectors
from qifu.engines.rules.kernel.compiled import inlined
from qifu.engines.rules.kernel.frames import (
    A_HI,
    A_LO,
    AT,
    AT2,
    BASE,
    DOUBLE,
    EVERY,
    HI,
    LO,
    MIXED,
    NODE,
    NONE,
    OWN,
    OWN2,
    SO_FAR,
    frame_of,
)
from qifu.engines.rules.kernel.vectors import get, put

HELD, CARRY, REACHED, SUMS = 0, 1, 2, 3


@inlined
def begin_score(m: Any, top: int) -> None:
    """Clear the rails of the score on top of the stack."""
    f = frame_of(m, top)
    size, zero = m.slot, m.base
    below = get(frame_of(m, top - 1), BASE) if top > 0 else zero + m.planes * size
    score = m.score + get(m.arg, get(f, NODE)) * 32
    planes, slots = get(score, 0), get(score, 3)
    start = below
    put(f, BASE, below + slots * size)  # where a score under this one begins
    put(f, AT, start)
    put(f, DOUBLE, 0)
    for slot in range(SUMS + 3 * planes):
        vectors.copy(
            start + slot * size, 0, zero + (size if slot == REACHED else 0), 0, 0, 0, get(f, LO), get(f, HI)
        )


@inlined
def _reach(rail: int, sum_at: int, planes: int, least: int, size: int, ones: int, lo: int, hi: int) -> None:
    """REACHED &= sum >= least."""
    carry = rail + CARRY * size
    vectors.copy(carry, 0, ones, 0, 0, 0, lo, hi)
    for plane in range(planes):
        if (least >> plane) & 1:
            vectors.both(carry, 0, carry, 0, sum_at + plane * size, 0, lo, hi)
        else:
            vectors.either(carry, 0, carry, 0, sum_at + plane * size, 0, lo, hi)
    vectors.both(rail + REACHED * size, 0, rail + REACHED * size, 0, carry, 0, lo, hi)


@inlined
def _add_planes(rail: int, to: int, of: int, planes: int, size: int, zero: int, lo: int, hi: int) -> None:
    """Add the planes `of` to the planes `to`, and clear `of`."""
    carry = rail + CARRY * size
    vectors.copy(carry, 0, zero, 0, 0, 0, lo, hi)
    for plane in range(planes):
        at, other = to + plane * size, of + plane * size
        vectors.full_adder(at, carry, at, other, carry, 0, lo, hi)
        vectors.copy(other, 0, zero, 0, 0, 0, lo, hi)


@inlined
def _score_rail(
    rail: int, planes: int, mask: int, ends: int, least: int, size: int, zero: int,
    kind: int, bits: int, lo: int, hi: int, from_: int, to: int,
) -> None:  # fmt: skip
    """One band's verdicts on one rail; `bits` in chunks lo..hi, the score's own range is from_..to."""
    item = rail + SUMS * size
    group, total = item + planes * size, item + 2 * planes * size
    target = group if ends & 8 else total
    carry, held = rail + CARRY * size, rail + HELD * size
    if kind == EVERY:
        bits, lo, hi = zero + size, from_, to
    if ends & 4:
        if kind != NONE and lo < hi:
            for bit in range(planes):
                if (mask >> bit) & 1:
                    vectors.copy(carry, 0, bits, 0, 0, 0, lo, hi)
                    for plane in range(bit, planes):
                        at = target + plane * size
                        vectors.half_adder(at, carry, at, 0, carry, 0, lo, hi)
    else:
        if kind != NONE and lo < hi:
            vectors.either(held, 0, held, 0, bits, 0, lo, hi)
        for bit in range(planes):
            if (mask >> bit) & 1:
                vectors.differ(item + bit * size, 0, item + bit * size, 0, held, 0, from_, to)
        if ends & 1:
            _add_planes(rail, target, item, planes, size, zero, from_, to)
            vectors.copy(held, 0, zero, 0, 0, 0, from_, to)
    if ends & 2:
        if least > 0:
            _reach(rail, group, planes, least, size, zero + size, from_, to)
        _add_planes(rail, total, group, planes, size, zero, from_, to)


@inlined
def score_step(m: Any, f: Any, at: int, kind: int, c: int, x: int, lo: int, hi: int) -> None:
    """One more band: its points to the item, and the item to its group and the total when it is the last."""
    size, zero = m.slot, m.base
    score = m.score + get(m.arg, get(f, NODE)) * 32
    planes, slots = get(score, 0), get(score, 3)
    lo, hi = max(get(f, LO), lo), min(get(f, HI), hi)
    rail, second = get(f, AT), get(f, AT) + (slots // 2) * size
    if kind == MIXED and x and not get(f, DOUBLE):
        put(f, DOUBLE, 1)
        for slot in range(slots // 2):
            vectors.copy(second + slot * size, 0, rail + slot * size, 0, 0, 0, get(f, LO), get(f, HI))
    mask, ends, least = get(m.mask, at), get(m.ends, at), get(m.group_least, at)
    if get(f, DOUBLE):
        bits = c
        if kind == MIXED and x:
            bits = get(f, OWN)  # free until the score ends
            vectors.possible(bits, 0, 0, 0, c, x, lo, hi)
        _score_rail(second, planes, mask, ends, least, size, zero, kind, bits, lo, hi, get(f, LO), get(f, HI))
    _score_rail(rail, planes, mask, ends, least, size, zero, kind, c, lo, hi, get(f, LO), get(f, HI))


@inlined
def end_score(m: Any, f: Any) -> None:
    """Compare the sums with their leasts, and leave the verdict in the frame."""
    size, zero = m.slot, m.base
    score = m.score + get(m.arg, get(f, NODE)) * 32
    planes, least, negated, slots = get(score, 0), get(score, 1), get(score, 2), get(score, 3)
    lo, hi = get(f, LO), get(f, HI)
    rail, second = get(f, AT), get(f, AT) + (slots // 2) * size
    for side in range(1 + get(f, DOUBLE)):
        start = second if side else rail
        if least > 0:
            _reach(start, start + (SUMS + 2 * planes) * size, planes, least, size, zero + size, lo, hi)
    certain = rail + REACHED * size
    possible = (second if get(f, DOUBLE) else rail) + REACHED * size
    if negated:
        vectors.pair_negated(get(f, OWN), get(f, OWN2), certain, possible, 0, 0, lo, hi)
    else:
        vectors.copy(get(f, OWN), 0, certain, 0, 0, 0, lo, hi)
        vectors.copy(get(f, OWN2), 0, possible, 0, 0, 0, lo, hi)
    put(f, SO_FAR, MIXED)
    put(f, AT, get(f, OWN))
    put(f, AT2, get(f, OWN2) if get(f, DOUBLE) else 0)
    put(f, A_LO, lo)
    put(f, A_HI, hi)
