"""A table of kept values turned into codes: per row and column the number of cuts passed plus one, 0 where it is missing.

Codes are one byte where a column has at most 254 cuts, else two or four. Places and industries are kept as runs of equal
values. Rows are cut into blocks of up to BLOCK_ROWS, at place borders where the table is sorted by place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qifu.engines.rules.kernel.coding_loops import (
    code_numbers,
    code_ratios,
    count_missing,
)
from qifu.engines.rules.kernel.cuts import Asked, Column, Cut, asked
from qifu.engines.rules.kernel.refusal import KernelRefusal
from qifu.engines.rules.tree import Bound, CodeIn, Group, Leaf, Node, Score, Terms, Test
from qifu.registers.enterprises.fact_book import NUMBERS, FactBook

BLOCK_ROWS = 16_384
OWN_BLOCK = 1_024
"""A run of one place gets blocks of its own from this length on; shorter ones share a block."""
PIECE = 1 << 18
PADDING = 4_096
"""Bytes behind every code column, so that the last block can be read in whole chunks of 512 rows."""
SAFE = 2**62
"""Sums under this size are coded in int64; the rare others one by one in Python's whole numbers."""
INT64 = range(-(2**63), 2**63)
Ints = npt.NDArray[np.int64]
Source = Mapping[str, pa.ChunkedArray] | Callable[[str], pa.ChunkedArray | None]


@dataclass(frozen=True)
class Coded:
    """One column of codes: `cuts` in order; `codes` uint8, uint16 or uint32, padded; `missing` per block 0 no, 1 some, 2 all."""

    cuts: tuple[Cut, ...]
    codes: npt.NDArray[Any]
    missing: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Runs:
    """A column of places or industries: run i holds values[value[i]] (len(values): missing) from row `start[i]` on.

    `values` are sorted, so that a sorted table has rising numbers; `start` ends with the number of rows. `block_run[b]`
    is the run in which block b begins; `rising[b]` is 1 where the numbers of a block's runs rise.
    """

    values: tuple[str, ...]
    start: Ints
    value: Ints
    block_run: Ints
    rising: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Encoded:
    """A coded table: `block_start` (int64, blocks + 1) are the row numbers at which blocks begin; nothing changes it."""

    rows: int
    facts: FactBook
    block_start: Ints
    coded: Mapping[Column, Coded]
    runs: Mapping[str, Runs]

    @property
    def code_bytes(self) -> int:
        """Bytes of codes that one pass over all columns reads."""
        return sum(self.rows * coded.codes.itemsize for coded in self.coded.values())


def encode(
    table: pa.Table | Source,
    facts: FactBook,
    bounds: Iterable[Bound],
    *,
    rows: int | None = None,
    before: Encoded | None = None,
    threads: int = 2,
) -> Encoded:
    """Return the table coded for all tests of `bounds`; a column that the table lacks is missing everywhere.

    `table`: kept values as in `kept_table` (best sorted by place and industry), or a function that gives the column of a
    fact id (then `rows` says how many), so that columns can be read one at a time. With `before`, the same table coded
    earlier, only columns with new cuts are coded again. Raises KernelRefusal naming the policies that ask for facts the
    book does not keep.
    """
    tests = tests_by_policy(bounds)
    _check_facts(tests, facts)
    if isinstance(table, pa.Table):
        rows = table.num_rows
        read: Callable[[str], pa.ChunkedArray | None] = lambda name: (  # noqa: E731
            table[name] if name in table.column_names else None
        )
    else:
        read = table if callable(table) else table.get
    if rows is None:
        raise ValueError("rows: how many rows the columns have")
    wanted: dict[Column, set[Cut]] = {}
    code_facts: dict[str, None] = {}
    for test in tests:
        question = asked(test)
        if question is None:
            assert isinstance(test, CodeIn)
            code_facts[test.fact] = None
        else:
            wanted.setdefault(question.column, set()).update(question.cuts())
    reader = _Reader(read, rows, threads)
    runs, starts = _all_runs(reader, code_facts, facts, before)
    coded = dict(before.coded) if before else {}
    for column, cuts in wanted.items():
        known = coded.get(column)
        if known is None or not cuts <= set(known.cuts):
            coded[column] = _code(reader, column, cuts | set(known.cuts if known else ()), starts)
    return Encoded(rows, facts, starts, coded, runs)


def tests_by_policy(bounds: Iterable[Bound]) -> dict[Test, str]:
    """Return every test of the bounds with the code of the first policy that asks it."""
    found: dict[Test, str] = {}
    for bound in bounds:
        waiting: list[Node] = [bound.require]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Leaf):
                found.setdefault(node.test, bound.code)
            elif isinstance(node, Group):
                waiting += node.children
            else:
                assert isinstance(node, Score)
                waiting += [band.when for item in node.items for band in item.bands]
    return found


