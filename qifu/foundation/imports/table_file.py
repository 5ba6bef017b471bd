"""A table file of any kind that people send: CSV, TSV, TXT, XLSX, XLS, Parquet, told apart by content. Pure; no Django."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from qifu.foundation.imports.lines import Line, UnreadableTable
from qifu.foundation.imports.parquet_table import ParquetTable
from qifu.foundation.imports.text_table import TextTable
from qifu.foundation.imports.workbook import Workbook

__all__ = ["Line", "Table", "UnreadableTable", "open_table"]

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_OTHERS = (
    (re.compile(rb"\s*[\[{]\s*(\"|\{|\[|\}|\])"), "这是 JSON 数据，不是表格，请从原系统导出为 Excel 或 CSV，再导入"),
    (re.compile(rb"\{\\rtf"), "这是 RTF 文档，不是表格，请把其中的表格复制到 Excel 或 WPS，另存为 .xlsx，再导入"),
    (re.compile(rb"%PDF-"), "这是 PDF 文件，不是表格，请从原系统导出为 Excel 或 CSV，再导入"),
    (re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b"), "这是压缩包，请解压后逐个导入"),
)  # fmt: skip
"""What is sent instead of a table under any name, and what to do."""
_MARKUP = re.compile(rb"\s*(<\?xml|<!doctype|<html|<table|<meta|<head|<style)", re.IGNORECASE)


class Table(Protocol):
    """Rows of cells: `lines` yields every row of the file from the first, as often as it is asked."""

    @property
    def kind(self) -> str:
        """`csv` for text, `xlsx` for workbooks, `parquet`."""
        ...

    @property
    def encoding(self) -> str:
        """The encoding's name for people."""
        ...

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the sheets that hold anything: the one with the most rows first, hidden ones last; none for text."""
        ...

    @property
    def hidden(self) -> frozenset[str]:
        """Those of `sheets` that people do not see."""
        ...

    @property
    def sheet(self) -> str:
        """The sheet that is read; empty for text."""
        ...

    def choose(self, sheet: str) -> None:
        """Read this sheet from now on."""
        ...

    def lines(self) -> Iterator[Line]:
        """Yield every row from the first; raises UnreadableTable for a sheet of too many columns."""
        ...

    def filled_rows(self) -> int:
        """Return how many rows hold anything."""
        ...


def open_table(file: BinaryIO, *, sheet: str = "") -> Table:
    """Return the table in `file`, which must stay open while it is read; raises UnreadableTable.

    `sheet` names the sheet of a workbook; without it, the one with the most rows is read.
    """
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if head.startswith(_WORKBOOKS):
        return Workbook(file, sheet)
    if head.startswith(b"PAR1"):
        return ParquetTable(file)
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise UnreadableTable("这是网页或 XML 格式的表格，请用 Excel 或 WPS 打开后另存为 .xlsx，再导入")
    for start, message in _OTHERS:
        if start.match(head.removeprefix(b"\xef\xbb\xbf")):
            raise UnreadableTable(message)
    return TextTable(file)
