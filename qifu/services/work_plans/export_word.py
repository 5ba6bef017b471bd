"""A plan as a Word document, 工作要点分解表: the plan's own numbering, headings repeated on each page, landscape A4."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from qifu.services.work_plans.export_rows import Cell, Facts, Sheet
from qifu.services.work_plans.fields import grouped

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
BODY_FONT = "仿宋"
HEADING_FONT = "黑体"
WIDTH = Mm(297 - 36)


def word(facts: Facts, sheets: Sequence[Sheet], name: str = "分解表") -> bytes:
    """Return the document, headed by the plan's title and `name`; kinds without items are left out."""
    document = Document()
    _page(document, facts)
    _paragraph(document, f"{facts.title}{name}", size=18, font=HEADING_FONT, centre=True)
    line = " · ".join(
        part for part in (facts.document_number, facts.issuer, facts.footer, facts.chosen) if part
    )
    _paragraph(document, line, size=10, centre=True)
    for sheet in (one for one in sheets if one.rows):
        _paragraph(document, sheet.title, size=14, font=HEADING_FONT)
        _table(document, sheet)
    out = io.BytesIO()
    document.core_properties.title, document.core_properties.author = facts.title, "企服"
    document.save(out)
    return out.getvalue()


def _page(document: Any, facts: Facts) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin = section.bottom_margin = Mm(16)
    _run(section.footer.paragraphs[0], facts.footer, 9, BODY_FONT)
    if facts.internal:
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _run(header, "内部", 12, HEADING_FONT)


def _paragraph(document: Any, text: str, *, size: int, font: str = BODY_FONT, centre: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if font == HEADING_FONT and not centre:
        paragraph.paragraph_format.keep_with_next = True
    _run(paragraph, text, size, font)


def _run(paragraph: Any, text: str, size: int, font: str) -> None:
    run = paragraph.add_run(_CONTROL.sub("", text))
    run.font.size, run.font.name = Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(document: Any, sheet: Sheet) -> None:
    used = [
        i
        for i, _ in enumerate(sheet.headings)
        if i == 0 or any(row[i] not in ("", None) for row in sheet.rows)
    ]
    table = document.add_table(rows=1, cols=len(used))
    table.style = "Table Grid"
    table.autofit = False
    total = sum(sheet.headings[i][1] for i in used)
    widths = [int(WIDTH * sheet.headings[i][1] / total) for i in used]
    for cell, i in zip(table.rows[0].cells, used, strict=True):
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(cell.paragraphs[0], sheet.headings[i][0], 10, HEADING_FONT)
    _mark(table.rows[0], "w:tblHeader")
    for row in sheet.rows:
        line = table.add_row()
        _mark(line, "w:cantSplit")
        for cell, i in zip(line.cells, used, strict=True):
            _run(cell.paragraphs[0], _words(row[i]), 10, BODY_FONT)
    for line in table.rows:
        for cell, width in zip(line.cells, widths, strict=True):
            cell.width = width


def _mark(row: Any, name: str) -> None:
    """Set a property of a table row: repeated as a heading, or never broken across pages."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement(name))


def _words(value: Cell) -> str:
    if isinstance(value, Decimal):
        return grouped(value)
    if isinstance(value, date):
        return value.isoformat()
    return value or ""
