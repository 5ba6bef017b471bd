"""A Parquet file as rows of text, streamed in pieces: the first row is its columns' names. Pure; no Django.

Whole numbers, decimals, days and texts come exactly; a binary fraction as its shortest writing. Tables within tables
and snapshots of kept values are refused: they are no lists that people send.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, BinaryIO

from qifu.foundation.imports.lines import Line, UnreadableTable

MOST_CELLS = 400_000_000
MOST_COLUMNS = 2_000
LARGEST_UNPACKED = 8 << 30
"""Bytes that the file's own directory may promise; a small file that promises more is a bomb."""
PIECE = 5_000
_KEPT = b"qifu.kept_values"
_DAMAGED = "Parquet 文件已损坏或不完整，请重新导出后再导入"


class ParquetTable:
    """A Parquet file; `lines` may be asked again and again, each time from the first row."""

    kind = "parquet"
    encoding = "Parquet"
    delimiter = ""
    sheet = ""
    sheets: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        found = self._open()
        schema, told = found.schema_arrow, found.metadata
        if _KEPT in (schema.metadata or {}):
            raise UnreadableTable("这是系统生成的事实快照，不是要导入的表；请导入原始的表格")
        if len(schema.names) > MOST_COLUMNS or told.num_rows * len(schema.names) > MOST_CELLS:
            raise UnreadableTable("表太大，请拆成几个文件分别导入")
        unpacked = sum(told.row_group(n).total_byte_size for n in range(told.num_row_groups))
        if unpacked > LARGEST_UNPACKED:
            raise UnreadableTable("文件解压后异常巨大，请拆成几个文件分别导入")
        nested = [one.name for one in schema if _is_nested(one.type)]
        if nested:
            raise UnreadableTable(f"“{'、'.join(nested)[:60]}”一栏里还有表格或文件，请导出成每格一个值的表")
        self._names = [str(name) for name in schema.names]
        self.width = len(self._names)

    def _open(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._file.seek(0)
        try:
            return pq.ParquetFile(pa.PythonFile(self._file, mode="r"))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UnreadableTable(_DAMAGED) from error

    def choose(self, sheet: str) -> None:
        """Do nothing: a Parquet file has no sheets."""

    def lines(self) -> Iterator[Line]:
        """Yield the names of the columns, then every row; raises UnreadableTable where the file is damaged."""
        import pyarrow as pa

        yield Line(1, list(self._names))
        number = 1
        try:
            for batch in self._open().iter_batches(PIECE):
                columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield Line(number, list(cells))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UnreadableTable(_DAMAGED) from error

    def filled_rows(self) -> int:
        """Return how many rows hold anything."""
        return sum(1 for line in self.lines() if not line.is_blank)


def _is_nested(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _text(value: object) -> str:
    """Return a cell as people would have written it."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else f"{Decimal(repr(value)):f}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
