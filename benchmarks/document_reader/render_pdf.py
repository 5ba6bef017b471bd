"""A plan as a text PDF with a Chinese font that is not embedded: ruled tables and tables without rules."""

from __future__ import annotations

import io
import itertools
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, SimpleDocTemplate, Spacer
from reportlab.platypus import PageBreak as NewPage
from reportlab.platypus import Paragraph as Text

from .model import PageBreak, Paragraph, Plan, Row, Table
from .render_office import across, spans
from .render_text import width

FONT = "STSong-Light"
MARGIN = 50


def as_pdf_ruled(plan: Plan, random: Random) -> bytes:
    """Tables with rules around every cell, headings repeated on each page, page numbers at the foot."""
    return _pdf(plan, random, ruled=True)


def as_pdf_plain(plan: Plan, random: Random) -> bytes:
    """Tables without a single rule: only the columns show the cells."""
    return _pdf(plan, random, ruled=False)


def _pdf(plan: Plan, random: Random, ruled: bool) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    page = landscape(A4) if any(len(t.columns) > 5 for t in plan.tables()) else A4
    styles = {
        name: ParagraphStyle(name, fontName=FONT, fontSize=size, leading=size * 1.5, alignment=align, wordWrap="CJK", firstLineIndent=indent)
        for name, size, align, indent in (("title", 16, TA_CENTER, 0), ("mark", 11, TA_CENTER, 0), ("heading", 12, 0, 24), ("item", 11, 0, 22),
                                          ("body", 11, 0, 22), ("sign", 11, TA_RIGHT, 0), ("cell", 9, 0, 0))
    }  # fmt: skip
    repeat = random.random() < 0.7
    story: list[Any] = []
    for block in plan.blocks:
        if isinstance(block, PageBreak):
            story.append(NewPage())
        elif isinstance(block, Paragraph):
            story.append(Text(escape(block.text), styles[block.style]))
        else:
            story += [
                Spacer(1, 6),
                _table(block, styles["cell"], page[0] - 2 * MARGIN, ruled, repeat),
                Spacer(1, 6),
            ]
    stream = io.BytesIO()
    SimpleDocTemplate(stream, pagesize=page, leftMargin=MARGIN, rightMargin=MARGIN, invariant=1).build(
        story, onFirstPage=_foot, onLaterPages=_foot
    )
    return stream.getvalue()


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 9)
    canvas.drawCentredString(document.pagesize[0] / 2, 25, f"— {document.page} —")


def _table(table: Table, style: ParagraphStyle, room: float, ruled: bool, repeat: bool) -> LongTable:
    count = max(len(row.cells) for row in table.rows)
    widths = _widths(table, count, room)
    data: list[Any] = []
    commands: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    if ruled:
        commands.append(("BOX", (0, 0), (-1, -1), 0.5, colors.black))
    for index, row in enumerate(table.rows):
        whole = across(row)
        cells = (
            [whole] + [""] * (count - 1) if whole is not None else row.cells + [""] * (count - len(row.cells))
        )
        data.append([Text(escape(cell).replace("\n", "<br/>"), style) if cell else "" for cell in cells])
        if whole is not None:
            commands.append(("SPAN", (0, index), (-1, index)))
        if ruled:
            commands += _rules(table, row, index, count, whole is not None)
    if ruled:
        headings = [
            (top, column, size)
            for (top, column), size in spans(table).items()
            if table.rows[top].kind == "heading"
        ]
        commands += [("SPAN", (c, r), (c + size[1] - 1, r + size[0] - 1)) for r, c, size in headings]
    repeated = len(list(itertools.takewhile(lambda row: row.kind == "heading", table.rows)))
    made = LongTable(data, colWidths=widths, repeatRows=repeated if repeat else 0)
    made.setStyle(commands)
    return made


def _rules(table: Table, row: Row, index: int, count: int, whole: bool) -> list[Any]:
    """Rules of one row; a cell merged with the one above has none between."""
    lines: list[Any] = []
    for column in range(count):
        role = table.columns[column] if column < len(table.columns) else ""
        covered = (
            role in table.merged
            and row.kind == "data"
            and not row.loose
            and not row.joined
            and not row.cells[column]
        )
        if index and not covered:
            lines.append(("LINEABOVE", (column, index), (column, index), 0.5, colors.black))
        if column and not whole:
            lines.append(("LINEBEFORE", (column, index), (column, index), 0.5, colors.black))
    return lines


def _widths(table: Table, count: int, room: float) -> list[float]:
    """Room shared by what the columns hold: enough for the headings, more for long texts."""
    rows = [row for row in table.rows if row.kind in ("heading", "data") and not row.joined]
    longest = [
        max((width(row.cells[i]) for row in rows if i < len(row.cells)), default=2) for i in range(count)
    ]
    wanted = [min(max(size, 6), 12) * 4.5 + 12 + (max(0, size - 12) ** 0.5) * 18 for size in longest]
    return [room * part / sum(wanted) for part in wanted]
