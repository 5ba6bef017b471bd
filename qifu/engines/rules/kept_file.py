"""A Parquet file of kept values, read a column or a window of rows at a time, so that it is never whole in memory. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qifu.engines.rules.fact_problems import readable

_BATCH = 1 << 16


class KeptFile:
    """The columns of `wanted`, those that the file lacks missing everywhere. Raises FactTableError."""

    def __init__(self, path: Path, wanted: pa.Schema) -> None:
        self.path, self.wanted = path, wanted
        with readable(path):
            there = pq.read_schema(path).names
            self._here = [name for name in wanted.names if name in there]
            coded = [name for name in self._here if is_code(wanted.field(name).type)]
            self._file = pq.ParquetFile(path, read_dictionary=coded)
        self.rows: int = self._file.metadata.num_rows
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._held: list[pa.RecordBatch] = []
        self._at = 0

    def column(self, name: str) -> pa.ChunkedArray | None:
        """Return one whole column; None when the file lacks it."""
        if name not in self._here:
            return None
        with readable(self.path):
            return laid_out(self._file.read([name]), pa.schema([self.wanted.field(name)]))[name]

    def whole(self) -> pa.Table:
        """Return all rows."""
        with readable(self.path):
            return laid_out(self._file.read(self._here), self.wanted)

    def window(self, start: int, stop: int) -> pa.Table:
        """Return the rows start..stop; what lies before `start` is let go, and cannot be asked again."""
        if self._batches is None:
            self._batches = self._file.iter_batches(_BATCH, columns=self._here)
        while self._held and self._at + self._held[0].num_rows <= start:
            self._at += self._held.pop(0).num_rows
        held = sum(batch.num_rows for batch in self._held)
        while self._at + held < stop:
            with readable(self.path):
                batch = next(self._batches)
            if not self._held and self._at + batch.num_rows <= start:
                self._at += batch.num_rows
                continue
            self._held.append(batch)
            held += batch.num_rows
        return laid_out(_cut(self._held, start - self._at, stop - self._at), self.wanted)


def _cut(batches: Sequence[pa.RecordBatch], start: int, stop: int) -> pa.Table:
    return pa.Table.from_batches(batches).slice(start, stop - start)


def laid_out(found: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Return the columns of `wanted` with its types; those that are not found are missing."""
    found = found.unify_dictionaries()
    columns = []
    for column in wanted:
        if column.name not in found.column_names:
            columns.append(pa.nulls(found.num_rows, column.type))
        elif is_code(column.type) and not pa.types.is_dictionary(found[column.name].type):
            columns.append(found[column.name].dictionary_encode())
        else:
            columns.append(found[column.name].cast(column.type))
    return pa.table(columns, schema=wanted)


def is_code(kind: pa.DataType) -> bool:
    """True for the type of places and industries."""
    return bool(pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))
