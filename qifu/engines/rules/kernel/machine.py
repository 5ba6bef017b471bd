"""The machine that runs a program over blocks: every node gives two rails of verdict bits, certain (MET) and possible (not UNMET).

Trees have no `not` and are monotone in both rails, so rails never mix; a negated score swaps them at its end.

Nodes used more than once have slots of their own and are worked out once a block; others write into the temporary slots
of their depth. `frame` is the stack of half-done groups.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from qifu.engines.rules.kernel import vectors
from qifu.engines.rules.kernel.compiled import inlined
from qifu.engines.rules.kernel.frames import (
    A_HI,
    A_LO,
    AT,
    AT2,
    BASE,
    CERTAIN,
    EVERY,
    FROM,
    HI,
    IN_OWN,
    KIND,
    LO,
    MIXED,
    NEXT,
    NODE,
    NONE,
    OWN,
    OWN2,
    SECOND,
    SO_FAR,
    STAMP,
    TO,
    frame_of,
    result_of,
)
from qifu.engines.rules.kernel.scores import begin_score, end_score, score_step
from qifu.engines.rules.kernel.vectors import CHUNK_ROWS, get, get_byte, put

CODES, RUNS, ALL, ANY, SCORE = range(5)
MISSING_SOME, MISSING_ALL = 1, 2


class Machine(NamedTuple):
    """What the machine reads and writes, as addresses of int64 tables (missing and truths: bytes) and plain numbers.

    First the program (see `program.Program`); then the encoded table: addresses and widths (bytes a row) of code columns,
    missing[column, block], runs, block_run[column, block], block_start; then one thread's room: bit rows from `base` on,
    `slot` bytes each, of which `temp`, `planes`, `valid` and `spare` are the first of their kind; `result` by node,
    `null_stamp` by column (the block whose missing rows are worked out), `frame` the stack, `stamp` the last one given.
    """

    op: int
    first: int
    last: int
    arg: int
    truths_at: int
    certain: int
    unknown: int
    least_code: int
    span: int
    truths: int
    child: int
    mask: int
    ends: int
    group_least: int
    score: int
    root: int
    plain: int
    leaf_first: int
    leaf: int
    leaf_place: int
    policies: int
    address: int
    width: int
    missing: int
    run_first: int
    run_start: int
    run_value: int
    block_run: int
    rising: int
    block_start: int
    blocks: int
    base: int
    slot: int
    temp: int
    planes: int
    valid: int
    spare: int
    result: int
    null_stamp: int
    frame: int
    stamp: int


@inlined
def _inside(width: int, out: int, codes: int, least: int, span: int, words: int, too: bool) -> None:
    if width == 1:
        if too:
            vectors.bytes_inside_too(out, codes, least, span, words)
        else:
            vectors.bytes_inside(out, codes, least, span, words)
    elif width == 2:
        if too:
            vectors.shorts_inside_too(out, codes, least, span, words)
        else:
            vectors.shorts_inside(out, codes, least, span, words)
    elif too:
        vectors.words_inside_too(out, codes, least, span, words)
    else:
        vectors.words_inside(out, codes, least, span, words)


@inlined
def _codes_atom(m: Any, node: int, block: int, row: int, chunks: int) -> None:
    r = result_of(m, node)
    column = get(m.arg, node)
    base, size = m.base, m.slot
    missing = get_byte(m.missing, column * m.blocks + block)
    put(r, FROM, 0)
    put(r, TO, chunks)
    if missing == MISSING_ALL:
        put(r, KIND, MIXED)
        put(r, CERTAIN, base)
        put(r, SECOND, base + size)
        return
    first, last = get(m.first, node), get(m.last, node)
    put(r, SECOND, 0)
    codes = get(m.address, column) + row * get(m.width, column)
    if missing == MISSING_SOME:
        put(r, SECOND, base + (2 + column) * size)
        if get(m.null_stamp, column) != get(r, STAMP):
            put(m.null_stamp, column, get(r, STAMP))
            _inside(get(m.width, column), get(r, SECOND), codes, 0, 0, chunks * 8, False)
    if first == last:  # a test that no value meets
        put(r, KIND, MIXED if missing else NONE)
        put(r, CERTAIN, base)
        return
    put(r, KIND, MIXED)
    put(r, CERTAIN, base + get(m.certain, node) * size)
    for at in range(first, last):
        _inside(
            get(m.width, column),
            get(r, CERTAIN),
            codes,
            get(m.least_code, at),
            get(m.span, at),
            chunks * 8,
            at > first,
        )


@inlined
def _set_rows(bits: int, start: int, end: int) -> None:
    """Set bits start..end of the bit row at an address."""
    first, last = start >> 6, (end - 1) >> 6
    head, tail = -1 << (start & 63), ~(-2 << ((end - 1) & 63))
    if first == last:
        put(bits, first, get(bits, first) | (head & tail))
        return
    put(bits, first, get(bits, first) | head)
    for word in range(first + 1, last):
        put(bits, word, -1)
    put(bits, last, get(bits, last) | tail)


@inlined
def _runs_atom(m: Any, node: int, block: int, row: int, end: int, chunks: int) -> None:
    r = result_of(m, node)
    base, size = m.base, m.slot
    column, truths = get(m.arg, node), get(m.truths_at, node)
    run = get(m.run_first, column) + get(m.block_run, column * m.blocks + block)
    put(r, FROM, 0)
    put(r, TO, chunks)
    put(r, SECOND, 0)
    if get(m.run_start, run + 1) >= end:
        truth = get_byte(m.truths, truths + get(m.run_value, run))
        put(r, KIND, truth >> 1)
        put(r, CERTAIN, base)
        if truth == 1:
            put(r, KIND, MIXED)
            put(r, SECOND, base + size)
        return
    certain, unknown = base + get(m.certain, node) * size, base + get(m.unknown, node) * size
    put(r, CERTAIN, certain)
    low, high = end, row
    if get_byte(m.rising, column * m.blocks + block):
        past = get(m.run_first, column + 1) - 1  # behind the last run that begins in this block
        if block + 1 < m.blocks:
            past = get(m.run_first, column) + get(m.block_run, column * m.blocks + block + 1)
            past += get(m.run_start, past) < end
        for at in range(get(m.first, node), get(m.last, node)):
            run = _first_run(m, run, past, get(m.least_code, at))
            upto = _first_run(m, run, past, get(m.span, at) >> 1)
            start, stop = max(get(m.run_start, run), row), min(get(m.run_start, upto), end)
            if start < stop:
                low, high = _mark(
                    r, certain, unknown, base, chunks, get(m.span, at) & 1, start, stop, row, low, high
                )
    else:
        while get(m.run_start, run) < end:
            truth = get_byte(m.truths, truths + get(m.run_value, run))
            start, stop = max(get(m.run_start, run), row), min(get(m.run_start, run + 1), end)
            if truth:
                low, high = _mark(r, certain, unknown, base, chunks, truth == 2, start, stop, row, low, high)
            run += 1
    put(r, KIND, NONE if low == end else MIXED)
    put(r, FROM, (low - row) // CHUNK_ROWS)
    put(r, TO, (high - row + CHUNK_ROWS - 1) // CHUNK_ROWS)


@inlined
def _first_run(m: Any, run: int, past: int, value: int) -> int:
    """The first of rising runs run..past that holds `value` or more; `past` when none does."""
    while run < past:
        middle = (run + past) >> 1
        if get(m.run_value, middle) < value:
            run = middle + 1
        else:
            past = middle
    return run


@inlined
def _mark(
    r: int, certain: int, unknown: int, zero: int, chunks: int, met: bool, start: int, stop: int, row: int,
    low: int, high: int,
) -> tuple[int, int]:  # fmt: skip
    """Mark rows as met or unknown in a result whose rows so far are low..high; returns the new low and high."""
    if low >= high:
        vectors.copy(certain, 0, zero, 0, 0, 0, 0, chunks)
    if not met and not get(r, SECOND):
        put(r, SECOND, unknown)
        vectors.copy(unknown, 0, zero, 0, 0, 0, 0, chunks)
    _set_rows(certain if met else unknown, start - row, stop - row)
    return min(low, start), max(high, stop)


@inlined
def _push(m: Any, top: int, node: int, lo: int, hi: int) -> int:
    """Begin a group or a score on top of the stack; returns the new top."""
    top += 1
    f = frame_of(m, top)
    base, size = m.base, m.slot
    put(f, NODE, node)
    put(f, NEXT, get(m.first, node))
    put(f, LO, lo)
    put(f, HI, hi)
    put(f, SO_FAR, EVERY if get(m.op, node) == ALL else NONE)
    put(f, A_LO, lo)
    put(f, A_HI, hi)
    put(f, IN_OWN, 0)
    if get(m.certain, node) >= 0:
        put(f, OWN, base + get(m.certain, node) * size)
        put(f, OWN2, base + get(m.unknown, node) * size)
    else:
        put(f, OWN, base + (m.temp + 2 * top) * size)
        put(f, OWN2, get(f, OWN) + size)
    if get(m.op, node) == SCORE:
        begin_score(m, top)
    elif top > 0:
        put(f, BASE, get(frame_of(m, top - 1), BASE))
    else:
        put(f, BASE, base + m.planes * size)
    return top


@inlined
def _take_over(f: Any) -> None:
    """Copy the result so far, which is another's, into the frame's own slots."""
    vectors.copy(get(f, OWN), 0, get(f, AT), 0, 0, 0, get(f, A_LO), get(f, A_HI))
    put(f, AT, get(f, OWN))
    if get(f, AT2):
        vectors.copy(get(f, OWN2), 0, get(f, AT2), 0, 0, 0, get(f, A_LO), get(f, A_HI))
        put(f, AT2, get(f, OWN2))
    put(f, IN_OWN, 1)


@inlined
def _all_step(f: Any, kind: int, c: int, x: int, lo: int, hi: int) -> bool:
    """One more child of an `all`; True when the result is settled."""
    if kind == EVERY:
        return False
    put(f, A_LO, max(get(f, A_LO), lo))
    put(f, A_HI, min(get(f, A_HI), hi))
    if kind == NONE or get(f, A_LO) >= get(f, A_HI):
        put(f, SO_FAR, NONE)
        return True
    if get(f, SO_FAR) == EVERY:
        put(f, SO_FAR, MIXED)
        put(f, AT, c)
        put(f, AT2, x)
        return False
    lo, hi = get(f, A_LO), get(f, A_HI)
    if not get(f, AT2) and not x:
        alive = vectors.both(get(f, OWN), 0, get(f, AT), 0, c, 0, lo, hi)
    else:
        alive = vectors.pair_both(
            get(f, OWN),
            get(f, OWN2),
            get(f, AT),
            get(f, AT2) if get(f, AT2) else get(f, AT),
            c,
            x if x else c,
            lo,
            hi,
        )
        put(f, AT2, get(f, OWN2))
    put(f, AT, get(f, OWN))
    put(f, IN_OWN, 1)
    if not alive:
        put(f, SO_FAR, NONE)
    return not alive


@inlined
def _any_step(m: Any, f: Any, kind: int, c: int, x: int, lo: int, hi: int) -> bool:
    """One more child of an `any`; True when the result is settled."""
    lo, hi = max(get(f, LO), lo), min(get(f, HI), hi)
    if kind == EVERY:
        put(f, SO_FAR, EVERY)
        return True
    if kind == NONE or lo >= hi:
        return False
    if get(f, SO_FAR) == NONE:
        put(f, SO_FAR, MIXED)
        put(f, AT, c)
        put(f, AT2, x)
        put(f, A_LO, lo)
        put(f, A_HI, hi)
        return False
    zero = m.base
    low, high = min(lo, get(f, A_LO)), max(hi, get(f, A_HI))
    if low < get(f, A_LO) or high > get(f, A_HI):  # the result so far grows: zeros around it
        if not get(f, IN_OWN):
            _take_over(f)
        for slot in (get(f, AT), get(f, AT2)):
            if slot:
                vectors.copy(slot, 0, zero, 0, 0, 0, low, get(f, A_LO))
                vectors.copy(slot, 0, zero, 0, 0, 0, get(f, A_HI), high)
        put(f, A_LO, low)
        put(f, A_HI, high)
    elif not get(f, IN_OWN) and (lo > low or hi < high):
        _take_over(f)
    if not get(f, AT2) and not x:
        vectors.either(get(f, OWN), 0, get(f, AT), 0, c, 0, lo, hi)
    else:
        if not get(f, AT2) and (lo > low or hi < high):
            vectors.copy(get(f, OWN2), 0, get(f, AT), 0, 0, 0, low, high)
        vectors.pair_either(
            get(f, OWN),
            get(f, OWN2),
            get(f, AT),
            get(f, AT2) if get(f, AT2) else get(f, AT),
            c,
            x if x else c,
            lo,
            hi,
        )
        put(f, AT2, get(f, OWN2))
    put(f, AT, get(f, OWN))
    put(f, IN_OWN, 1)
    return False


@inlined
def evaluate(m: Any, root: int, block: int, stamp: int, chunks: int) -> None:
    """Work out the result of a node in a block; shared nodes of this stamp are taken as they are."""
    row, end = get(m.block_start, block), get(m.block_start, block + 1)
    top, node, lo, hi = -1, root, 0, chunks
    while True:
        r = result_of(m, node)
        if get(m.op, node) <= RUNS:
            if get(r, STAMP) != stamp:
                put(r, STAMP, stamp)
                if get(m.op, node) == CODES:
                    _codes_atom(m, node, block, row, chunks)
                else:
                    _runs_atom(m, node, block, row, end, chunks)
        elif get(r, STAMP) != stamp:
            shared = get(m.certain, node) >= 0
            top = _push(m, top, node, 0 if shared else lo, chunks if shared else hi)
        # `node` is either worked out (hand it to the frame), or on top of the stack (go on with its children).
        done = get(r, STAMP) == stamp
        while True:
            if done:
                if top < 0:
                    return
                f = frame_of(m, top)
                at = get(f, NEXT) - 1
                op = get(m.op, get(f, NODE))
                if op == ALL:
                    settled = _all_step(
                        f, get(r, KIND), get(r, CERTAIN), get(r, SECOND), get(r, FROM), get(r, TO)
                    )
                elif op == ANY:
                    settled = _any_step(
                        m, f, get(r, KIND), get(r, CERTAIN), get(r, SECOND), get(r, FROM), get(r, TO)
                    )
                else:
                    score_step(
                        m, f, at, get(r, KIND), get(r, CERTAIN), get(r, SECOND), get(r, FROM), get(r, TO)
                    )
                    settled = False
                if get(m.certain, node) < 0:
                    put(r, STAMP, 0)  # a temporary result holds for this one reading
            else:
                f, settled = frame_of(m, top), False
                op = get(m.op, get(f, NODE))
            if settled or get(f, NEXT) == get(m.last, get(f, NODE)):
                node = get(f, NODE)
                if op == SCORE:
                    end_score(m, f)
                r = result_of(m, node)
                if (
                    get(m.certain, node) >= 0
                    and get(f, SO_FAR) == MIXED
                    and not get(f, IN_OWN)
                    and op != SCORE
                ):
                    own = base_of(m, top)
                    if get(f, AT) >= own or get(f, AT2) >= own:
                        _take_over(f)
                put(r, STAMP, stamp)
                put(r, KIND, get(f, SO_FAR))
                put(r, CERTAIN, get(f, AT))
                put(r, SECOND, get(f, AT2) if get(f, SO_FAR) == MIXED else 0)
                put(r, FROM, get(f, A_LO))
                put(r, TO, get(f, A_HI))
                top -= 1
                done = True
                continue
            break
        f = frame_of(m, top)
        if get(f, SO_FAR) == MIXED and not get(f, IN_OWN) and get(m.op, get(f, NODE)) != SCORE:
            deeper = base_of(m, top + 1)
            if get(f, AT) >= deeper or get(f, AT2) >= deeper:
                _take_over(f)
        node = get(m.child, get(f, NEXT))
        put(f, NEXT, get(f, NEXT) + 1)
        if get(m.op, get(f, NODE)) == ALL:
            lo, hi = get(f, A_LO), get(f, A_HI)
        else:
            lo, hi = get(f, LO), get(f, HI)


@inlined
def base_of(m: Any, top: int) -> int:
    """Address from which on slots belong to frames of this depth and deeper."""
    return int(m.base + (m.temp + 2 * top) * m.slot)
