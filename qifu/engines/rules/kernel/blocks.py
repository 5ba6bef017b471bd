"""The loops over blocks and policies: counts of verdicts, or the rows of verdicts."""

from __future__ import annotations

from typing import Any

from qifu.engines.rules.kernel import vectors
from qifu.engines.rules.kernel.compiled import compiled, inlined
from qifu.engines.rules.kernel.frames import (
    CERTAIN,
    EVERY,
    FROM,
    KIND,
    MIXED,
    NONE,
    SECOND,
    STAMP,
    TO,
    result_of,
)
from qifu.engines.rules.kernel.machine import evaluate
from qifu.engines.rules.kernel.vectors import CHUNK_BYTES, CHUNK_ROWS, get, put

MET, UNKNOWN, SHORT = 0, 1, 2


@inlined
def _begin(m: Any, block: int) -> tuple[int, int, int]:
    """Return (stamp, rows, chunks) of a block, and mark which rows of its last chunk exist."""
    stamp = get(m.stamp, 0) + 1
    put(m.stamp, 0, stamp)
    rows = get(m.block_start, block + 1) - get(m.block_start, block)
    chunks = (rows + CHUNK_ROWS - 1) // CHUNK_ROWS
    valid = m.base + m.valid * m.slot
    for word in range((chunks - 1) * 8, chunks * 8):
        left = rows - word * 64
        put(valid, word, -1 if left >= 64 else (1 << left) - 1 if left > 0 else 0)
    return stamp, rows, chunks


@inlined
def _count(m: Any, c: int, x: int, lo: int, hi: int, rows: int, chunks: int) -> int:
    """Rows of c | x that exist."""
    if hi < chunks or rows == chunks * CHUNK_ROWS:
        return int(vectors.count(c, x, lo, hi))
    spare = m.base + m.spare * m.slot
    valid = m.base + m.valid * m.slot
    last = max(lo, chunks - 1)
    vectors.possible(spare, 0, 0, 0, c, x, last, hi)
    vectors.both(spare, 0, spare, 0, valid, 0, last, hi)
    return int(vectors.count(c, x, lo, last) + vectors.count(spare, spare, last, hi))


@inlined
def _find_short(m: Any, policy: int, block: int, stamp: int, chunks: int) -> Any:
    """Return (short, lo, hi): the address of the rows with exactly one unmet leaf and an unmet verdict, 0 when there are none.

    Zero and one are the rows without and with one unmet leaf so far; `clean` says that zero has rows.
    """
    base, size = m.base, m.slot
    zero = base + (m.spare + 1) * size
    one, root_possible = zero + size, zero + 2 * size
    root = result_of(m, get(m.root, policy))
    kind, lo, hi = get(root, KIND), 0, chunks
    if kind == EVERY:
        return 0, 0, 0
    if kind == MIXED and not get(m.plain, policy):
        vectors.copy(root_possible, 0, base, 0, 0, 0, 0, chunks)
        second = get(root, SECOND) if get(root, SECOND) else get(root, CERTAIN)
        vectors.possible(root_possible, 0, 0, 0, get(root, CERTAIN), second, get(root, FROM), get(root, TO))
    clean, mixed = True, False
    for at in range(get(m.leaf_first, policy), get(m.leaf_first, policy + 1)):
        leaf = result_of(m, get(m.leaf, at))
        if get(leaf, STAMP) != stamp:
            evaluate(m, get(m.leaf, at), block, stamp, chunks)
        if get(leaf, KIND) == EVERY:
            continue
        if get(leaf, KIND) == NONE:
            if not clean:
                return 0, 0, 0
            if mixed:
                vectors.copy(one, 0, zero, 0, 0, 0, lo, hi)
            clean = False
            continue
        c = get(leaf, CERTAIN)
        x = get(leaf, SECOND) if get(leaf, SECOND) else c
        if not clean:
            lo, hi = max(lo, get(leaf, FROM)), min(hi, get(leaf, TO))
            if lo >= hi:
                return 0, 0, 0
            if mixed:
                alive = vectors.pair_both(zero, one, one, one, c, x, lo, hi)
            else:
                alive = vectors.possible(one, 0, 0, 0, c, x, lo, hi)
            mixed = True
            if not alive:
                return 0, 0, 0
            continue
        if not mixed:
            vectors.copy(zero, 0, base + size, 0, 0, 0, lo, hi)
            vectors.copy(one, 0, base, 0, 0, 0, lo, hi)
            mixed = True
        for side in range(2):  # outside of the leaf's range it is unmet
            start, stop = (0, get(leaf, FROM)) if side == 0 else (get(leaf, TO), chunks)
            vectors.copy(one, 0, zero, 0, 0, 0, start, stop)
            vectors.copy(zero, 0, base, 0, 0, 0, start, stop)
        vectors.one_more_leaf(zero, one, zero, one, c, x, get(leaf, FROM), get(leaf, TO))
    if clean and not mixed:
        return 0, 0, 0
    if not mixed:
        vectors.copy(one, 0, base + size, 0, 0, 0, lo, hi)
    if (
        kind == MIXED
        and not get(m.plain, policy)
        and not vectors.unmet_too(one, 0, one, 0, root_possible, root_possible, lo, hi)
    ):
        return 0, 0, 0
    return one, lo, hi


