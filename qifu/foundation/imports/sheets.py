"""Files that the importer gives: rows that were not taken, ready to be mended and sent again, and empty templates. Pure.

A cell that a spreadsheet program would run as a formula is written as text: with a leading apostrophe in CSV (the
importer takes it off again), as a text cell in a workbook.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from qifu.foundation.imports.kinds import Column
from qifu.foundation.imports.lines import TOLD as TOLD

WORKBOOK_ROWS = 50_000
"""As many rows are written into a workbook; there are more in the CSV file."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST_CELL = 32_767
_HEAD = PatternFill("solid", start_color="E8EFFD")

Row = Sequence[str]


def csv_lines(headings: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a CSV file (UTF-8 with mark, as Excel wants it) piece by piece."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield b"\xef\xbb\xbf"
    writer.writerow([plain(cell) for cell in headings])
    for row in rows:
        writer.writerow([plain(cell) for cell in row])
        if buffer.tell() > 60_000:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def plain(text: str) -> str:
    """Return a cell that no spreadsheet program runs as a formula."""
    text = text.replace("\0", "")
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def workbook(headings: Row, rows: Iterable[Row], *, title: str, widths: Sequence[int] = ()) -> bytes:
    """Return a workbook of text cells with a bold first row that stays in sight."""
    return workbooks([(title, headings, rows)], widths=widths)


def workbooks(parts: Iterable[tuple[str, Row, Iterable[Row]]], *, widths: Sequence[int] = ()) -> bytes:
    """Return a workbook with a sheet for each (title, headings, rows)."""
    book = Workbook(write_only=True)
    for title, headings, rows in parts:
        _sheet(book, title, headings, rows, widths)
    return _saved(book)


def template(title: str, columns: Sequence[Column]) -> bytes:
    """Return an empty list with the kind's headings, all columns as text, and a second sheet that explains them."""
    book = Workbook(write_only=True)
    widths = [max(12, 2 * len(column.title) + 4) for column in columns]
    _sheet(book, title, [column.title for column in columns], (), widths)
    rows = [
        [column.title, "必填" if column.required else "选填", column.example, column.note]
        for column in columns
    ]
    _sheet(book, "填写说明", ["说明：栏目", "是否必填", "示例", "怎样填"], rows, (22, 10, 30, 70))
    return _saved(book)


def _sheet(book: Workbook, title: str, headings: Row, rows: Iterable[Row], widths: Sequence[int]) -> None:
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31])
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, start=1):
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width, dimension.number_format = width, "@"
    head = []
    for text in headings:
        cell = _text_cell(sheet, text)
        cell.font, cell.fill = Font(bold=True), _HEAD
        head.append(cell)
    sheet.append(head)
    for row in rows:
        sheet.append([_text_cell(sheet, text) if text else None for text in row])


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=_CONTROL.sub("", text)[:_LONGEST_CELL])
    cell.data_type = "s"
    cell.number_format = "@"
    if text.startswith(_DANGEROUS):
        cell.quotePrefix = True
    return cell


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
