"""A plan as an Excel workbook: one sheet an annex, the plan's own numbering, ready to print on A4 landscape."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from qifu.services.work_plans.export_rows import Cell, Facts, Sheet

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LINE = Side(style="thin", color="B8C2D0")
HEADING_ROW = 3


def excel(facts: Facts, sheets: Sequence[Sheet]) -> bytes:
    """Return the workbook; text that a spreadsheet would take for a formula is kept as text."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _write(book, facts, sheet)
    book.properties.title, book.properties.creator = facts.title, "企服"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(book: Workbook, facts: Facts, sheet: Sheet) -> None:
    page = book.create_sheet(sheet.title)
    last = get_column_letter(len(sheet.headings))
    page["A1"] = _safe(f"{facts.title}：{sheet.title}")
    page["A1"].font = Font(bold=True, size=14)
    page.merge_cells(f"A1:{last}1")
    page["A2"] = _safe(
        " · ".join(part for part in (facts.document_number, facts.footer, facts.chosen) if part)
    )
    page["A2"].font = Font(color="4B5563", size=9)
    page.merge_cells(f"A2:{last}2")
    for column, (title, width) in enumerate(sheet.headings, start=1):
        cell = page.cell(HEADING_ROW, column, title)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="E8EFFD")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = Border(top=_LINE, bottom=_LINE, left=_LINE, right=_LINE)
        page.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate(sheet.rows, start=HEADING_ROW + 1):
        for column, value in enumerate(row, start=1):
            _cell(page.cell(number, column), value)
    page.freeze_panes = f"C{HEADING_ROW + 1}"
    page.auto_filter.ref = f"A{HEADING_ROW}:{last}{HEADING_ROW + max(len(sheet.rows), 1)}"
    page.print_title_rows = f"{HEADING_ROW}:{HEADING_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.oddFooter.left.text = facts.footer
    page.oddFooter.right.text = "第 &P 页，共 &N 页"
    if facts.internal:
        page.oddHeader.right.text = "内部"


def _cell(cell: object, value: Cell) -> None:
    shown: object = value
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        shown = int(value) if whole else value
        cell.number_format = "#,##0" if whole else "#,##0.######"  # type: ignore[attr-defined]
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"  # type: ignore[attr-defined]
    elif isinstance(value, str):
        shown = _safe(value)
    cell.value = shown  # type: ignore[attr-defined]
    if isinstance(value, str):
        cell.data_type = "s"  # type: ignore[attr-defined]
    cell.alignment = Alignment(vertical="top", wrap_text=True)  # type: ignore[attr-defined]
    cell.border = Border(top=_LINE, bottom=_LINE, left=_LINE, right=_LINE)  # type: ignore[attr-defined]


def _safe(text: str) -> str:
    """Return text that no spreadsheet program runs as a formula (a leading apostrophe, as people type it themselves)."""
    plain = _CONTROL.sub("", text)[:32_000]
    return f"'{plain}" if plain.startswith(_DANGEROUS) else plain
