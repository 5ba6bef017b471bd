"""A plan as plain text, in three table styles."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from .model import Block, PageBreak, Paragraph, Plan, Row, Table


def width(text: str) -> int:
    """Columns a text takes on a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def joined(row: Row) -> str:
    """A row whose cell borders are lost: what is written, with blanks between."""
    return " ".join(cell.replace("\n", " ") for cell in row.cells if cell)


def txt_tab(plan: Plan, random: Random) -> bytes:
    """Cells apart by tabs, a cell of several lines in double quotes, as text saved from a spreadsheet."""
    blank = random.random() < 0.7
    return _lines(plan, blank, lambda table: [_tab_row(row) for row in table.rows])


def _tab_row(row: Row) -> str:
    if row.kind == "blank":
        return ""
    if row.kind == "noise":
        return row.cells[0]
    if row.joined:
        return joined(row)
    return "\t".join('"' + cell.replace('"', '""') + '"' if "\n" in cell else cell for cell in row.cells)


def txt_pipe(plan: Plan, random: Random) -> bytes:
    """Cells apart by upright strokes, as in Markdown."""
    ruled = random.random() < 0.5
    outer = random.random() < 0.7

    def rows(table: Table) -> list[str]:
        lines = []
        for row in table.rows:
            if row.kind == "blank":
                lines.append("")
            elif row.kind == "noise":
                lines.append(row.cells[0])
            elif row.joined:
                lines.append(joined(row))
            else:
                line = " | ".join(cell.replace("\n", " ") for cell in row.cells)
                lines.append(f"| {line} |" if outer else line)
                if row.kind == "heading" and ruled and outer:
                    lines.append("|" + "---|" * len(row.cells))
        return lines

    return _lines(plan, True, rows)


def txt_aligned(plan: Plan, random: Random) -> bytes:
    """Cells under one another, apart by two blanks or more, as text copied from a page."""

    def rows(table: Table) -> list[str]:
        count = max(len(row.cells) for row in table.rows)
        flat = [
            [cell.replace("\n", " ") for cell in row.cells] + [""] * (count - len(row.cells))
            for row in table.rows
        ]
        widths = [
            max(
                (
                    width(cells[i])
                    for row, cells in zip(table.rows, flat, strict=True)
                    if row.kind in ("heading", "data") and not row.joined
                ),
                default=0,
            )
            for i in range(count)
        ]
        lines = []
        for row, cells in zip(table.rows, flat, strict=True):
            if row.kind in ("noise", "band", "blank"):
                lines.append(row.cells[0] if row.kind != "blank" else "")
            elif row.joined:
                lines.append(joined(row))
            else:
                lines.append(
                    "  ".join(
                        cell + " " * (w - width(cell)) for cell, w in zip(cells, widths, strict=True)
                    ).rstrip()
                )
        return lines

    return _lines(plan, True, rows)


def _lines(plan: Plan, blank: bool, rows: Callable[[Table], list[str]]) -> bytes:
    """Paragraphs a line each (with empty lines between, if `blank`), tables by `rows`."""
    lines: list[str] = []
    previous: Block | None = None
    for block in plan.blocks:
        if isinstance(block, PageBreak):
            lines.append("")
        elif isinstance(block, Table):
            if not isinstance(previous, Table) or blank:
                lines.append("")
            lines += rows(block)
        elif isinstance(block, Paragraph):
            if blank or isinstance(previous, Table):
                lines.append("")
            lines.append(block.text)
        previous = block
    return ("\n".join(lines) + "\n").encode()
