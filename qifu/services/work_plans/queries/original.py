"""The original document as a screen shows it: paragraphs and tables, with the doubtful line and cell lit up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HEADING_LENGTH = 40


@dataclass(frozen=True)
class ShownCell:
    """One cell; `lit` marks the one in doubt."""

    text: str
    lit: bool = False

    @property
    def short(self) -> bool:
        """Tell whether the cell may be narrow: a number or a word."""
        return len(self.text) <= 3


@dataclass
class ShownRow:
    """One table row; `lit` marks the row in doubt, `doubts` counts the doubts that name its line."""

    line: int
    cells: list[ShownCell]
    lit: bool = False
    doubts: int = 0


@dataclass
class ShownBlock:
    """A paragraph (`text`) or a table (`rows`)."""

    line: int
    page: int | None
    text: str = ""
    rows: list[ShownRow] = field(default_factory=list)
    lit: bool = False
    heading: bool = False
    doubts: int = 0


def original(
    blocks: Sequence[Mapping[str, Any]],
    *,
    line: int | None,
    words: Sequence[str] = (),
    headings: Sequence[str] = (),
    doubts: Mapping[int, int] | None = None,
) -> list[ShownBlock]:
    """Return the blocks for the screen: consecutive rows make one table.

    The cell lit up in `line` is the one that holds the `words`, else the one under a column headed by one of `headings`.
    """
    counts = doubts or {}
    column: int | None = None
    shown: list[ShownBlock] = []
    for block in blocks:
        at = int(block["line"])
        if block["kind"] == "row":
            column = _column(block, headings, column)
            row = _row(block, at == line, words, column, counts.get(at, 0))
            if not shown or not shown[-1].rows:
                shown.append(ShownBlock(at, block.get("page")))
            shown[-1].rows.append(row)
        elif block["text"].strip():
            text = block["text"].strip()
            heading = len(text) <= HEADING_LENGTH and bool(
                re.match(r"[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[)）]|附件", text)
            )
            shown.append(
                ShownBlock(
                    at, block.get("page"), text, lit=at == line, heading=heading, doubts=counts.get(at, 0)
                )
            )
    return shown


def _column(block: Mapping[str, Any], headings: Sequence[str], known: int | None) -> int | None:
    """Return the column that one of `headings` heads, if this row is a heading row; else the one known so far."""
    texts = [_bare(cell["text"]) for cell in block["cells"]]
    if max(map(len, texts), default=0) > 12:
        return known
    return next((i for heading in headings for i, text in enumerate(texts) if heading in text), known)


def _row(
    block: Mapping[str, Any], lit: bool, words: Sequence[str], column: int | None, doubts: int
) -> ShownRow:
    texts = [cell["text"] for cell in block["cells"]]
    chosen = best_cell(texts, words) if lit else None
    if lit and chosen is None and column is not None and column < len(texts):
        chosen = column
    cells = [ShownCell(text, lit=index == chosen) for index, text in enumerate(texts)]
    return ShownRow(int(block["line"]), cells, lit, doubts)


def best_cell(texts: Sequence[str], words: Sequence[str]) -> int | None:
    """Return which cell holds most of the words as the document writes them, or None where none does."""
    wanted = [_bare(word) for word in words if len(_bare(word)) > 0]
    if not wanted:
        return None
    scores = [
        sum(len(word) for word in wanted if word in _bare(text)) / (len(_bare(text)) + 20) for text in texts
    ]
    best = max(range(len(texts)), key=lambda i: scores[i], default=None)
    return best if best is not None and scores[best] > 0 else None


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def words_of_value(value: Any) -> list[str]:
    """Return the texts by which a field's value can be found in the original."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, dict):
        return [str(value[key]) for key in ("raw", "text", "name") if value.get(key)][:1]
    if isinstance(value, list):
        return [word for part in value for word in words_of_value(part)]
    return [str(value)]
