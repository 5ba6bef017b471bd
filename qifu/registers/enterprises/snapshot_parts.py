"""The parts of a snapshot: sorting rows that come in any order on disk, and writing one Parquet file per place; pure.

Memory stays bounded whatever the number of rows: rows are first spilled by place, then each place is sorted by its keys
and gathered in pieces.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qifu.registers.enterprises.kept_table import CODE, as_strings, is_sorted, parquet_writer, sort_order

ROW_GROUP = 131_072
"""Rows of a row group: measured, smaller ones cost reading, larger ones cost skipping."""
PIECE_BYTES = 192 << 20
"""About how much is gathered, and sorted, at once."""
NOWHERE = "unknown"
"""The file name of rows whose place is not known."""
OUT_OF_ORDER = "行没有按注册地、所属行业、统一社会信用代码排序"
_CODE = re.compile(r"[0-9A-Z-]{2,16}")


class SnapshotProblem(ValueError):
    """A snapshot cannot be built, read or trusted; the message says in Chinese why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One place's file: its rows, the rows of each row group, its bytes and their SHA-256."""

    place: str | None
    file: str
    rows: int
    row_groups: tuple[int, ...]
    bytes: int
    digest: str


def place_order(place: str | None) -> tuple[bool, str]:
    """Return what places sort by: an unknown one comes last."""
    return place is None, place or ""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_hashes(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.uint64]:
    """Return 64 bits of each credit code; raises SnapshotProblem for a code that has not 18 plain characters."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return np.concatenate([np.empty(0, np.uint64), *(_hashes(chunk) for chunk in chunks)])


def _hashes(codes: pa.StringArray) -> npt.NDArray[np.uint64]:
    if not len(codes):
        return np.empty(0, np.uint64)
    if codes.null_count or not pc.all(pc.equal(pc.binary_length(codes), 18)).as_py():
        odd = [code for code in codes.to_pylist() if code is None or len(code.encode()) != 18]
        raise SnapshotProblem(f"统一社会信用代码应为 18 位，有 {len(odd)} 行不是，如“{odd[0] or '（空）'}”")
    start = np.frombuffer(codes.buffers()[1], np.int32, count=1, offset=4 * codes.offset)[0]
    text = np.frombuffer(codes.buffers()[2], np.uint8, count=18 * len(codes), offset=int(start)).reshape(
        -1, 18
    )
    halves = np.ascontiguousarray(text[:, :16]).view(np.uint64)
    tail = np.ascontiguousarray(text[:, 16:]).view(np.uint16)[:, 0].astype(np.uint64)
    mixed = halves[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ (halves[:, 0] >> np.uint64(29))
    mixed = (mixed + halves[:, 1]) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(31)
    return (mixed + tail) * np.uint64(0x94D049BB133111EB)


class PartWriter:
    """Writes sorted tables as the part of one place; `done` gives the part."""

    def __init__(self, folder: Path, place: str | None, schema: pa.Schema) -> None:
        self.place, self.schema, self.rows, self.hashes = place, schema, 0, [np.empty(0, np.uint64)]
        self.path = folder / f"{place or NOWHERE}.parquet"
        self._file = parquet_writer(self.path, schema)
        self._waiting: list[pa.Table] = []
        self._last: pa.Table | None = None

    def add(self, table: pa.Table) -> None:
        """Write rows that follow the last; raises SnapshotProblem when they are out of order."""
        seam = pa.concat_tables([t for t in (self._last, table[:1]) if t is not None])
        if not is_sorted(table) or not is_sorted(seam):
            raise SnapshotProblem(OUT_OF_ORDER)
        self._last = table.slice(len(table) - 1) if len(table) else self._last
        self.hashes.append(code_hashes(table["uscc"]))
        self.rows += len(table)
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= ROW_GROUP:
            self._flush(whole_groups=True)

    def _flush(self, *, whole_groups: bool) -> None:
        table = pa.concat_tables(self._waiting)
        stop = len(table) // ROW_GROUP * ROW_GROUP if whole_groups else len(table)
        for start in range(0, stop, ROW_GROUP):
            group = table.slice(start, min(ROW_GROUP, stop - start)).combine_chunks()
            self._file.write_table(_plainly_coded(group), row_group_size=ROW_GROUP)
        self._waiting = [table.slice(stop)] if stop < len(table) else []

    def done(self) -> Part:
        """Close the file and return the part."""
        if self._waiting:
            self._flush(whole_groups=False)
        self._file.close()
        found = pq.read_metadata(self.path)
        groups = tuple(found.row_group(number).num_rows for number in range(found.num_row_groups))
        size = self.path.stat().st_size
        return Part(self.place, self.path.name, self.rows, groups, size, file_digest(self.path))


def _plainly_coded(table: pa.Table) -> pa.Table:
    """Return the table with codes numbered in the order in which they come, so that equal rows give equal bytes."""
    for place, column in enumerate(table.schema):
        if column.type == CODE:
            coded = as_strings(table[place]).combine_chunks().dictionary_encode()
            table = table.set_column(place, column, coded)
    return table


def write_in_order(
    folder: Path, batches: Iterable[pa.Table], schema: pa.Schema
) -> Iterator[tuple[Part, npt.NDArray[np.uint64]]]:
    """Write rows that come sorted; give each part with 64 bits of each of its codes."""
    writer: PartWriter | None = None
    for table in batches:
        for place, rows in by_place(table):
            if writer is None or writer.place != place:
                if writer is not None:
                    yield writer.done(), np.concatenate(writer.hashes)
                    if place_order(place) < place_order(writer.place):
                        raise SnapshotProblem(OUT_OF_ORDER)
                writer = PartWriter(folder, place, schema)
            writer.add(rows)
    if writer is not None:
        yield writer.done(), np.concatenate(writer.hashes)


def by_place(table: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    """Give the runs of rows of one place, in the table's order."""
    if not len(table):
        return
    places = as_strings(table["place"]).combine_chunks()
    runs = pc.run_end_encode(places)
    start = 0
    for place, stop in zip(runs.values.to_pylist(), runs.run_ends.to_pylist()):
        if place is not None and not _CODE.fullmatch(place):
            raise SnapshotProblem(f"注册地“{place[:40]}”不是行政区划代码")
        yield place, table.slice(start, stop - start)
        start = stop


