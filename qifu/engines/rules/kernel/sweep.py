"""The batch kernel from outside: bound policies swept over an encoded table, by threads, block by block."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from qifu.engines.rules.kernel.blocks import count_blocks, rows_of_block
from qifu.engines.rules.kernel.coding import BLOCK_ROWS, Encoded
from qifu.engines.rules.kernel.frames import FRAME_FIELDS, RESULT_FIELDS
from qifu.engines.rules.kernel.machine import Machine
from qifu.engines.rules.kernel.program import Layout, Written, write
from qifu.engines.rules.tree import Bound, Truth

Ints = npt.NDArray[np.int64]
SLOT_WORDS = BLOCK_ROWS // 64
LARGEST_BUFFER = 128 << 20
"""Bytes of rows that one chunk may hold at most; policies are taken in parts where a block could give more."""
SPARES = 4


@dataclass(frozen=True)
class Counts:
    """Per policy, in the order given: how many rows are met, unknown and unmet; `short` one-short (None if not asked). int64."""

    met: Ints
    unknown: Ints
    unmet: Ints
    short: Ints | None


@dataclass(frozen=True)
class Chunk:
    """Rows of some policies in one block, in segments of one policy, verdict and unmet leaf each.

    Segment i: policy[i] (int32, place in the bounds given), verdict[i] (int8, a Truth; UNMET are one-short pairs), leaf[i]
    (int32, place of the one unmet leaf in `leaves(bound.require)`; −1 unless one-short), and the rows
    first_row + offset[start[i]:start[i + 1]] (offset uint16, rising). `amounts`, when asked for, has one entry per row of
    the met segments, in their order (fen, int64; amounts.MISSING where unknown). The arrays are used again once the next
    chunk is asked for: copy what is kept.
    """

    first_row: int
    policy: npt.NDArray[np.int32]
    verdict: npt.NDArray[np.int8]
    leaf: npt.NDArray[np.int32]
    start: Ints
    offset: npt.NDArray[np.uint16]
    amounts: Ints | None = None

    def rows(self, segment: int) -> Ints:
        """Row numbers in the table of one segment (int64, a copy)."""
        return self.first_row + self.offset[self.start[segment] : self.start[segment + 1]].astype(np.int64)

    def pairs(self) -> tuple[Ints, npt.NDArray[np.int32], npt.NDArray[np.int8], npt.NDArray[np.int32]]:
        """One entry per pair: (row, policy, verdict, leaf), ordered by policy, verdict and row; copies."""
        sizes = np.diff(self.start)
        return (
            self.first_row + self.offset.astype(np.int64),
            np.repeat(self.policy, sizes),
            np.repeat(self.verdict, sizes),
            np.repeat(self.leaf, sizes),
        )


class Sweep:
    """Bound policies ready to be swept over an encoded table.

    `encoded` must have been encoded for all tests of `bounds` (ValueError otherwise); raises KernelRefusal naming policies
    that cannot be taken. Building it compiles nothing. One sweep may be used from one thread at a time; its workspaces
    are kept for the next call.
    """

    def __init__(self, encoded: Encoded, bounds: Sequence[Bound]) -> None:
        self.encoded = encoded
        self.bounds = tuple(bounds)
        self._written: Written = write(encoded, self.bounds)
        self._tables = _Tables(encoded, self._written)
        self._rooms: list[_Room] = []

    def leaf_id(self, policy: int, leaf: int) -> str:
        """Return the id of a leaf by its place, as in Chunk.leaf."""
        return self._written.leaf_ids[policy][leaf]

    def counts(self, *, near: bool = False, threads: int = 2) -> Counts:
        """Return how many rows each policy meets, misses or cannot tell; with `near` also the one-short pairs."""
        blocks = len(self.encoded.block_start) - 1
        parts = min(blocks, threads * 16)
        edges = [blocks * part // max(parts, 1) for part in range(parts + 1)]
        spans = deque(pairwise(edges))

        def work(room: _Room) -> Ints:
            counts = np.zeros((len(self.bounds), 3), np.int64)
            with suppress(IndexError):  # until there are no more
                while True:
                    first, stop = spans.popleft()
                    count_blocks(room.machine, first, stop, near, counts)
            return counts

        total = np.zeros((len(self.bounds), 3), np.int64)
        if parts:
            with ThreadPoolExecutor(threads) as pool:
                for counts in pool.map(work, self._workspaces(threads)):
                    total += counts
        met, unknown, short = (np.ascontiguousarray(total[:, place]) for place in range(3))
        return Counts(met, unknown, self.encoded.rows - met - unknown, short if near else None)

    def rows(
        self,
        *,
        met: bool = True,
        unknown: bool = True,
        near: bool = False,
        amounts: Callable[[Chunk], Ints] | None = None,
        threads: int = 2,
    ) -> Iterator[Chunk]:
        """Yield the rows of the verdicts asked for, block after block in the table's order; empty chunks are left out.

        `amounts` (such as `Amounts(…).of`) is called by the threads and gives Chunk.amounts.
        """
        wanted = np.array([met, unknown, near], np.int64)
        step = max(1, LARGEST_BUFFER // (2 * BLOCK_ROWS))
        parts = [
            (block, low, min(low + step, len(self.bounds)))
            for block in range(len(self.encoded.block_start) - 1)
            for low in range(0, len(self.bounds), step)
        ]
        rooms: SimpleQueue[_Room] = SimpleQueue()
        for room in self._workspaces(threads):
            rooms.put(room)
        buffers: SimpleQueue[_Buffer] = SimpleQueue()
        for _ in range(threads + 2):
            buffers.put(_Buffer(self._written, min(step, len(self.bounds))))

        def work(block: int, low: int, high: int) -> tuple[_Buffer, Chunk]:
            room, buffer = rooms.get(), buffers.get()
            try:
                chunk = self._rows_of(room, buffer, block, low, high, wanted)
                return buffer, chunk if amounts is None else replace(chunk, amounts=amounts(chunk))
            finally:
                rooms.put(room)

        waiting: deque[Future[tuple[_Buffer, Chunk]]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for part in parts:
                    waiting.append(pool.submit(work, *part))
                    if len(waiting) > threads:
                        buffer, chunk = waiting.popleft().result()
                        if len(chunk.policy):
                            yield chunk
                        buffers.put(buffer)
                while waiting:
                    buffer, chunk = waiting.popleft().result()
                    if len(chunk.policy):
                        yield chunk
                    buffers.put(buffer)
            finally:
                for future in waiting:
                    future.cancel()

    def _rows_of(self, room: _Room, buffer: _Buffer, block: int, low: int, high: int, wanted: Ints) -> Chunk:
        found = rows_of_block(
            room.machine, block, low, high, wanted, buffer.address, buffer.segment, buffer.start
        )
        segment = buffer.segment[:found]
        return Chunk(
            int(self.encoded.block_start[block]),
            segment[:, 0].astype(np.int32),
            np.array([Truth.MET, Truth.UNKNOWN, Truth.UNMET], np.int8)[segment[:, 1]],
            segment[:, 2].astype(np.int32),
            buffer.start[: found + 1],
            buffer.offset[: buffer.start[found]],
        )

    def _workspaces(self, threads: int) -> list[_Room]:
        while len(self._rooms) < threads:
            self._rooms.append(_Room(self._tables, self._written.layout))
        return self._rooms[:threads]


class _Buffer:
    """Room for the rows of one block: memory is touched only as far as rows are written."""

    def __init__(self, written: Written, policies: int) -> None:
        firsts = written.program.leaf_first
        segments = len(firsts) - 1 and int(np.max(np.diff(firsts))) + 2
        self.offset = np.empty(policies * BLOCK_ROWS + 64, np.uint16)
        self.address = self.offset.ctypes.data
        self.segment = np.empty((policies * segments, 3), np.int64)
        self.start = np.zeros(policies * segments + 1, np.int64)


class _Tables:
    """The tables of a program and of an encoded table, held as long as machines read them by address."""

    def __init__(self, encoded: Encoded, written: Written) -> None:
        blocks = len(encoded.block_start) - 1
        coded, runs = list(encoded.coded.values()), list(encoded.runs.values())
        none = np.zeros(0, np.int64)
        program = written.program
        self.arrays: dict[str, npt.NDArray[Any]] = {
            **program._asdict(),
            "address": np.array([found.codes.ctypes.data for found in coded], np.int64),
            "width": np.array([found.codes.itemsize for found in coded], np.int64),
            "missing": _stacked([found.missing for found in coded], np.uint8),
            "run_first": np.cumsum([0, *(len(found.start) for found in runs)], dtype=np.int64),
            "run_start": np.concatenate([none, *(found.start for found in runs)]),
            "run_value": np.concatenate([none, *(np.append(found.value, 0) for found in runs)]),
            "block_run": _stacked([found.block_run for found in runs], np.int64),
            "rising": _stacked([found.rising for found in runs], np.uint8),
            "block_start": encoded.block_start,
        }
        self.numbers = {"policies": len(program.root), "blocks": blocks}
        self.nodes, self.columns = len(program.op), len(coded)


def _stacked(rows: list[npt.NDArray[Any]], kind: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(np.stack(rows)) if rows else np.zeros(1, kind)


class _Room:
    """One thread's workspace and the machine that works in it."""

    def __init__(self, tables: _Tables, layout: Layout) -> None:
        temp = layout.slots
        planes = temp + 2 * (layout.depth + 1)
        valid = planes + layout.planes
        self.bits = _aligned(valid + 1 + SPARES)
        self.bits[1] = ~np.uint64(0)
        self.own = {
            "result": np.zeros((tables.nodes, RESULT_FIELDS), np.int64),
            "null_stamp": np.zeros(tables.columns, np.int64),
            "frame": np.zeros((layout.depth + 2, FRAME_FIELDS), np.int64),
            "stamp": np.zeros(1, np.int64),
        }
        slots = {"slot": SLOT_WORDS * 8, "temp": temp, "planes": planes, "valid": valid, "spare": valid + 1}
        addresses = {name: array.ctypes.data for name, array in (tables.arrays | self.own).items()}
        self.machine = Machine(**addresses, **tables.numbers, **slots, base=self.bits.ctypes.data)


def _aligned(slots: int) -> npt.NDArray[np.uint64]:
    """Zeroed bit rows that begin on a cache line."""
    words = slots * SLOT_WORDS
    space = np.zeros(words + 8, np.uint64)
    skip = -(space.ctypes.data // 8) % 8
    return space[skip : skip + words].reshape(slots, SLOT_WORDS)