def _check_facts(tests: Mapping[Test, str], facts: FactBook) -> None:
    refused: list[tuple[str, str]] = []
    for test, policy in tests.items():
        question = asked(test)
        for name in question.column.facts if question else (test.fact,):  # type: ignore[union-attr]
            fact = facts.facts.get(name)
            if fact is None or fact.derived is not None:
                refused.append((policy, f"没有可取值的事实“{name}”"))
            elif (question is None) != (fact.type in ("place", "industry")):
                refused.append((policy, f"事实“{name}”的类型是 {fact.type}，不能这样比较"))
            elif (
                isinstance(question, Asked) and len(question.column.facts) > 1
            ) and fact.type not in NUMBERS:
                refused.append((policy, f"事实“{name}”不是数字，不能相加"))
    if refused:
        raise KernelRefusal(refused)


@dataclass
class _Reader:
    """Reads a column once at a time as (int64 values, valid or None)."""

    read: Callable[[str], pa.ChunkedArray | None]
    rows: int
    threads: int

    def codes(self, name: str) -> tuple[Ints, tuple[str, ...]]:
        """The place of each row's value among the sorted values (their number: missing), and these."""
        column = self.read(name)
        if column is None:
            return np.zeros(self.rows, np.int64), ()
        if isinstance(column, pa.Array):
            column = pa.chunked_array([column])
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        column = column.unify_dictionaries()
        words = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
        values = tuple(sorted({word for word in words if word is not None}))
        place = {value: number for number, value in enumerate(values)}
        ranks = np.array([place.get(word, len(values)) for word in (*words, None)], np.int64)
        found = np.full(self.rows, len(values), np.int64)
        at = 0
        for chunk in column.chunks:
            numbers, valid = whole_numbers(chunk.indices)
            known = numbers if valid is None else np.where(valid, numbers, len(words))
            found[at : at + len(chunk)] = ranks[known]
            at += len(chunk)
        return found, values

    def numbers(self, name: str) -> list[pa.Array]:
        """The chunks of a column of whole numbers; all missing where the table has none."""
        column = self.read(name)
        if column is None:
            return [pa.nulls(self.rows, pa.int64())]
        return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def whole_numbers(array: pa.Array) -> tuple[Ints, npt.NDArray[np.bool_] | None]:
    """Return an Arrow array of whole numbers as int64 and the rows that are not missing (None: all); no float between."""
    if pa.types.is_boolean(array.type) or pa.types.is_null(array.type):
        array = array.cast(pa.int8())
    validity, data = array.buffers()
    kind = np.dtype(array.type.to_pandas_dtype())
    end = array.offset + len(array)
    values = (
        np.frombuffer(data, kind, end)[array.offset :] if data is not None else np.zeros(len(array), kind)
    )
    valid = None
    if validity is not None and array.null_count:
        bits = np.frombuffer(validity, np.uint8, (end + 7) // 8)
        valid = np.unpackbits(bits, count=end, bitorder="little")[array.offset :].view(np.bool_)
    return values.astype(np.int64, copy=False), valid


def _all_runs(
    reader: _Reader, wanted: Iterable[str], facts: FactBook, before: Encoded | None
) -> tuple[dict[str, Runs], Ints]:
    """Return the runs of each column of codes, and where blocks begin: at the borders of the place with the fewest runs."""
    runs = dict(before.runs) if before else {}
    for name in wanted:
        if name not in runs:
            numbers, values = reader.codes(name)
            borders = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
            firsts = np.concatenate([np.zeros(min(reader.rows, 1), np.int64), borders]).astype(np.int64)
            none = np.zeros(0, np.int64)
            runs[name] = Runs(
                values, np.append(firsts, reader.rows), numbers[firsts], none, none.astype(np.uint8)
            )
    if before:
        starts = before.block_start
    else:
        places = [found for name, found in runs.items() if facts.facts[name].type == "place"]
        starts = _blocks(min((p.start for p in places), key=len, default=np.array([0, reader.rows])))
    return {name: _with_blocks(found, starts) for name, found in runs.items()}, starts


def _with_blocks(runs: Runs, starts: Ints) -> Runs:
    first = np.searchsorted(runs.start, starts[:-1], side="right") - 1
    last = np.searchsorted(runs.start, starts[1:], side="left") - 1
    falls = np.concatenate([[0], np.cumsum(runs.value[1:] < runs.value[:-1])])  # up to and with run i
    rising = (falls[last] == falls[first]) if len(first) else np.zeros(0, np.bool_)
    return replace(runs, block_run=first, rising=rising.astype(np.uint8))


def _blocks(borders: Ints) -> Ints:
    """Cut at every border of a long run; short runs that follow one another share blocks; long stretches are cut evenly."""
    if borders[-1] == 0:
        return np.zeros(1, np.int64)
    length = np.diff(borders)
    long = length >= OWN_BLOCK
    keep = long | np.concatenate([[True], long[:-1]])
    edges = np.append(borders[:-1][keep], borders[-1])
    parts = [np.zeros(1, np.int64)]
    for start, end in pairwise(edges):
        count = -(-(end - start) // BLOCK_ROWS)
        size = -(-(end - start) // count)
        size = -(-size // 512) * 512
        parts.append(np.append(np.arange(start + size, end, size), end))
    return np.concatenate(parts).astype(np.int64)


def _code(reader: _Reader, column: Column, cuts: set[Cut], starts: Ints) -> Coded:
    ordered = tuple(sorted(cuts))
    kind = np.uint8 if len(ordered) <= 254 else np.uint16 if len(ordered) <= 65_534 else np.uint32
    codes = np.zeros(reader.rows + PADDING, kind)
    chunks = [reader.numbers(name) for name in column.facts]
    with ThreadPoolExecutor(reader.threads) as pool:
        list(pool.map(lambda part: _code_piece(column, ordered, codes, *part), _pieces(chunks, reader.rows)))
    missing = count_missing(codes, starts)
    return Coded(ordered, codes, missing)


def _pieces(columns: Sequence[list[pa.Array]], rows: int) -> Iterable[tuple[int, list[pa.Array]]]:
    """Cut columns, chunked each in its own way, into common pieces (first row, one array per column)."""
    borders = {0, rows, *range(0, rows, PIECE)}
    offsets = []
    for chunks in columns:
        offset = np.concatenate([[0], np.cumsum([len(chunk) for chunk in chunks], dtype=np.int64)])
        if offset[-1] != rows:
            raise ValueError("columns of different lengths")
        offsets.append(offset)
        borders.update(int(border) for border in offset)
    edges = sorted(borders)
    for start, end in pairwise(edges):
        part = []
        for chunks, offset in zip(columns, offsets, strict=True):
            at = int(np.searchsorted(offset, start, side="right")) - 1
            part.append(chunks[at].slice(start - offset[at], end - start))
        yield start, part


def _code_piece(
    column: Column, cuts: tuple[Cut, ...], codes: npt.NDArray[Any], first: int, arrays: list[pa.Array]
) -> None:
    out = codes[first : first + len(arrays[0])]
    values: dict[str, Ints] = {}
    known = np.ones(len(out), np.bool_)
    for name, array in zip(column.facts, arrays, strict=True):
        values[name], valid = whole_numbers(array)
        if valid is not None:
            known &= valid
    of, wide = _sum(column.of, values, len(out))
    if column.over:
        over, wide_over = _sum(column.over, values, len(out))
        wide |= wide_over
        bounds: list[Fraction] = [cut[0] for cut in cuts]  # type: ignore[index]
        if all(b.numerator in INT64 and b.denominator in INT64 for b in bounds):
            numbers = np.array([b.numerator for b in bounds], np.int64)
            parts = np.array([b.denominator for b in bounds], np.int64)
            strict = np.array([cut[1] for cut in cuts], np.int64)  # type: ignore[index]
            code_ratios(of, over, known, numbers, parts, strict, out)
        else:
            wide[:] = True
    else:
        code_numbers(of, known, np.array([min(max(c, -(2**63)), 2**63 - 1) for c in cuts], np.int64), out)
    for row in np.flatnonzero(wide & known):
        out[row] = _exact_code(column, cuts, {name: int(found[row]) for name, found in values.items()})


def _sum(terms: Terms, values: Mapping[str, Ints], rows: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return Σ coefficient × value in int64, and the rows where that may not fit."""
    if len(terms) == 1 and terms[0][0] == 1:
        found = values[terms[0][1]]
        return found, (found >= SAFE) | (found <= -SAFE)
    total = np.zeros(rows, np.int64)
    size = np.zeros(rows, np.float64)
    for coefficient, name in terms:
        size += abs(float(coefficient)) * np.abs(values[name].astype(np.float64))
        if coefficient in INT64:
            total += values[name] * np.int64(coefficient)
    wide = size >= SAFE
    if any(coefficient not in INT64 for coefficient, _ in terms):
        wide[:] = True
    return total, wide


def _exact_code(column: Column, cuts: tuple[Cut, ...], values: Mapping[str, int]) -> int:
    of = sum(coefficient * values[name] for coefficient, name in column.of)
    if not column.over:
        return 1 + bisect_right(cuts, of)
    over = sum(coefficient * values[name] for coefficient, name in column.over)
    return 1 + bisect_right(cuts, (Fraction(of, over), 0)) if over > 0 else 0
