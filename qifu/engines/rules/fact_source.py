"""Facts as the batch kernel and the rows of the answer ask for them: a column at a time, and windows of rows in turn. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from qifu.engines.rules.fact_columns import PlaceCode
from qifu.engines.rules.fact_table import Reading, in_order
from qifu.registers.enterprises.fact_book import FactBook


class FactSource(Protocol):
    """Kept values of many enterprises in an order that does not change."""

    @property
    def rows(self) -> int:
        """How many enterprises there are."""
        ...

    def column(self, name: str) -> pa.ChunkedArray | None:
        """Return one whole column; None when all are missing."""
        ...

    def window(self, start: int, stop: int) -> pa.Table:
        """Return the rows start..stop; windows are asked from the first row on, none goes back."""
        ...


class TableSource:
    """A table of kept values in memory."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.rows: int = table.num_rows

    def column(self, name: str) -> pa.ChunkedArray | None:
        return self.table[name] if name in self.table.column_names else None

    def window(self, start: int, stop: int) -> pa.Table:
        return self.table.slice(start, stop - start)


def open_facts(
    path: Path,
    facts: FactBook,
    *,
    only: Collection[str] | None = None,
    place_code: PlaceCode | None = None,
) -> FactSource:
    """Return the facts of a CSV or Parquet file (see `read_table`); raises FactTableError.

    A file of kept values is read a column and a window at a time, in its own order (best by place and industry); any
    other is read whole and put in order.
    """
    reading = Reading(Path(path), facts, only, place_code)
    return reading.kept_file() if reading.holds_kept_values() else TableSource(in_order(reading.table())[0])
