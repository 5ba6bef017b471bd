"""One shape for every file: an ordered list of paragraphs and table rows, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Cell:
    """One cell of a table row; `merged` marks the lower part of a cell merged over rows."""

    text: str
    line: int
    cell: int  # 1-based, as in the file
    page: int | None = None
    merged: bool = False
    span: int = 1  # columns covered


@dataclass(slots=True)
class Paragraph:
    """Text outside tables."""

    text: str
    line: int
    page: int | None = None


@dataclass(slots=True)
class Row:
    """One table row. `table` tells tables of the file apart; 0 when the format has only lines."""

    cells: list[Cell]
    line: int
    page: int | None = None
    table: int = 0
    ruled: bool = False  # True when the file itself says where cells begin (docx, html, ruled PDF)
    cut: bool = False  # True when the row was a line of text, cut into cells at its blanks

    @property
    def texts(self) -> list[str]:
        return [cell.text for cell in self.cells]


Block = Paragraph | Row


@dataclass(slots=True)
class SourceDocument:
    """The original in reading order, for reading and for showing on a review screen."""

    format: str  # txt | docx | html | pdf
    blocks: list[Block] = field(default_factory=list)
    # (code, line, text) found while loading

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    def to_json(self) -> list[dict[str, Any]]:
        """Blocks as plain data: `{kind, line, page, text | cells: [{text, line, cell, page}]}`."""
        shown: list[dict[str, Any]] = []
        for block in self.blocks:
            place = {"line": block.line, "page": block.page}
            if isinstance(block, Row):
                cells = [
                    {"text": c.text, "line": c.line, "cell": c.cell, "page": c.page} for c in block.cells
                ]
                shown.append({"kind": "row", **place, "cells": cells})
            else:
                shown.append({"kind": "paragraph", **place, "text": block.text})
        return shown


class UnreadableDocument(Exception):
    """The file cannot be read as a plan; says why and what to do, in Chinese."""

    def __init__(self, message_zh: str, remedy_zh: str) -> None:
        super().__init__(message_zh, remedy_zh)
        self.message_zh = message_zh
        self.remedy_zh = remedy_zh

    def __str__(self) -> str:
        return f"{self.message_zh}{self.remedy_zh}".replace("\n", " ")
