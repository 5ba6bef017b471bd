"""Every enterprise against every rule: the rows of `qifu rules match`, slice by slice, and the file they go to. Pure.

The batch kernel says which pairs are met, unknown or one short; amounts and counts of unmet leaves are added here.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from qifu.engines.rules import edges
from qifu.engines.rules.fact_columns import PlaceCode
from qifu.engines.rules.fact_source import FactSource, open_facts
from qifu.engines.rules.kernel import Sweep, encode
from qifu.engines.rules.over_rows import Rows, amounts_of, unmet_counts
from qifu.engines.rules.tree import (
    Bound,
    Truth,
    leaves,
)
from qifu.registers.enterprises.fact_book import FactBook

VERDICTS = ("unmet", "unknown", "met")
"""The words of a verdict, at the position of its `Truth`."""
SCHEMA = pa.schema(
    [
        ("uscc", pa.string()), ("policy", pa.string()), ("version", pa.string()), ("verdict", pa.string()),
        ("amount_fen", pa.int64()), ("unmet_count", pa.int32()), ("unmet_leaf", pa.string()),
    ]
)  # fmt: skip
CODED = ("policy", "version", "verdict", "unmet_leaf")
_ROWS_OF_A_GROUP = 1 << 20
_ROWS, _PAIRS = 1 << 19, 1 << 22
"""A window of the table is answered at a time: so many rows or listed pairs."""
_EVERY_PAIR = 1 << 25


class MatchError(ValueError):
    """The matching cannot be finished; the message is Chinese and says what to do."""


class Listed(Protocol):
    """Pairs that a sweep lists in one block of rows: met, unknown, and those one leaf short."""

    @property
    def first_row(self) -> int:
        """The row that the block begins with; blocks come in order."""
        ...

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
        """Return row, rule, `Truth` and, for a pair that is one short, the position in `leaves(require)`, else −1."""
        ...


def kernel_sweep(
    bounds: Sequence[Bound], source: FactSource, facts: FactBook, *, threads: int | None = None
) -> Iterator[Listed]:
    """Yield what the batch kernel lists, on so many threads (None: one for each core); raises KernelRefusal."""
    threads = threads or len(os.sched_getaffinity(0))
    coded = encode(source.column, facts, bounds, rows=source.rows, threads=threads)
    return Sweep(coded, bounds).rows(near=True, threads=threads)


@dataclass
class Matching:
    """Rules bound to a day, and the words that the rows of the answer share."""

    bounds: Sequence[Bound]
    everything: bool = False
    _leaf_ids: list[str] = field(init=False, repr=False)
    _leaf_words: list[NDArray[np.int32]] = field(init=False, repr=False)
    _versions: list[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numbers: dict[str, int] = {}
        self._leaf_words = [
            np.array([numbers.setdefault(leaf.id, len(numbers)) for leaf in leaves(bound.require)], np.int32)
            for bound in self.bounds
        ]
        self._leaf_ids = list(numbers)
        self._versions = sorted({bound.version for bound in self.bounds})

    def batches(
        self,
        source: FactSource,
        listed: Iterable[Listed],
        progress: Callable[[int], None] = lambda done: None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the answer, coded by words; raises MatchError. `progress` hears how many enterprises are done."""
        start, size = 0, 0
        gathered: list[_Sorted] = []
        for chunk in listed:
            if size >= _PAIRS or chunk.first_row - start >= _ROWS:
                yield from self._window(source, start, chunk.first_row, gathered)
                progress(chunk.first_row)
                start, size, gathered = chunk.first_row, 0, []
            gathered.append(_Sorted(*chunk.pairs()))
            size += len(gathered[-1].row)
        yield from self._window(source, start, source.rows, gathered)
        progress(source.rows)

    def _window(
        self, source: FactSource, start: int, stop: int, gathered: Sequence[_Sorted]
    ) -> Iterator[pa.RecordBatch]:
        """The answer of rows start..stop; of every pair in portions, so that memory stays bounded."""
        if not self.everything and not gathered:
            return
        step = stop - start
        if self.everything:
            step = max(1024, _EVERY_PAIR // max(1, len(self.bounds)))
        for first in range(start, stop, max(1, step)):
            last = min(first + step, stop)
            rows = Rows(source.window(first, last))
            found = (
                self._all(rows, gathered, first) if self.everything else self._listed(rows, gathered, first)
            )
            yield from self._batched(rows, found)

    def _batched(self, rows: Rows, found: Iterable[_Pairs]) -> Iterator[pa.RecordBatch]:
        gathered: list[_Pairs] = []
        size = 0
        for pairs in found:
            gathered.append(pairs)
            size += len(pairs.rows)
            if size >= _ROWS_OF_A_GROUP // 4:
                yield self._batch(rows, gathered)
                gathered, size = [], 0
        if size:
            yield self._batch(rows, gathered)

    def _listed(self, rows: Rows, gathered: Sequence[_Sorted], first: int) -> Iterator[_Pairs]:
        together = _Sorted(*(np.concatenate(parts) for parts in zip(*(part.parts() for part in gathered))))
        order = np.argsort(together.policy, kind="stable")
        row, policy, verdict, leaf = (part[order] for part in together.parts())
        borders = np.flatnonzero(np.diff(policy)) + 1
        for begin, end in zip([0, *borders.tolist()], [*borders.tolist(), len(policy)]):
            chosen, said = row[begin:end] - first, verdict[begin:end]
            count = np.ones(len(chosen), dtype=np.int32)
            whole = said != Truth.UNMET
            if whole.any():
                count[whole] = self._counts(int(policy[begin]), rows, chosen[whole])
            yield self._pairs(int(policy[begin]), rows, chosen, said, count, leaf[begin:end])

    def _counts(self, policy: int, rows: Rows, chosen: NDArray[np.int64]) -> NDArray[np.int32]:
        """The unmet leaves of some rows: of all rows with the leaves that rules share, unless they are few."""
        if 16 * len(chosen) < len(rows):
            return unmet_counts(self.bounds[policy], rows.at(chosen))
        return unmet_counts(self.bounds[policy], rows)[chosen]

    def _all(self, rows: Rows, gathered: Sequence[_Sorted], first: int) -> Iterator[_Pairs]:
        said = np.full((len(self.bounds), len(rows)), Truth.UNMET, dtype=np.int8)
        for part in gathered:
            here = (part.row >= first) & (part.row < first + len(rows))
            said[part.policy[here], part.row[here] - first] = part.verdict[here]
        everyone = np.arange(len(rows), dtype=np.int64)
        for policy, bound in enumerate(self.bounds):
            count, where = np.zeros(len(rows), dtype=np.int32), np.zeros(len(rows), dtype=np.int32)
            for position, leaf in enumerate(leaves(bound.require)):
                unmet = rows.unmet(leaf)
                count += unmet
                where += unmet * np.int32(position)
            only = np.where((count == 1) & (said[policy] == Truth.UNMET), where, np.int32(-1))
            yield self._pairs(policy, rows, everyone, said[policy], count, only)

    def _pairs(
        self,
        policy: int,
        rows: Rows,
        chosen: NDArray[np.int64],
        verdicts: NDArray[np.int8],
        count: NDArray[np.int32],
        leaf: NDArray[np.int32],
    ) -> _Pairs:
        bound = self.bounds[policy]
        fen = np.zeros(len(chosen), dtype=np.int64)
        known = np.zeros(len(chosen), dtype=bool)
        met = np.flatnonzero(verdicts == Truth.MET)
        if bound.amount is not None and len(met):
            try:
                granted = amounts_of(bound.amount, rows.at(chosen[met]))
            except OverflowError:
                raise MatchError(
                    f"“{bound.title or bound.code}”（{bound.code}）算出的金额超过 9 亿亿元，请核对事实数值，或给金额写上限 cap"
                ) from None
            fen[met] = np.asarray(granted.fill_null(0))
            known[met] = np.asarray(granted.is_valid())
        word = np.where(leaf >= 0, self._leaf_words[policy][leaf], np.int32(-1))
        return _Pairs(policy, chosen, verdicts, fen, known, count, word)

    def _batch(self, rows: Rows, gathered: Sequence[_Pairs]) -> pa.RecordBatch:
        sizes = [len(pairs.rows) for pairs in gathered]
        policy = np.repeat(np.array([pairs.policy for pairs in gathered], dtype=np.int32), sizes)
        version = np.array([self._versions.index(bound.version) for bound in self.bounds], dtype=np.int32)
        known = np.concatenate([pairs.known for pairs in gathered])
        columns = [
            rows.uscc().take(pa.array(np.concatenate([pairs.rows for pairs in gathered]))),
            _coded(policy, [bound.code for bound in self.bounds]),
            _coded(version[policy], self._versions),
            _coded(np.concatenate([pairs.verdicts for pairs in gathered]), VERDICTS),
            pa.array(np.concatenate([pairs.fen for pairs in gathered]), mask=~known),
            pa.array(np.concatenate([pairs.count for pairs in gathered])),
            _coded(np.concatenate([pairs.leaf for pairs in gathered]), self._leaf_ids),
        ]
        return pa.RecordBatch.from_arrays(columns, names=SCHEMA.names)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Listed pairs, by row and rule."""

    row: NDArray[np.int64]
    policy: NDArray[np.int32]
    verdict: NDArray[np.int8]
    leaf: NDArray[np.int32]

    def parts(self) -> tuple[NDArray[Any], ...]:
        return self.row, self.policy, self.verdict, self.leaf


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows of the answer, of one rule; `known` says where `fen` counts, `leaf` is a word's position or −1."""

    policy: int
    rows: NDArray[np.int64]
    verdicts: NDArray[np.int8]
    fen: NDArray[np.int64]
    known: NDArray[np.bool_]
    count: NDArray[np.int32]
    leaf: NDArray[np.int32]


def _coded(positions: NDArray[Any], words: Sequence[str]) -> pa.DictionaryArray:
    places = pa.array(positions.astype(np.int32, copy=False), mask=positions < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(words, pa.string()))


class MatchFile:
    """A Parquet file of `SCHEMA` that appears under its name only when it is whole; a context manager.

    Until then it grows under a hidden name beside it, which is removed when anything fails. Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._growing = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._waiting: list[pa.RecordBatch] = []
        self._size = 0

    def __enter__(self) -> MatchFile:
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "是一个目录", str(self.path))
        try:
            self._file = self._growing.open("xb")
            coded = {name: pa.dictionary(pa.int32(), pa.string()) for name in CODED}
            schema = pa.schema([(field.name, coded.get(field.name, field.type)) for field in SCHEMA])
            self._writer = pq.ParquetWriter(
                self._file, schema, use_dictionary=list(CODED), compression="zstd", compression_level=1, store_schema=False
            )  # fmt: skip
        except BaseException:  # also when it is stopped here
            self._growing.unlink(missing_ok=True)
            raise
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows, coded as `Matching.batches` gives them."""
        self._waiting.append(batch)
        self._size += batch.num_rows
        self.rows += batch.num_rows
        if self._size >= _ROWS_OF_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=_ROWS_OF_A_GROUP)
        self._waiting, self._size = [], 0

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        whole = False
        try:
            if kind is None:
                self._flush()
            self._writer.close()
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._growing, self.path)
                whole = True
        finally:
            self._file.close()
            if not whole:
                self._growing.unlink(missing_ok=True)


def match_file(
    bounds: Sequence[Bound],
    path: Path,
    facts: FactBook,
    out: MatchFile,
    *,
    everything: bool = False,
    place_code: PlaceCode | None = None,
    progress: Callable[[int, int], None] = lambda done, written: None,
) -> int:
    """Match all enterprises of a facts file on this machine; return how many they are.

    Raises FactTableError, KernelRefusal, MatchError. `progress` hears enterprises and rows so far.
    """
    source = open_facts(path, facts, only=facts_asked(bounds), place_code=place_code)
    matching = Matching(bounds, everything)
    listed = kernel_sweep(bounds, source, facts)
    for batch in matching.batches(source, listed, lambda done: progress(done, out.rows)):
        out.write(batch)
    return source.rows


def facts_asked(bounds: Iterable[Bound]) -> frozenset[str]:
    """Return the facts that rules and amounts use, and those that rows are put in order by."""
    return frozenset({"place", "industry"}.union(*map(edges.facts_asked, bounds)))
