"""The table of kept values: one row per enterprise, one column per stored fact, null where missing; pure.

`uscc` is a string; money, count, decimal and percent are int64; day and honour int32; flag and choice int8; place and
industry dictionary<int32, string>. Sorted means by place, industry, uscc, nulls last. A Parquet file of kept values
says so in its schema metadata (`KEPT`); any other file holds values in the units that the facts declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qifu.registers.enterprises.fact_book import Fact, FactBook, Value

KEPT = (b"qifu.kept_values", b"1")
CODE = pa.dictionary(pa.int32(), pa.string())
_TYPES: dict[str, pa.DataType] = {
    "money": pa.int64(), "count": pa.int64(), "decimal": pa.int64(), "percent": pa.int64(), "day": pa.int32(),
    "honour": pa.int32(), "flag": pa.int8(), "choice": pa.int8(), "place": CODE, "industry": CODE,
}  # fmt: skip
_TOP = "\U0010ffff"
"""Sorts after every code, so that a missing code comes last."""


def column_type(fact: Fact) -> pa.DataType:
    """Return the Arrow type of a stored fact's column."""
    return _TYPES[fact.type]


def kept_schema(facts: FactBook) -> pa.Schema:
    """Return the schema of a table of kept values: uscc, then the stored facts in the book's order."""
    columns = [pa.field("uscc", pa.string(), nullable=False)]
    columns += [pa.field(fact.id, column_type(fact)) for fact in facts.stored()]
    return pa.schema(columns, metadata=dict([KEPT]))


def holds_kept_values(schema: pa.Schema) -> bool:
    """Tell whether a file's schema says that it holds kept values."""
    return (schema.metadata or {}).get(KEPT[0]) == KEPT[1]


def table_of(rows: Iterable[tuple[str, Mapping[str, Value]]], facts: FactBook) -> pa.Table:
    """Return the table of rows (uscc, kept value by fact id) in their order; facts not in the book are left out."""
    found = list(rows)
    schema = kept_schema(facts)
    columns = [pa.array([uscc for uscc, _ in found], pa.string())]
    for column in list(schema)[1:]:
        plain = pa.string() if column.type == CODE else column.type
        values = pa.array([known.get(column.name) for _, known in found], plain)
        columns.append(values.dictionary_encode() if column.type == CODE else values)
    return pa.table(columns, schema=schema)


def as_strings(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return a column of codes as plain strings."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def sort_order(table: pa.Table) -> pa.Array:
    """Return the row numbers in the order of place, industry, uscc, nulls last."""
    keys = {
        name: as_strings(table[name]) for name in ("place", "industry", "uscc") if name in table.column_names
    }
    return pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending", "at_end") for name in keys])


def is_sorted(table: pa.Table) -> bool:
    """Tell whether the rows stand in the order of place, industry, uscc, nulls last."""
    later: pa.Array | None = None
    for name in ("uscc", "industry", "place"):  # from the last key to the first
        keys = pc.fill_null(as_strings(table[name]), _TOP).combine_chunks()
        before, after = keys[:-1], keys[1:]
        rising = pc.less(before, after)
        equal_or_less = (
            pc.less_equal(before, after)
            if later is None
            else pc.or_(rising, pc.and_(pc.equal(before, after), later))
        )
        later = equal_or_less
    return bool(pc.all(later).as_py()) if later is not None and len(later) else True


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of kept values: measured, light compression reads fastest, and split bytes suit sums of money."""
    numbers = [column.name for column in schema if column.type == pa.int64()]
    codes = [column.name for column in schema if column.type not in (pa.int64(), pa.string())]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=codes,
        use_byte_stream_split=numbers,
    )