@compiled
def count_blocks(m: Any, first: int, stop: int, near: bool, counts: Any) -> None:
    """Add to counts[policy] the numbers of (met, unknown, one-short) rows of blocks first..stop."""
    for block in range(first, stop):
        stamp, rows, chunks = _begin(m, block)
        for policy in range(m.policies):
            root = result_of(m, get(m.root, policy))
            if get(root, STAMP) != stamp:
                evaluate(m, get(m.root, policy), block, stamp, chunks)
            if get(root, KIND) == EVERY:
                counts[policy, MET] += rows
            elif get(root, KIND) == MIXED:
                c, x, lo, hi = get(root, CERTAIN), get(root, SECOND), get(root, FROM), get(root, TO)
                met = _count(m, c, c, lo, hi, rows, chunks)
                counts[policy, MET] += met
                if x:
                    counts[policy, UNKNOWN] += _count(m, c, x, lo, hi, rows, chunks) - met
            if near:
                short, lo, hi = _find_short(m, policy, block, stamp, chunks)
                if short:
                    counts[policy, SHORT] += _count(m, short, short, lo, hi, rows, chunks)


@inlined
def _write(m: Any, out: int, a: int, without: int, lo: int, hi: int, chunks: int) -> int:
    """Write the rows of `a` that are not in `without` from address `out` on; returns the next free address."""
    valid = m.base + m.valid * m.slot
    for chunk in range(lo, hi):
        for byte in range(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES, 8):
            word = get(a + byte, 0) & ~get(without + byte, 0)
            if chunk == chunks - 1:
                word &= get(valid + byte, 0)
            if word:
                out = vectors.write_rows(out, word, byte * 8)
    return out


@inlined
def _words_with_rows(m: Any, short: int, lo: int, hi: int, chunks: int) -> int:
    """List in the spare slot the words of `short` that have rows, which are cut to those that exist; returns their number."""
    places, valid, found = m.base + m.spare * m.slot, m.base + m.valid * m.slot, 0
    for word in range(lo * 8, hi * 8):
        rows = get(short, word)
        if rows and word >= (chunks - 1) * 8:
            rows &= get(valid, word)
            put(short, word, rows)
        if rows:
            put(places, found, word)
            found += 1
    return found


@inlined
def _write_unmet(m: Any, out: int, leaf: int, short: int, words: int) -> tuple[int, int]:
    """Write the rows of `short` in the listed words that do not meet a leaf, and take them out; returns (address, words left)."""
    places, left = m.base + m.spare * m.slot, 0
    c, x = get(leaf, CERTAIN), get(leaf, SECOND)
    first, last = get(leaf, FROM) * 8, get(leaf, TO) * 8
    if get(leaf, KIND) == NONE:
        last = first
    for place in range(words):
        word = get(places, place)
        rows = get(short, word)
        unmet = rows
        if first <= word < last:
            unmet &= ~(get(c, word) | (get(x, word) if x else 0))
        if unmet:
            out = vectors.write_rows(out, unmet, word * 64)
            put(short, word, rows & ~unmet)
        if rows != unmet:
            put(places, left, word)
            left += 1
    return out, left


@compiled
def rows_of_block(
    m: Any, block: int, low: int, high: int, wanted: Any, out: int, segment: Any, start: Any,
) -> int:  # fmt: skip
    """Write the rows of one block for policies low..high; returns the number of segments.

    `wanted` (met, unknown, one-short) says which. Segment i is (policy, what, leaf place or −1) in segment[i], its rows
    (uint16, from the block's first) stand in the buffer at address `out` from start[i] to start[i + 1].
    """
    stamp, _rows, chunks = _begin(m, block)
    zero, begin, found = m.base, out, 0
    ones = zero + m.slot
    start[0] = 0
    for policy in range(low, high):
        root = result_of(m, get(m.root, policy))
        if get(root, STAMP) != stamp:
            evaluate(m, get(m.root, policy), block, stamp, chunks)
        kind, c, x, lo, hi = (
            get(root, KIND),
            get(root, CERTAIN),
            get(root, SECOND),
            get(root, FROM),
            get(root, TO),
        )
        if kind == EVERY:
            c, x, lo, hi = ones, 0, 0, chunks
        if kind != NONE:
            for what in range(2):
                if wanted[what] and (what == MET or x):
                    before = out
                    if what == MET:
                        out = _write(m, out, c, zero, lo, hi, chunks)
                    else:
                        out = _write(m, out, x, c, lo, hi, chunks)
                    if out > before:
                        segment[found, 0], segment[found, 1], segment[found, 2] = policy, what, -1
                        found += 1
                        start[found] = (out - begin) >> 1
        if not wanted[SHORT]:
            continue
        short, lo, hi = _find_short(m, policy, block, stamp, chunks)
        if not short:
            continue
        words = _words_with_rows(m, short, lo, hi, chunks)
        for at in range(get(m.leaf_first, policy), get(m.leaf_first, policy + 1)):
            if words == 0:
                break
            leaf = result_of(m, get(m.leaf, at))
            if get(leaf, STAMP) != stamp:
                evaluate(m, get(m.leaf, at), block, stamp, chunks)
            if get(leaf, KIND) == EVERY:
                continue
            before = out
            out, words = _write_unmet(m, out, leaf, short, words)
            if out > before:
                segment[found, 0] = policy
                segment[found, 1] = SHORT
                segment[found, 2] = get(m.leaf_place, at)
                found += 1
                start[found] = (out - begin) >> 1
    return found
