"""Excel workbooks (.xlsx and .xls) as rows of text. Pure; no Django.

Dates and numbers come as exact text: 2024-03-31; 1200.5 as people typed it. A number of more than fifteen digits has
lost its last digits in Excel; it comes in scientific notation, as Excel shows it, so that it is refused further on.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import python_calamine as calamine

from qifu.foundation.files.checks import FileRefused, check_zip
from qifu.foundation.imports.lines import Line, UnreadableTable

MOST_CELLS = 40_000_000
MOST_COLUMNS = 2_000
# How cells name their place in a sheet's XML: r="AB12". The first two are cheap because they rarely match.
_WIDE_COLUMN = re.compile(rb'r="([A-Z]{2,3})\d')
_HIGH_ROW = re.compile(rb'r="[A-Z]{0,3}(\d{6,})"')
_UNUSUAL = re.compile(rb"r='|r =|r= |r=[\t\r\n]|r[\t\r\n]")
_ANY_PLACE = re.compile(rb"""r\s*=\s*["']([A-Z]{0,3})(\d+)["']""")
_OVERLAP = 64
_INSIDE = ("xl/", "content.xml")
"""What the archive of a workbook holds (.xlsx, .xlsb; .ods)."""
# What the reader of workbooks raises on damage, beside a panic of its Rust code, which is no ordinary Exception.
_FAULTS = (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError, IndexError)


class Workbook:
    """A workbook with one of its sheets chosen: the named one, else the visible one with the most rows."""

    kind = "xlsx"
    delimiter = ""
    encoding = "Excel"

    def __init__(self, file: BinaryIO, sheet: str = "") -> None:
        if file.read(4) == b"PK\x03\x04":
            _refuse_bomb(file)
        file.seek(0)
        try:
            self._book = calamine.CalamineWorkbook.from_filelike(file)
            seen = _worksheets(self._book)
            self._loaded = {name: self._book.get_sheet_by_name(name) for name in seen}
            filled = [name for name, rows in self._loaded.items() if rows.height]
            self.sheets: tuple[str, ...] = tuple(
                sorted(filled, key=lambda name: (not seen[name], -self._loaded[name].height))
            )
            self.hidden = frozenset(name for name in filled if not seen[name])
            if sheet and sheet not in self.sheets:
                raise UnreadableTable(f"工作簿里没有名为“{sheet[:40]}”的工作表，有：{'、'.join(self.sheets)}")
            if not self.sheets:
                raise UnreadableTable("工作簿里没有内容，请检查后重新选择")
        except calamine.PasswordError as error:
            raise UnreadableTable("工作簿设有密码，请去掉密码后再导入") from error
        except UnreadableTable:
            raise
        except BaseException as error:
            if isinstance(error, _FAULTS) or type(error).__name__ == "PanicException":
                raise UnreadableTable("工作簿已损坏或不完整，请用 Excel 或 WPS 打开后另存，再导入") from error
            raise
        self.choose(sheet or self.sheets[0])

    def choose(self, sheet: str) -> None:
        """Read this sheet from now on."""
        self.sheet, self._rows = sheet, self._loaded[sheet]

    def filled_rows(self) -> int:
        """Return how many rows hold anything."""
        return sum(1 for row in self._rows.iter_rows() if any(cell not in ("", None) for cell in row))

    def lines(self) -> Iterator[Line]:
        """Yield every row of the sheet from its first row, blank ones too; cells merged downwards are filled."""
        width = int(self._rows.width)
        if width > MOST_COLUMNS:
            raise UnreadableTable(
                f"工作表“{self.sheet}”有 {width} 列，超过上限 {MOST_COLUMNS} 列，请只保留需要的列"
            )
        left = (self._rows.start or (0, 0))[1]
        fills = _downward_merges(self._rows.merged_cell_ranges, left)
        held: dict[int, tuple[int, str]] = {}
        for index, row in enumerate(self._rows.iter_rows()):
            cells = [cell if type(cell) is str else as_text(cell) for cell in row]
            for column, last in fills.get(index, ()):
                if column < len(cells):
                    held[column] = (last, cells[column])
            for column, (last, text) in list(held.items()):
                if index > last:
                    del held[column]
                elif not cells[column]:
                    cells[column] = text
            yield Line(index + 1, cells)


def as_text(cell: Any) -> str:
    """Return a cell's value as exact text."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    """A workbook holds fifteen significant digits; further ones are noise of the binary form."""
    if abs(value) >= 1e15:
        return f"{value:.14E}"
    if value.is_integer():
        return str(int(value))
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text


def _worksheets(book: calamine.CalamineWorkbook) -> dict[str, bool]:
    """Return the names of the worksheets, and whether people see each."""
    return {
        one.name: one.visible == calamine.SheetVisibleEnum.Visible
        for one in book.sheets_metadata
        if one.typ == calamine.SheetTypeEnum.WorkSheet
    }


def _downward_merges(ranges: Any, left: int) -> dict[int, list[tuple[int, int]]]:
    """Return, by the row where a merge of one column begins, its column (within the used area) and last row."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (top, first), (bottom, last) in ranges or ():
        if first == last and bottom > top and first >= left:
            found.setdefault(top, []).append((first - left, bottom))
    return found


def _refuse_bomb(file: BinaryIO) -> None:
    """Refuse what would unpack to a giant, and a sheet whose few cells span a giant area (A1 and XFD1048576)."""
    try:
        if not any(name.startswith(_INSIDE) for name in check_zip(file)):
            raise UnreadableTable("这是压缩包，不是 Excel 工作簿，请解压后逐个导入")
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                    with archive.open(entry) as part:
                        _refuse_giant_area(part)
    except FileRefused as error:
        raise UnreadableTable(str(error)) from error


def _refuse_giant_area(part: Any) -> None:
    """Bound the area from above by a cheap look; count exactly only where that bound is too high."""
    columns: set[bytes] = {b"Z"}
    rows: set[bytes] = {b"99999"}
    unusual = False
    for piece in _pieces(part):
        columns.update(_WIDE_COLUMN.findall(piece))
        rows.update(_HIGH_ROW.findall(piece))
        unusual = unusual or _UNUSUAL.search(piece) is not None
    if unusual or _area(columns, rows)[2] > MOST_CELLS:
        part.seek(0)
        columns, rows = set(), set()
        for piece in _pieces(part):
            for column, row in _ANY_PLACE.findall(piece):
                columns.add(column)
                rows.add(row)
    height, width, cells = _area(columns, rows)
    if cells > MOST_CELLS:
        raise UnreadableTable(
            f"工作表的使用范围有 {height} 行 {width} 列，大得不正常；请只复制有内容的区域到新工作簿再导入"
        )


def _area(columns: set[bytes], rows: set[bytes]) -> tuple[int, int, int]:
    height, width = max(map(int, rows), default=1), max(map(_column_number, columns), default=1)
    return height, width, height * width


def _pieces(part: Any) -> Iterator[bytes]:
    rest = b""
    while piece := part.read(1 << 20):
        yield rest + piece
        rest = piece[-_OVERLAP:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