class Spill:
    """Rows in any order, kept on disk by place until all have come."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = folder, schema
        plain = [f.with_type(pa.string()) if f.type == CODE else f for f in schema]
        self._plain = pa.schema(plain)
        self._files: dict[str | None, pa.ipc.RecordBatchFileWriter] = {}
        self._waiting: list[pa.Table] = []
        self._bytes = 0
        folder.mkdir(parents=True)

    def add(self, table: pa.Table) -> None:
        """Take rows; written out when enough wait."""
        self._waiting.append(table.cast(self._plain))
        self._bytes += self._waiting[-1].nbytes
        if self._bytes >= PIECE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits to the file of its place."""
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        order = pc.sort_indices(table, sort_keys=[("place", "ascending", "at_end")])
        self._waiting, self._bytes = [], 0
        for place, rows in by_place(table.take(order)):
            if place not in self._files:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                self._files[place] = pa.ipc.new_file(self._path(place), self._plain, options=options)
            self._files[place].write_table(rows.combine_chunks())

    def _path(self, place: str | None) -> str:
        return str(self.folder / f"{place or NOWHERE}.arrow")

    def sorted(self) -> Iterator[pa.Table]:
        """Give all rows sorted, place by place, and forget them."""
        self.flush()
        for writer in self._files.values():
            writer.close()
        for place in sorted(self._files, key=place_order):
            yield from self._of(place)
            Path(self._path(place)).unlink()

    def _of(self, place: str | None) -> Iterator[pa.Table]:
        with pa.memory_map(self._path(place)) as file:
            keys = [self._plain.get_field_index(name) for name in ("industry", "uscc")]
            only = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=keys)).read_all()
            order = sort_order(only).to_numpy()
            whole = pa.ipc.open_file(file)
            piece = max(ROW_GROUP, PIECE_BYTES // (8 * len(self._plain)))
            for start in range(0, len(order), piece):
                yield _gather(whole, order[start : start + piece]).cast(self.schema)


def _gather(file: pa.ipc.RecordBatchFileReader, wanted: npt.NDArray[np.uint64]) -> pa.Table:
    """Return the rows of those numbers in that order, reading the file once from its beginning to its end."""
    turn = np.argsort(wanted)
    rising = wanted[turn]
    found, first = [], 0
    for number in range(file.num_record_batches):
        batch = file.get_batch(number)
        low, high = np.searchsorted(rising, [first, first + len(batch)])
        if low < high:
            found.append(pa.Table.from_batches([batch.take(pa.array(rising[low:high] - first))]))
        first += len(batch)
    back = np.empty_like(turn)
    back[turn] = np.arange(len(turn))
    return pa.concat_tables(found).combine_chunks().take(pa.array(back))
